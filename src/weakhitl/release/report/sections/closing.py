"""What the figures do not cover, what was recalled, what is undefined; how to cite and to verify."""

from collections.abc import Iterator

from weakhitl.gate import ITEM, of_kind, recall_rows
from weakhitl.release.report.section import Content, Section, estimate_text, is_released
from weakhitl.wording import number_of


def limits(report: Content) -> Section:
    """Say what the figures do not cover."""
    return Section("Limits", points=tuple(_limits(report)))


def _limits(report: Content) -> list[str]:
    agreement, adjudication = report["agreement"], report["adjudication"]
    lines = ["Figures speak of this dataset and of these annotators, who are held fixed; new people may agree less."]
    if agreement["left_out_pilot_items"]:
        lines.append(
            f"Agreement is measured outside the {agreement['left_out_pilot_items']:,} pilot items: people were chosen "
            "by their agreement there, and the same items would flatter them."
        )
    lines.append(
        "Accuracy is agreement with the adjudicator, so it is wrong wherever the adjudicator is."
        + (
            ""
            if adjudication["independent"]
            else " Here the adjudicator was not independent of the ratings: take it as an upper estimate."
        )
    )
    if seen := report["audit"]["decided_before_change"]:
        lines.append(
            f"Functions changed their votes on the audit after {number_of(seen, 'item')} of it had been decided. Where "
            "whoever changed them had seen that, accuracy is flattered; an audit that nobody has seen would tell."
        )
    if former := report["policy"].get("former"):
        told = "; ".join(f"what was said as {old!r} is read as {now!r}" for old, now in former.items())
        lines.append(
            f"Classes have other names now, or are one with another: {told}. Where two are one because people confused "
            "them, agreement and accuracy are flattered by that choice."
        )
    return [*lines, *_decided(adjudication), *_labels(report)]


def _decided(adjudication: Content) -> Iterator[str]:
    if adjudication["decided"]:
        twice, agreed = adjudication["decided_twice"], estimate_text(adjudication["agreement"])
        yield (
            f"Two adjudicators decided {number_of(twice, 'item')} and agree on {agreed}: "
            "so far their own error is known."
            if twice
            else "No item was decided by two adjudicators, so the error of the decisions themselves was not measured."
        )
    if adjudication["could_not_tell"]:
        count = adjudication["could_not_tell"]
        yield f"The adjudicator could not tell on {number_of(count, 'item')}; in the audit that counts as an error."
    if adjudication["waiting"]:
        yield (
            f"{number_of(adjudication['waiting'], 'item still waits', 'items still wait')} for the adjudicator; "
            "in the audit that counts as an error."
        )


def _labels(report: Content) -> Iterator[str]:
    counts = report["counts"]
    held = {
        f"the confidence is under {report['policy']['min_confidence']:g}": counts["withheld_below_confidence"],
        "nothing is known, or two classes tie": counts["withheld_without_label"],
        "its part of the data did not pass a check": counts["withheld_by_the_gate"],
        "of a recall": counts["recalled"],
    }
    for reason, count in held.items():
        if count:
            yield (
                f"{number_of(count, 'item is', 'items are')} withheld because {reason}: "
                f"the release says nothing about {'it' if count == 1 else 'them'}."
            )
    for check in report["gate"]["checks"]:
        if check["status"] == "waived":
            waiver = check["waiver"]
            yield f"{check['name']} missed its bar and is waived until {waiver['expires']}: {waiver['reason']}."
    if not report["label_model"]["converged"]:
        yield "The label model stopped before it had converged."


def recalled(report: Content) -> Section:
    """Show what was recalled, and why."""
    sources = {name: reason for name, reason in report["recalled"].items() if not of_kind(ITEM, {name: reason})}
    text = []
    if sources:
        text.append("The votes and ratings of recalled sources count nowhere in this report.")
    if len(sources) < len(report["recalled"]):
        text.append("Recalled items are not released. Those that were audited count as wrong in the lower bounds.")
    return Section("Recalled", tuple(text), ("what", "why"), tuple(recall_rows(report["recalled"])), short=True)


def undefined(report: Content) -> Section:
    """List the figures that are undefined or without interval, with the reason."""
    rows = tuple((name, what, reason) for name, what, reason in _undefined(report))
    text = ("What could not be computed is neither 0 nor 1, but this. Those of single sources stand in their tables.",)
    return Section("Undefined figures", text, ("figure", "what", "why"), rows)


def _undefined(report: Content) -> Iterator[tuple[str, str, str]]:
    named = {f"check: {check['name']}": check["estimate"] for check in report["gate"]["checks"]}
    named |= {f"agreement: {name}": one for name, one in report["agreement"]["dataset"].items()}
    named |= {f"agreement on {name} items": one for name, one in report["agreement"]["parts"].items()}
    named |= {f"agreement of {name}": one for name, one in report["agreement"]["groups"].items()}
    named |= {f"agreement on class {name}": one for name, one in report["agreement"]["by_class"].items()}
    named |= {f"share of {row['class']} in the dataset": row["in_dataset"] for row in report["classes"]}
    for column, one in report["groups"].items():
        named |= {f"{column}: gap of {name}": gap for name, gap in one["gaps"].items()}
        named |= {f"{column} = {row['group']}: accuracy": row["accuracy"] for row in one["groups"]}
    for name, estimate in named.items():
        if estimate["value"] is None:
            yield name, "undefined", str(estimate["reason"])
        elif estimate["low"] is None:
            yield name, "no interval", str(estimate["reason"])


def cross_checked(report: Content) -> Section:
    """Show our coefficients beside those of other packages."""
    rows = tuple(
        (
            row["figure"],
            f"{row['ours']:.6f}",
            f"{row['theirs']:.6f}",
            row["package"],
            "yes" if row["agree"] else "NO",
        )
        for row in report["cross_check"]
    )
    text = ("The same ratings, unweighted, by independent packages.",)
    header = ("figure", "here", "there", "package", "agree")
    return Section("Cross-check", text, header, rows, short=True)


def cite(report: Content) -> Section:
    """Say how to cite."""
    if not is_released(report):
        return Section("Cite", ("Nothing was released, so there is nothing to cite.",))
    text = (
        f"{report['name']}, version {report['version']} ({report['year']}). Dataset, made with weakhitl. Digest: …",
        (
            "Put the digest in place of the dots: `weakhitl release` printed it, and `weakhitl verify` prints it "
            "again. It covers every file of the release, this report included, so that nobody can change one unseen."
        ),
    )
    return Section("Cite", text)


def verify(report: Content) -> Section:
    """Say how to verify."""
    twin = "All figures of this page are in `report.json` beside it, for programs; `report.md` has the same tables."
    if not is_released(report):
        return Section("Verify", (twin,))
    text = (
        "`weakhitl verify .` in this folder computes every label and every figure again, offline.",
        "`weakhitl verify . --digest DIGEST` says in addition that this is the release that was published.",
        twin,
    )
    return Section("Verify", text)
