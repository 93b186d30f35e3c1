"""The report's sections on agreement."""

from weakhitl.release.report.figures.changes import PAIR_ITEMS, pairs as draw_pairs
from weakhitl.release.report.figures.forest import estimates
from weakhitl.release.report.section import Content, Section, estimate_text, kappa_text

_MERGED = (
    "Alpha if merged is what it would be if the two were one class; in an order only neighbours can be. What a merge "
    "costs is the distinction, and without an order it nearly always raises alpha."
)
_HIGHER = "How much higher each rates than the others do on the same items; at ordinal level in steps of the scale."
_APART = "People with each other, the functions' model with people, and functions with each other are never pooled."


def agreement(report: Content) -> Section:
    """Show every coefficient for the dataset, then its parts and groups apart."""
    found = report["agreement"]
    if found["dataset"]["percent-agreement"]["value"] is None:
        reason = found["dataset"]["percent-agreement"]["reason"]
        return Section("Agreement overall", (f"Agreement is undefined: {reason}.",))
    rows = tuple(
        (name, estimate_text(estimate), f"{estimate['n_pairable']:,}", f"{estimate['n_sources']:,}")
        for name, estimate in _named(found).items()
    )
    text = (
        (
            "For the dataset, routed items are weighted by the inverse of their probability of being routed. Agreement "
            "on the routed items alone says how hard they are, not how good the dataset is."
        ),
        *([_APART] if found["groups"] else []),
        *_unconnected(found),
    )
    header = ("coefficient", "estimate [95 %]", "items", "people")
    return Section("Agreement overall", text, header, rows, _draw_overall, short=True)


def _named(found: Content) -> dict[str, Content]:
    named = {f"{name}, for the dataset": estimate for name, estimate in found["dataset"].items()}
    named |= {f"krippendorff-alpha, {part} items alone": estimate for part, estimate in found["parts"].items()}
    return named | {
        ("alpha, " if name.startswith("functions") else "kappa, ") + name: estimate
        for name, estimate in found["groups"].items()
    }


def _draw_overall(report: Content) -> str:
    named = _named(report["agreement"])
    return estimates("agreement", "Agreement coefficients with 95 % intervals", named)


def _is_in_order(report: Content) -> bool:
    """Whether the classes are; reports of earlier versions do not say, and are nominal in this."""
    return bool(report["agreement"].get("level", "nominal") != "nominal")


def paradox(report: Content) -> Section:
    """Say whether a common class makes coefficients differ."""
    panel = report["agreement"]["paradox"]
    if panel["percent"]["value"] is None:
        return Section("Paradox panel")
    text = (
        (
            f"{panel['story']} The commonest class, {panel['commonest']!r}, has {panel['prevalence']:.0%} of the "
            f"ratings; coders' class shares lie {panel['bias']:.2f} from those of all."
        ),
        "Where one class is common, alpha and kappa can be low although people nearly always agree; AC1 is not.",
    )
    rows = tuple(
        (name, estimate_text(panel[key]))
        for name, key in (
            ("percent agreement", "percent"),
            ("Krippendorff's alpha, nominal", "alpha"),
            ("Gwet's AC1", "ac1"),
        )
    )
    return Section("Paradox panel", text, ("figure", "estimate [95 %]"), rows, short=True)


def _unconnected(agreement: Content) -> tuple[str, ...]:
    groups = agreement["overlap_groups"]
    if groups < 2:
        return ()
    return (f"People fall into {groups} groups that share no item: nothing says how these groups differ.",)


def confused(report: Content) -> Section:
    """Show the pairs of classes that people confuse, and what a merge would give."""
    agreement = report["agreement"]
    merged = {(pair["first"], pair["second"]): estimate_text(pair["merged"]) for pair in agreement["merges"]}
    shown = merged.keys() & {(row["first"], row["second"]) for row in agreement["confused"]}
    rows = []
    for row in agreement["confused"]:
        examples = ", ".join(row["examples"])
        pair_name = f"{row['first']} / {row['second']}"
        gain = [merged.get((row["first"], row["second"]), "")] if shown else []
        rows.append((pair_name, f"{row['share']:.0%}", f"{row['expected']:.0%}", str(row["items"]), examples, *gain))
    text = (
        (
            "Which two classes people give to the same item: the share of all disagreement, what it would be if "
            "classes were given at random, and items that show it."
        ),
        *([_MERGED] if shown else []),
    )
    header = ("classes", "share", "by chance", "items", "such as", *(["alpha if merged [95 %]"] if shown else []))
    return Section("Confused classes", text, header, tuple(rows))


def by_slice(report: Content) -> Section:
    """Show alpha on each part of the data."""
    rows = tuple(
        (
            f"{column} = {name}",
            estimate_text(estimate),
            str(estimate["n_pairable"]),
            " / ".join(estimate["confuses"] or []),
        )
        for column, slices in report["agreement"]["by_slice"].items()
        for name, estimate in slices.items()
    )
    text = ("Krippendorff's alpha on the items of each part of the data that the policy looks at.",)
    return Section("Agreement by slice", text, ("slice", "alpha [95 %]", "items", "confuses most"), rows, _draw_slices)


def _draw_slices(report: Content) -> str:
    named = {
        f"{column} = {name}": estimate
        for column, slices in report["agreement"]["by_slice"].items()
        for name, estimate in slices.items()
    }
    return estimates("by-slice", "Krippendorff's alpha of each slice, with 95 % intervals", named)


def by_coder(report: Content) -> Section:
    """Show what agreement would be without each annotator."""
    in_order = _is_in_order(report)
    rows = tuple(
        (
            row["coder"],
            str(row["ratings"]),
            "" if row["agreement"] is None else f"{row['agreement']:.0%}",
            "undefined" if row["without"] is None else f"{row['without']:.3f}",
            "" if row["change"] is None else f"{row['change']:+.3f}",
            " / ".join(row["confuses"] or []),
            *([estimate_text(row["higher"])] if in_order else []),
        )
        for row in report["agreement"]["by_coder"]
    )
    text = (
        (
            "How often the others on the same items say the same, what alpha would be without each annotator, and "
            "which two classes each confuses most; of many annotators, those who rated most."
        ),
        *([_HIGHER] if in_order else []),
    )
    header = ("annotator", "ratings", "agrees with others", "alpha without", "change", "confuses most")
    return Section("Agreement by annotator", text, (*header, *(["higher by [95 %]"] if in_order else [])), rows)


def by_class(report: Content) -> Section:
    """Show alpha of each class against the rest."""
    by_class = report["agreement"]["by_class"]
    if all(estimate["value"] is None for estimate in by_class.values()):
        return Section("Agreement by class")
    rows = tuple((name, estimate_text(estimate)) for name, estimate in by_class.items())
    text = (
        "Krippendorff's alpha of each class against the rest: the lowest one is where the guideline is least clear.",
    )
    return Section("Agreement by class", text, ("class", "alpha [95 %]"), rows, _draw_classes)


def _draw_classes(report: Content) -> str:
    by_class = report["agreement"]["by_class"]
    return estimates("by-class", "Krippendorff's alpha of each class, with 95 % intervals", by_class)


def pairs(report: Content) -> Section:
    """Show Cohen's kappa of the pairs that share most items."""
    shared = sorted(report["agreement"]["pairs"], key=lambda row: (-row["n"], row["first"], row["second"]))
    rows = tuple(
        (row["first"], row["second"], str(row["n"]), f"{row['agreement']:.0%}", kappa_text(row)) for row in shared[:100]
    )
    n_pairs = report["agreement"]["n_pairs"]
    more = f" The table lists the 100 pairs of {n_pairs:,} that share most items." if n_pairs > 100 else ""
    partly = ", with partial agreement between near classes," if _is_in_order(report) else ""
    text = (f"Cohen's kappa{partly} of every pair that shares at least {PAIR_ITEMS} items, with 95 % intervals.{more}",)
    header = ("first", "second", "shared items", "agreement", "kappa [95 %]")
    return Section("Agreement by pair", text, header, rows, draw_pairs)
