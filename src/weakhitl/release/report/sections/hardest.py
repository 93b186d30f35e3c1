"""The items that people disagree on most."""

from weakhitl.release.report.section import Content, Section


def hardest(report: Content) -> Section:
    """Show what everybody said of them."""
    functions = report["counts"]["functions"]
    rows = tuple(
        (
            row["item"],
            row["text"] or "(its text is not in the evidence)",
            _votes(row["people"]),
            *(_by_functions(row) if functions else ()),
            _decision(row),
        )
        for row in report["hardest"]
    )
    if not rows:
        return Section("Where people disagree most", ("People differ on no item that two of them rated.",))
    text = (
        (
            "The items whose ratings that count agree least: what a guideline should speak of next."
            + (" The model's label is the one of the functions alone, with its probability." if functions else "")
        ),
    )
    header = ("item", "text", "people", *(("functions", "model") if functions else ()), "decision")
    return Section("Where people disagree most", text, header, rows, short=True)


def _by_functions(row: Content) -> tuple[str, str]:
    model = "none" if row["model"] is None else f"{row['model']} ({row['probability']:.2f})"
    return _votes(row["functions"]) or "none", model


def _votes(votes: dict[str, str]) -> str:
    """Write who said what, by class.

    >>> _votes({"ana": "HAM", "bo": "SPAM", "cy": "HAM"})
    'HAM: ana, cy; SPAM: bo'

    """
    by_class: dict[str, list[str]] = {}
    for name, label in votes.items():
        by_class.setdefault(label, []).append(name)
    ordered = sorted(by_class.items(), key=lambda pair: -len(pair[1]))
    return "; ".join(f"{label}: {', '.join(names)}" for label, names in ordered)


def _decision(row: Content) -> str:
    if not row["decided"]:
        return "not decided"
    return row["decision"] or "could not tell"
