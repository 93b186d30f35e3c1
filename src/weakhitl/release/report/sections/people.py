"""The people: their ratings, agreement and accuracy, the pilot, and what all this took."""

from weakhitl.release.kpis import KPIS, kpi_text
from weakhitl.release.report.section import Content, Section, accuracy_text

_ROLES = {"annotator": "ratings", "adjudicator": "decisions", "test": "answers to gold and repeats"}


def annotators(report: Content) -> Section:
    """Show each person's figures, under the names that the evidence has."""
    rows = tuple(
        (
            row["annotator"],
            f"{row['counted']:,}",
            accuracy_text(row["agreement"]),
            accuracy_text(row["accuracy"]),
            seconds_text(row["seconds"]),
        )
        for row in _sorted(report)
    )
    excluded = [
        f"{row['annotator']} does not count: {row['excluded']}." for row in report["annotators"] if "excluded" in row
    ]
    text = (
        (
            "Names are those of the evidence; where people go under pseudonyms there, they do here. All figures are on "
            "the ratings that count. Agreement: how often the others on the item confirm a rating, of those that they "
            "confirm or refute; on a scale, 1 minus how far apart they are, as a part of it. Accuracy: how often it "
            "says what was decided, on the audit. Exact 95 % intervals, each for one person; among many people, some "
            "lie apart by chance."
        ),
        *excluded,
    )
    header = (
        "annotator",
        "ratings that count",
        "agrees with others [95 %]",
        "accuracy on the audit [95 %]",
        "median seconds",
    )
    return Section("Annotators", text, header, rows)


def pilot(report: Content) -> Section:
    """Show who qualified."""
    if not any("qualified" in row for row in report["annotators"]):
        if not report["annotators"]:
            return Section("Pilot")
        return Section("Pilot", ("There was no pilot: everybody's ratings count, but for whom the rule excludes.",))
    rows = tuple(
        (
            row["annotator"],
            str(row["pilot_ratings"]),
            "none" if row["pilot_agreement"] is None else f"{row['pilot_agreement']:.0%}",
            "yes" if row["qualified"] else "no",
        )
        for row in _sorted(report)
    )
    qualified = sum(row["qualified"] for row in report["annotators"])
    text = (
        "People qualify by their agreement with the others on the pilot, and only on the pilot.",
        f"{qualified:,} of {len(rows):,} did.",
    )
    return Section("Pilot", text, ("annotator", "pilot ratings", "pilot agreement", "qualified"), rows)


def _sorted(report: Content) -> list[Content]:
    return sorted(report["annotators"], key=lambda row: (-row["counted"], row["annotator"]))


def seconds_text(estimate: Content) -> str:
    """Write a median of seconds with its interval, or why there is none."""
    if estimate["value"] is None:
        return f"undefined: {estimate['reason']}"
    if estimate["low"] is None:
        return f"{estimate['value']:.1f} s (no interval: {estimate['reason']})"
    return f"{estimate['value']:.1f} s [{estimate['low']:.1f}, {estimate['high']:.1f}]"


def cost(report: Content) -> Section:
    """Show what people's time came to."""
    found = report["cost"]
    rows = tuple(
        (_ROLES[name], f"{role['ratings']:,}", f"{role['timed']:,}", seconds_text(role["seconds"]), _hours(role))
        for name, role in found["roles"].items()
        if role["ratings"]
    )
    if not rows:
        return Section("Time and money", ("Nobody has rated anything.",))
    header = ("what", "how many", "with a time", "median seconds [95 %]", "hours")
    return Section("Time and money", tuple(_spent(found)), header, rows, short=True)


def key_figures(report: Content) -> Section:
    """Show how much people do, what it changes, and what it costs."""
    rows = tuple(
        (kpi.title, kpi_text(report["kpis"][kpi.name], kpi.unit), kpi.meaning.replace("`", "")) for kpi in KPIS
    )
    spent = sum(report["cost"]["judges"].values())
    text = (f"Judges took {spent:,.4f} of it.",) if report["cost"]["judges"] else ()
    return Section("Key figures", text, ("figure", "value [95 %]", "what it is"), rows, short=True)


def _hours(role: Content) -> str:
    return f"{role['hours']:,.2f}" if role["timed"] else "unknown"


def _spent(found: Content) -> list[str]:
    if found["hours"] is None:
        return ["The ratings carry no times (they were imported without), so time and money are unknown."]
    lines = [f"People spent {found['hours']:,.2f} hours of active time on what carries a time"]
    if found["hours_per_released"] is not None:
        lines[0] += f": {3600 * found['hours_per_released']:,.1f} seconds per released item"
    lines[0] += "."
    if not found["complete"]:
        missing = found["ratings"] - found["timed"]
        lines.append(f"{missing:,} of {found['ratings']:,} answers carry no time: the sum is a lower bound.")
    if found["cost"] is None:
        lines.append("What an hour costs is not configured ([annotation] cost_per_hour), so no money is given.")
    else:
        each = "" if found["cost_per_released"] is None else f", {found['cost_per_released']:,.4f} per released item"
        unit = f" {found['currency']}" if found["currency"] else ""
        lines.append(f"At {found['cost_per_hour']:g}{unit} an hour that is {found['cost']:,.2f}{unit}{each}.")
    return lines
