"""The report's sections: a title, a sentence or two, a figure, and the table behind it."""

from weakhitl.release.report import agreement_sections, figures
from weakhitl.release.report.section import Report, Section, estimate_text

_BY = {
    "functions": "functions",
    "people": "functions and people",
    "adjudicated": "the adjudicator",
    "gold": "gold",
}


def sections_of(report: Report) -> list[Section]:
    """Give the sections in reading order, those without content left out."""
    makers = [
        _gate,
        _parts,
        _waivers,
        _making,
        _classes,
        _confidence,
        _functions,
        agreement_sections.agreement,
        agreement_sections.by_class,
        agreement_sections.by_slice,
        agreement_sections.confused,
        agreement_sections.by_coder,
        agreement_sections.pairs,
        _annotators,
        _checks,
    ]
    return [section for section in (make(report) for make in makers) if section.rows]


def headline(report: Report) -> tuple[str, str]:
    """Give the verdict in a word, and why."""
    checks, status = report["gate"]["checks"], report["gate"]["status"]
    if status == "pass":
        count = f"{report['counts']['released']:,} of {report['counts']['items']:,} items are in."
        waived = [check["name"] for check in checks if check["status"] == "waived"]
        if waived:
            passed = len(checks) - len(waived)
            return "Released with a waiver", f"{passed} checks passed; waived: {', '.join(waived)}; {count}"
        return "Released", f"All {len(checks)} checks passed; {count}"
    if not checks:
        return (
            "Not released",
            "The policy has no checks, so nothing says that the data can be trusted.",
        )
    reasons = [f"{check['name']}: {check['why']}" for check in checks if check["status"] in ("fail", "undecided")]
    word = "Refused" if status == "fail" else "Undecided, so not released"
    return word, "; ".join(reasons) + "."


def _bar_text(check: Report) -> str:
    side, bar = ("at least", check["at_least"]) if check["at_least"] is not None else ("at most", check["at_most"])
    return f"{side} {bar:g} at {check['confidence']:.0%}"


def limits(report: Report) -> list[str]:
    """Say what the figures do not cover."""
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
    if adjudication["decided"]:
        twice, agreed = adjudication["decided_twice"], estimate_text(adjudication["agreement"])
        lines.append(
            f"Two adjudicators decided {twice:,} items and agree on {agreed}: so far their own error is known."
            if twice
            else "No item was decided by two adjudicators, so the error of the decisions themselves was not measured."
        )
    if adjudication["could_not_tell"]:
        lines.append(
            f"The adjudicator could not tell on {adjudication['could_not_tell']:,} items; "
            "in the audit they count as errors."
        )
    if adjudication["waiting"]:
        lines.append(
            f"{adjudication['waiting']:,} items still wait for the adjudicator; in the audit they count as errors."
        )
    if not report["label_model"]["converged"]:
        lines.append("The label model stopped before it had converged.")
    return lines


def _gate(report: Report) -> Section:
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
            "under it, and is undecided between. Each bar below shows the interval between the two bounds."
        ),
    )
    header = ("check", "verdict", "estimate [bounds]", "bar", "why")
    return Section("Gate", text, header, tuple(rows), figures.gate, short=True)


def _parts(report: Report) -> Section:
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


def _waivers(report: Report) -> Section:
    rows = [
        (check["name"], check["status"], waiver["reason"], waiver["owner"], waiver["expires"])
        for check in report["gate"]["checks"]
        if (waiver := check["waiver"]) is not None
    ]
    text = ("Checks that may miss their bar until a day, and who answers for it; after that day they fail.",)
    return Section("Waivers", text, ("check", "verdict", "reason", "owner", "expires"), tuple(rows), short=True)


def _making(report: Report) -> Section:
    counts = report["counts"]
    rows = [
        ("items", counts["items"]),
        ("labeling functions", counts["functions"]),
        ("items with a function's vote", counts["covered_by_functions"]),
        *((f"items routed: {reason}", count) for reason, count in sorted(counts["routed"].items())),
        ("people who rated", counts["annotators"]),
        *((f"ratings {fate}", count) for fate, count in counts["ratings_by_fate"].items()),
        ("items decided by the adjudicator", report["adjudication"]["decided"]),
        *((f"released, label by {_BY[origin]}", count) for origin, count in counts["released_by_origin"].items()),
        (
            f"withheld, confidence under {report['policy']['min_confidence']:g}",
            counts["withheld_below_confidence"],
        ),
        ("withheld, no label", counts["withheld_without_label"]),
        *([("withheld, its part did not pass", held)] if (held := counts["withheld_by_the_gate"]) else []),
    ]
    text = (
        (
            "Functions and people are sources of one label model; the adjudicator's decisions stand above "
            "it. The audit is a random sample of all items; the rest of the routed items are those the sources "
            "disagree on most."
        ),
        *_model_text(report["label_model"]),
    )
    shown = tuple((name, f"{count:,}") for name, count in rows)
    return Section("How the labels were made", text, ("what", "how many"), shown, short=True)


def _model_text(model: Report) -> tuple[str, ...]:
    """Say what the label model could learn, and what its doctor warns of."""
    lines = [f"The label model is {model['name']!r}; class balance {model['balance_reason']}."]
    if model["gold"] is not None:
        lines.append(f"{model['gold']:,} items have a gold label, which stands as it is. {model['lesson']}.")
    warnings = [finding for finding in model["findings"] if finding["level"] == "warning"]
    lines += [f"The doctor warns: {finding['message']}." for finding in warnings]
    return tuple(lines)


def _classes(report: Report) -> Section:
    rows = tuple((row["class"], f"{row['released']:,}", f"{row['share']:.1%}") for row in report["classes"])
    return Section(
        "Class balance",
        ("Released items by class.",),
        ("class", "items", "share"),
        rows,
        figures.classes,
    )


def _confidence(report: Report) -> Section:
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
    return Section("Confidence", text, ("confidence", *items), rows, figures.confidence)


def _functions(report: Report) -> Section:
    rows = tuple(
        (
            row["name"],
            ", ".join(row["classes"]) or "none",
            f"{row['coverage']:.1%}",
            f"{row['overlaps']:.1%}",
            f"{row['conflicts']:.1%}",
            f"{row['agrees_with_adjudicator']} of {row['agrees_with_adjudicator'] + row['differs_from_adjudicator']}",
        )
        for row in report["functions"]
    )
    text = (
        (
            "Share of all items on which a function votes, and on which another source votes another class. The last "
            "column counts its votes that the adjudicator confirmed; adjudicated items are harder than the average."
        ),
    )
    header = ("function", "classes", "coverage", "overlaps", "conflicts", "adjudicator agrees")
    return Section("Labeling functions", text, header, rows, figures.functions)


def _annotators(report: Report) -> Section:
    rows = []
    for row in sorted(report["annotators"], key=lambda row: (-row["counted"], row["annotator"])):
        cells = [row["annotator"], f"{row['counted']:,}"]
        if "qualified" in row:
            share = row["pilot_agreement"]
            cells += [
                str(row["pilot_ratings"]),
                "none" if share is None else f"{share:.0%}",
                "yes" if row["qualified"] else "no",
            ]
        rows.append(tuple(cells))
    piloted = any("qualified" in row for row in report["annotators"])
    header = ("annotator", "ratings that count") + (
        ("pilot ratings", "pilot agreement", "qualified") if piloted else ()
    )
    text = (
        "People qualify by how often they agree with the others on the pilot, and only on the pilot."
        if piloted
        else "There was no pilot: everybody's ratings count, but for whom the rule excludes.",
    )
    excluded = [
        f"{row['annotator']} does not count: {row['excluded']}." for row in report["annotators"] if "excluded" in row
    ]
    return Section("Annotators", (*text, *excluded), header, tuple(rows))


def _checks(report: Report) -> Section:
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
