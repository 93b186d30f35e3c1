"""What a release's ledger says of its data, in sentences for the card and for ``croissant.json``.

Only what was counted or configured: what neither says is left out.
"""

from typing import Any

from weakhitl.config import Config
from weakhitl.release.report.section import estimate_text
from weakhitl.release.report.sections.closing import limits
from weakhitl.wording import number_of

Report = dict[str, Any]

PROVENANCE = {
    "functions": "the label model on the votes of labeling functions alone",
    "people": "the label model on the ratings of people, and on the votes of functions where there are any",
    "adjudicated": "a person's decision, which stands above the label model",
    "gold": "known beforehand",
}
"""What a value of the column ``provenance`` says of a label."""


def provenance_counts(report: Report) -> dict[str, int]:
    """Give released items by where their label comes from, in the words of the column ``provenance``."""
    return dict(report["counts"]["released_by_origin"])


def title(config: Config) -> str:
    """Give the dataset's title."""
    return config.card.pretty_name or config.project.name


def summary(report: Report) -> str:
    """Say in a sentence what the dataset holds."""
    counts, classes = report["counts"], report["classes"]
    return (
        f"{number_of(counts['released'], 'item')}, each labelled as one of {len(classes)} classes, with the label's "
        f"probability and provenance; version {report['version']}, released by weakhitl from {counts['items']:,} items."
    )


def protocol(config: Config, report: Report) -> str:
    """Say how the labels came about."""
    counts, adjudication = report["counts"], report["adjudication"]
    functions = number_of(counts["functions"], "labeling function")
    covered = f"{counts['covered_by_functions']:,} of {number_of(counts['items'], 'item')}"
    voted = f"{functions} voted {number_of(counts['function_votes'], 'time')} and covered {covered}."
    lines = [voted if counts["functions"] else "There are no labeling functions: people label everything."]
    if counts["annotators"]:
        routed = ", ".join(f"{reason}: {count:,}" for reason, count in sorted(counts["routed"].items()))
        lines.append(
            f"{number_of(counts['annotators'], 'person', 'people')} gave {number_of(counts['ratings'], 'rating')} "
            f"(items routed: {routed})."
        )
    lines.append(f"The label model {config.label_model.name!r} turned the votes into class probabilities.")
    if adjudication["decided"]:
        blind = "without" if adjudication["independent"] else "not without"
        lines.append(
            f"{number_of(adjudication['decided'], 'item was', 'items were')} decided by adjudicators, {blind} having "
            "seen ratings or labels; their decisions stand above the model."
        )
    if gold := report["label_model"].get("gold"):
        lines.append(f"{number_of(gold, 'item')} had a known label, which stands as it is.")
    return " ".join(lines)


def ratings_per_item(config: Config, report: Report) -> str:
    """Say how many people's labels an item has."""
    routing, counts = config.routing, report["counts"]
    more = f", up to {routing.max_overlap} where people differ" if routing.max_overlap else ""
    return (
        f"{routing.overlap} by design for items that went to people{more}, none for the others; "
        f"{counts['ratings']:,} ratings in all for {counts['items']:,} items"
    )


def agreement(report: Report) -> list[str]:
    """Say how far people agree, with intervals, and how far the functions' model agrees with them."""
    found = report["agreement"]
    named = found["dataset"] | found.get("groups", {})
    return [_measured(name, estimate) for name, estimate in named.items() if estimate["value"] is not None]


def _measured(name: str, estimate: Report) -> str:
    return f"{name}: {estimate_text(estimate)} on {estimate['n_pairable']:,} items"


def checks(report: Report) -> list[str]:
    """Say what each check of the gate found."""
    return [
        f"gate, {check['name']}: {estimate_text(check['estimate'])}, {check['status']}; {check['why']}"
        for check in report["gate"]["checks"]
    ]


def machine_tools(config: Config, report: Report) -> list[str]:
    """Name the labeling functions and the label model."""
    tools = [
        f"labeling function {row['name']}: votes {', '.join(row['classes']) or 'nothing'}; "
        f"covers {row['coverage']:.1%} of the items"
        for row in report["functions"]
    ]
    return [*tools, f"label model {config.label_model.name}: class balance {report['label_model']['balance_reason']}"]


def limitations(report: Report) -> list[str]:
    """Give what the figures do not cover, and the checks that were waived."""
    waivers = [
        f"Waived check {check['name']} ({check['why']}): {waiver['reason']} Owner: {waiver['owner']}; "
        f"until {waiver['expires']}."
        for check in report["gate"]["checks"]
        if (waiver := check.get("waiver")) is not None
    ]
    return [*limits(report).points, *waivers]


def biases(report: Report) -> list[str]:
    """Say whom the release leaves out: withheld items are no random part of the dataset."""
    counts, bar = report["counts"], report["policy"]["min_confidence"]
    reasons = [
        (
            counts["withheld_below_confidence"],
            f"their label's confidence is under {bar:g}: items that are hard to label are under-represented",
        ),
        (
            counts["withheld_by_the_gate"],
            "the part of the data that they belong to did not pass its check: that part is missing",
        ),
        (counts["recalled"], "they were recalled"),
        (
            counts["withheld_without_label"],
            "no source gave them a label: what the functions do not cover is under-represented",
        ),
    ]
    left = f"of {number_of(counts['items'], 'item')} {{}} left out because"
    return [f"{count:,} {left.format('is' if count == 1 else 'are')} {why}." for count, why in reasons if count]
