"""How the labels were made, how sure they are, the classes, and the sources."""

from weakhitl.release.report.figures import bars, flow
from weakhitl.release.report.section import Content, Section, accuracy_text, percent_text, share_text
from weakhitl.wording import number_of

_BY = {
    "functions": "functions",
    "people": "functions and people",
    "adjudicated": "the adjudicator",
    "gold": "gold",
}


def _by(report: Content, origin: str) -> str:
    """Name what a label comes from; people stand alone where there are no functions."""
    return "people" if origin == "people" and not report["counts"]["functions"] else _BY[origin]


def making(report: Content) -> Section:
    """Follow the items from the dataset to what is released and withheld."""
    counts = report["counts"]
    functions = [
        ("labeling functions", counts["functions"]),
        ("votes of functions", counts["function_votes"]),
        ("items with a function's vote", counts["covered_by_functions"]),
    ]
    rows = [
        ("items", counts["items"]),
        *(functions if counts["functions"] else []),
        *((f"items routed: {reason}", count) for reason, count in sorted(counts["routed"].items())),
        ("people who rated", counts["annotators"]),
        *((f"ratings {fate}", count) for fate, count in counts["ratings_by_fate"].items()),
        ("items decided by the adjudicator", report["adjudication"]["decided"]),
        *(
            (f"released, label by {_by(report, origin)}", count)
            for origin, count in counts["released_by_origin"].items()
        ),
        (
            f"withheld, confidence under {report['policy']['min_confidence']:g}",
            counts["withheld_below_confidence"],
        ),
        ("withheld, no label", counts["withheld_without_label"]),
        *([("withheld, its part did not pass", held)] if (held := counts["withheld_by_the_gate"]) else []),
        *([("recalled", recalled)] if (recalled := counts["recalled"]) else []),
    ]
    text = (
        (
            f"{'Functions and people are sources' if counts['functions'] else 'People are the sources'} of one label "
            "model; the adjudicator's decisions stand above it. The audit is a random sample of all items; the table "
            "says for what the other routed items were chosen."
        ),
        *_model_text(report["label_model"]),
    )
    shown = tuple((name, f"{count:,}") for name, count in rows)
    return Section("How the labels were made", text, ("what", "how many"), shown, flow.making)


def _model_text(model: Content) -> tuple[str, ...]:
    """Say what the label model could learn, and what its doctor warns of."""
    lines = [f"The label model is {model['name']!r}; class balance {model['balance_reason']}."]
    if model["gold"] is not None:
        known = number_of(model["gold"], "item has", "items have")
        lines.append(f"{known} a gold label, which stands as it is.")
    if model.get("pilot"):
        said = number_of(model["pilot"], "item of a pilot", "items of a pilot")
        lines.append(f"What people settled on for {said} taught the label model, too.")
    if model["gold"] is not None or model.get("pilot"):
        lines.append(f"The lesson: {model['lesson']}.")
    warnings = [finding for finding in model["findings"] if finding["level"] == "warning"]
    lines += [f"The doctor warns: {finding['message']}." for finding in warnings]
    return tuple(lines)


def confidence(report: Content) -> Section:
    """Show how sure the labels are."""
    edges, items = report["confidence"]["edges"], report["confidence"]["items"]
    rows = tuple(
        (f"{edges[i]:.1f} to {edges[i + 1]:.1f}", *(f"{counts[i]:,}" for counts in items.values()))
        for i in range(len(edges) - 1)
        if any(counts[i] for counts in items.values())
    )
    text = (
        (
            f"Probability of the likeliest class; labels under {report['policy']['min_confidence']:g} are withheld. "
            "A decision of the adjudicator counts as 1."
        ),
    )
    return Section("Confidence", text, ("confidence", *items), rows, bars.confidence)


def classes(report: Content) -> Section:
    """Show the released classes by origin, beside what the audit says of the whole dataset."""
    origins = list(report["classes"][0]["by_origin"])
    rows = tuple(
        (
            row["class"],
            f"{row['released']:,}",
            f"{row['share']:.1%}",
            *(f"{row['by_origin'][name]:,}" for name in origins),
            percent_text(row["in_dataset"]),
        )
        for row in report["classes"]
    )
    first = report["classes"][0]["in_dataset"]
    text = (
        (
            "Bars: released items of each class, by where the label comes from; these are counted, so they have no "
            "interval. Withholding shifts them: a class whose labels are less sure is rarer here than in the dataset."
        ),
        (
            "Points: the share of each class in the whole dataset, released or not, estimated from "
            f"{first['n_pairable']:,} decided items of the random audit, weighted by the items that each stands for, "
            "with exact 95 % intervals."
            if first["value"] is not None
            else f"The share of each class in the whole dataset is undefined: {first['reason']}."
        ),
    )
    header = (
        "class",
        "released",
        "share",
        *(f"by {_by(report, name)}" for name in origins),
        "share of the dataset [95 %]",
    )
    return Section("Class balance", text, header, rows, bars.classes)


def _voted(classes: list[str], of: int) -> str:
    """Name the classes that a function votes.

    >>> _voted(["a", "b"], 3), _voted(list("abcde"), 5)
    ('a, b', 'all 5')

    """
    return f"all {of}" if len(classes) == of > 4 else ", ".join(classes) or "none"


def functions(report: Content) -> Section:
    """Show what each function votes, and how often it is right."""
    rows = tuple(
        (
            row["name"],
            _voted(row["classes"], len(report["classes"])),
            share_text(row["coverage"]),
            share_text(row["overlaps"]),
            share_text(row["conflicts"]),
            accuracy_text(row["accuracy"]),
            f"{row['agrees_with_adjudicator']} of {row['agrees_with_adjudicator'] + row['differs_from_adjudicator']}",
        )
        for row in report["functions"]
    )
    text = (
        (
            "Share of all items on which a function votes, on which another votes too, and on which another votes "
            "another class. Accuracy is the share of its votes on decided items of the random audit that the "
            "adjudicator confirmed, with an exact 95 % interval; without such items it is undefined, and on few it is "
            "wide. The last column counts all its votes that were decided on: routed items are harder than the average."
        ),
    )
    header = (
        "function", "classes", "coverage", "overlaps", "conflicts", "accuracy on the audit [95 %]", "adjudicator agrees"
    )  # fmt: skip
    return Section("Labeling functions", text, header, rows, bars.functions)
