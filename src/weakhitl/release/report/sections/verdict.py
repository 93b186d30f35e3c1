"""Page one and the gate: released or not, why, and each check against its bar."""

from weakhitl.release.report.figures import forest
from weakhitl.release.report.section import UNRELEASED, Content, Section, estimate_text, is_released
from weakhitl.wording import number_of


def headline(report: Content) -> tuple[str, str]:
    """Give the verdict in a word, and why."""
    checks, status = report["gate"]["checks"], report["gate"]["status"]
    unreleased = report["version"] == UNRELEASED
    if status == "pass":
        word = "Would be released" if unreleased else "Released"
        are = "would be in; nothing is released yet" if unreleased else "are in"
        count = f"{report['counts']['released']:,} of {report['counts']['items']:,} items {are}."
        waived = [check["name"] for check in checks if check["status"] == "waived"]
        if waived:
            passed = len(checks) - len(waived)
            return f"{word} with a waiver", f"{passed} checks passed; waived: {', '.join(waived)}; {count}"
        return word, f"All {len(checks)} checks passed; {count}"
    if not checks:
        return (
            "Would not be released" if unreleased else "Not released",
            "The policy has no checks, so nothing says that the data can be trusted.",
        )
    reasons = [f"{check['name']}: {check['why']}" for check in checks if check["status"] in ("fail", "undecided")]
    if unreleased:
        return "Would be refused" if status == "fail" else "Undecided so far", "; ".join(reasons) + "."
    word = "Refused" if status == "fail" else "Undecided, so not released"
    return word, "; ".join(reasons) + "."


def facts(report: Content) -> list[tuple[str, str]]:
    """Give the key figures of page one: number and what it counts."""
    counts, cost = report["counts"], report["cost"]
    passed = is_released(report)
    share = counts["released"] / max(counts["items"], 1)
    found = [
        (f"{counts['items']:,}", "items"),
        (f"{share:.0%}", f"{'released' if passed else 'would be released'}: {counts['released']:,}"),
        *([(f"{counts['functions']:,}", "labeling functions")] if counts["functions"] else []),
        (f"{counts['annotators']:,}", f"people, {number_of(counts['ratings'], 'rating')}"),
        (f"{report['audit']['decided']:,}", f"of {report['audit']['items']:,} audited items decided"),
    ]
    return found if cost["hours"] is None else [*found, (f"{cost['hours']:,.1f} h", "of people's time")]


def gate(report: Content) -> Section:
    """Show each check in full; its figure is on page one."""
    rows = [
        (
            check["name"],
            check["status"],
            estimate_text(check["estimate"]),
            _bar_text(check),
            check["why"] + (f". Next: {check['advice']}" if check["advice"] else ""),
        )
        for check in report["gate"]["checks"]
    ]
    text = (
        (
            "A check passes when the one-sided lower bound of its figure clears the bar, fails when the upper bound is "
            "under it, and is undecided between; a bar that must not be exceeded works the other way round. The figure "
            "on top shows the interval between the two bounds; counts and days are in this table alone."
        ),
    )
    header = ("check", "verdict", "estimate [bounds]", "bar", "why")
    return Section("Checks", text, header, tuple(rows), short=True)


def draw_gate(report: Content) -> str:
    """Draw page one's figure."""
    return forest.gate(report)


def not_drawn(report: Content) -> int:
    """Count the checks that page one's figure leaves to the table."""
    return len(report["gate"]["checks"]) - len(forest.shown_checks(report))


def _bar_text(check: Content) -> str:
    side, bar = ("at least", check["at_least"]) if check["at_least"] is not None else ("at most", check["at_most"])
    return f"{side} {bar:g} at {check['confidence']:.0%}"


def parts(report: Content) -> Section:
    """Show the parts of checks that have several."""
    rows = [
        (check["name"], name, part["status"], estimate_text(part["estimate"]))
        for check in report["gate"]["checks"]
        for name, part in check["parts"].items()
    ]
    text = (
        (
            "Checks that every part must pass. Each part passes at the check's confidence; one fails only if it does "
            "so under Holm's correction for the number of parts."
        ),
    )
    return Section("Gate by part", text, ("check", "part", "verdict", "estimate [bounds]"), tuple(rows), short=True)


def waivers(report: Content) -> Section:
    """Show which checks may miss their bar, until when, and who answers for it."""
    rows = [
        (check["name"], check["status"], waiver["reason"], waiver["owner"], waiver["expires"])
        for check in report["gate"]["checks"]
        if (waiver := check["waiver"]) is not None
    ]
    text = ("Checks that may miss their bar until a day, and who answers for it; after that day they fail.",)
    return Section("Waivers", text, ("check", "verdict", "reason", "owner", "expires"), tuple(rows), short=True)
