"""What the audit says: whether confidence means what it says, and which labels are mistaken for which."""

from collections.abc import Iterator
from functools import partial

from weakhitl.release.report.figures import squares
from weakhitl.release.report.section import Content, Section, accuracy_text, estimate_text


def calibration(report: Content) -> Section:
    """Compare confidence with accuracy."""
    audit = report["audit"]
    if not audit["decided"]:
        why = "no items were drawn for an audit" if not audit["items"] else "no audited item has been decided"
        return Section("Calibration", (f"Calibration and confusions are undefined: {why}.",))
    rows = tuple(
        (
            name,
            f"{row['low']:.1f} to {row['high']:.1f}",
            f"{row['items']:,.0f}",
            f"{row['confidence']:.3f}",
            f"{row['accuracy']:.3f} [{row['accuracy_low']:.3f}, {row['accuracy_high']:.3f}]",
        )
        for name, one in audit["calibration"].items()
        for row in one["bins"]
    )
    apart = " With people's ratings, as the audited items had them, and by the functions alone, as most items have it."
    text = (
        (
            f"On {audit['decided']:,} decided items of the random audit: how often the likeliest class, before anybody "
            "decided, is the one that was decided, by the probability that it had. On the diagonal confidence means "
            "what it says." + (apart if len(audit["calibration"]) > 1 else "")
        ),
        *(
            f"By {name}: expected calibration error {estimate_text(one['ece'])} (biased upwards where items are few), "
            f"log-loss {estimate_text(one['log_loss'])}."
            for name, one in audit["calibration"].items()
        ),
        *_left_out(audit),
        (
            "Of the released labels, each audited item with the probability that its label would have had without its "
            f"own audit: expected calibration error {estimate_text(audit['released'])}."
        ),
    )
    header = ("label by", "confidence", "items", "mean confidence", "accuracy [95 %]")
    return Section("Calibration", text, header, rows, squares.calibration)


def _left_out(audit: Content) -> list[str]:
    lines = []
    if audit["could_not_tell"] or audit["waiting"] or audit["recalled"]:
        counted = {
            "that the adjudicator could not tell": audit["could_not_tell"],
            "not yet decided": audit["waiting"],
            "recalled": audit["recalled"],
        }
        left = ", ".join(f"{count:,} {what}" for what, count in counted.items() if count)
        lines.append(
            f"Left out here, of the audited items: {left}; the check of the release's accuracy counts them as errors."
        )
    if audit["batches"] > 1:
        lines.append(f"The audits of {audit['batches']:,} batches are pooled here, unweighted.")
    return lines


def confusion(report: Content, which: str) -> Section:
    """Show which labels were mistaken for which."""
    title = f"Confusions of {which}"
    audit = report["audit"]
    if not audit["decided"] or which not in audit["confusion"]:
        return Section(title)
    found = audit["confusion"][which]
    text = (
        (
            "The label before adjudication, with people's ratings where the item has them, against what was decided; "
            "audited items, counted. In a matrix, rows are labels and columns decisions."
            if which != "functions alone"
            else "The same by the functions alone: so the labels of all items are that no person has rated."
        ),
    )
    classes = [row["class"] for row in report["classes"]]
    if len(classes) > squares.MOST_CLASSES:
        header = ("class", "label confirmed [95 %]", "decided, and labelled so [95 %]", "decided instead, most often")
        return Section(title, text, header, tuple(_listed(classes, found)))
    rows = [
        (name, *(f"{count:,}" for count in found["counts"][at]), accuracy_text(found["precision"][at]))
        for at, name in enumerate(classes)
    ]
    rows.append(("no label", *(f"{count:,}" for count in found["unlabelled"]), ""))
    rows.append(("of the decided, found", *(accuracy_text(one) for one in found["recall"]), ""))
    header = ("label", *classes, "confirmed [95 %]")
    return Section(title, text, header, tuple(rows), partial(squares.confusion, which=which))


def _listed(classes: list[str], found: Content) -> Iterator[tuple[str, ...]]:
    """Give one row a class, where a matrix would be too large to read."""
    for at, name in enumerate(classes):
        others = [(count, to) for to, count in enumerate(found["counts"][at]) if count and to != at]
        instead = [f"{classes[to]} ({count:,})" for count, to in sorted(others, key=lambda one: (-one[0], one[1]))[:3]]
        yield (
            name,
            accuracy_text(found["precision"][at]),
            accuracy_text(found["recall"][at]),
            ", ".join(instead) or "none",
        )
