"""Drift: what is other than in the last release, as effect sizes; no test of significance."""

from math import log
from typing import Any

from weakhitl.estimate import Estimate

Content = dict[str, Any]


def drift_content(content: Content, previous: dict[str, Any] | None) -> dict[str, Any] | None:
    """Compare this report's content with what is kept of the last release; None before the first."""
    if previous is None:
        return None
    now = {row["class"]: float(row["share"]) for row in content["classes"]}
    before = {str(name): float(share) for name, share in previous.get("classes", {}).items()}
    released = content["counts"]["released"]
    return {
        "version": previous.get("version", ""),
        "digest": previous.get("digest", ""),
        "created": previous.get("created", ""),
        "classes": [
            {"class": name, "before": before.get(name, 0.0), "now": now.get(name, 0.0)}
            for name in [*now, *(name for name in before if name not in now)]
        ],
        "total_variation": _total_variation(before, now, released).to_dict(),
        "stability": _stability(before, now, released).to_dict(),
        "counts": _counts(previous.get("counts", {}), content["counts"]),
        "functions": _functions(previous.get("functions", []), content["functions"]),
        "agreement": _pairs(previous.get("agreement", {}), content["agreement"]["dataset"]),
        "checks": _pairs(
            previous.get("checks", {}), {check["name"]: check["estimate"] for check in content["gate"]["checks"]}
        ),
    }


def _total_variation(before: dict[str, float], now: dict[str, float], n: int) -> Estimate:
    """Half the summed absolute differences of the class shares: 0 for none, 1 for no class in common."""
    if not n or not before:
        return Estimate(None, reason="one of the two releases has no labels", kind="nothing-measured")
    apart = sum(abs(now.get(name, 0.0) - before.get(name, 0.0)) for name in {**now, **before}) / 2
    return Estimate(apart, apart, apart, 0.0, n_units=n, method="total variation distance of the class shares, counted")


def _stability(before: dict[str, float], now: dict[str, float], n: int) -> Estimate:
    """Give the population stability index: the summed (now - before) ln(now / before) over the classes.

    >>> print(_stability({"a": 0.5, "b": 0.5}, {"a": 0.6, "b": 0.4}, 100))
    0.041 [0.041, 0.041]

    """
    if not n or not before:
        return Estimate(None, reason="one of the two releases has no labels", kind="nothing-measured")
    shares = [(before.get(name, 0.0), now.get(name, 0.0)) for name in {**now, **before}]
    used = [pair for pair in shares if any(pair)]
    if not all(a and b for a, b in used):
        return Estimate(None, n_units=n, reason="a class is in only one of the two releases", kind="unrepresented")
    value = sum((b - a) * log(b / a) for a, b in used)
    return Estimate(value, value, value, 0.0, n_units=n, method="population stability index, counted")


def _counts(before: Content, now: Content) -> dict[str, Any]:
    names = ("items", "released", "functions", "ratings", "annotators")
    return {name: {"before": before.get(name), "now": now[name]} for name in names}


def _functions(before: list[Content], now: list[Content]) -> list[dict[str, Any]]:
    """Coverage and conflicts of each function in both; those of one release alone have None in the other."""
    was, is_ = ({row["name"]: row for row in rows} for rows in (before, now))
    return [
        {
            "name": name,
            **{
                key: {"before": _number(was.get(name), key), "now": _number(is_.get(name), key)}
                for key in ("coverage", "conflicts")
            },
        }
        for name in [*is_, *(name for name in was if name not in is_)]
    ]


def _number(row: Content | None, key: str) -> float | None:
    return None if row is None else float(row[key])


def _pairs(before: dict[str, Content], now: dict[str, Content]) -> list[dict[str, Any]]:
    """Estimates by name, of both releases; None where one of them has no such figure."""
    return [
        {"name": name, "before": before.get(name), "now": now.get(name)}
        for name in [*now, *(name for name in before if name not in now)]
    ]
