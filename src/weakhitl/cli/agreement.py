"""Command ``agreement``."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from weakhitl.cli.shared import (
    column_options,
    echo_notices,
    echo_wrapped,
    guarded,
    json_option,
    leave_out,
    open_project,
    print_json,
    print_table,
    project_option,
    source_option,
)
from weakhitl.errors import UsageError
from weakhitl.label_names import in_order
from weakhitl.schema import LEVELS, LabelSchema, Level

if TYPE_CHECKING:
    from weakhitl.pipeline.ratings import Groups


@click.command("agreement")
@click.argument("ratings", required=False, type=click.Path(path_type=Path))
@column_options
@source_option
@click.option("--class", "classes", multiple=True, help="A class of RATINGS; one at a time, in order.")
@click.option("--skip", multiple=True, help="An answer of RATINGS that is an abstention.")
@click.option("--level", type=click.Choice(LEVELS), default="nominal", show_default=True, help="Level of RATINGS.")
@click.option("--by", multiple=True, help="A column: agreement on the items of each of its values.")
@click.option(
    "--people",
    "people_path",
    type=click.Path(path_type=Path),
    help="A table of annotators (annotator, groups): compares groups of people.",
)
@click.option("--group", "columns_of_people", multiple=True, help="A column of --people.  [default: all]")
@click.option("--again", is_flag=True, help="On items that were asked again: before and after, and the difference.")
@click.option(
    "--pairs",
    type=click.IntRange(0),
    default=5,
    show_default=True,
    help="Pairs, people, items and confusions that are shown.",
)
@project_option
@json_option
@guarded
def agreement_command(
    *,
    project_path: Path,
    ratings: Path | None,
    columns: tuple[str, str, str],
    wide: tuple[str, ...],
    source: str | None,
    classes: tuple[str, ...],
    skip: tuple[str, ...],
    level: Level,
    by: tuple[str, ...],
    people_path: Path | None,
    columns_of_people: tuple[str, ...],
    again: bool,
    pairs: int,
    as_json: bool,
) -> None:
    """Measure how far the annotators agree, with intervals, and where not.

    RATINGS is a long table (item, annotator, label), with --wide one with a
    row an item, or with --from another tool's file; it needs no project, and
    every item counts alike.

    \b
    Example:
      weakhitl agreement --by source --people people.csv --group language
      weakhitl agreement sheet.csv --wide '*'
      weakhitl agreement export.json --from label-studio
      weakhitl agreement ratings.csv --level ordinal --class low --class high
    """
    table = ("item", "label", "wide", "source", "classes", "skip", "level")
    if again:
        leave_out("--again compares what was said before and after", *table, "by", "people_path", "columns_of_people")
        _show_again(project_path, as_json=as_json)
        return
    groups = _groups_of_people(people_path, columns[1], columns_of_people)
    if ratings is None:
        leave_out("it is about a table of RATINGS; a project has its own, and its [labels]", *table)
        content: dict[str, Any] = open_project(project_path).agreement(by, groups)
    else:
        from weakhitl.pipeline.ratings import RatingsFile, measure_ratings

        schema = LabelSchema(classes, level, skip) if classes else None
        file = RatingsFile(ratings, columns, wide, source)
        content, notices = measure_ratings(file, schema, level=level, skip=skip, by=by, groups=groups)
        echo_notices(notices)
    if as_json:
        print_json(content)
    else:
        _print(content, pairs)


def _groups_of_people(path: Path | None, annotator: str, columns: tuple[str, ...]) -> "Groups | None":
    if columns and path is None:
        raise UsageError("--group is a column of --people: say which table that is")
    if path is None:
        return None
    from weakhitl.pipeline.ratings import read_people

    return read_people(path, annotator, columns)


def _print(content: dict[str, Any], pairs: int) -> None:
    """Print all tables; ``pairs`` is how many pairs, people, items and confusions."""
    percent = content["dataset"]["percent-agreement"]
    if percent["value"] is None:
        _print_nothing(percent["reason"], content.get("ratings"))
        return
    _print_coefficients(content)
    _print_order(content)
    _print_classes(content)
    _print_confused(content, pairs)
    _print_people(content, pairs)
    _print_higher(content, pairs)
    for column, found in content.get("by_group", {}).items():
        _print_groups(column, found)
    if content.get("left_out_pilot_items"):
        echo_wrapped(
            f"The {content['left_out_pilot_items']:,} pilot items are left out: people were chosen by their agreement "
            "there, and that alone would lift these figures."
        )


def _show_again(path: Path, *, as_json: bool) -> None:
    from weakhitl.estimate import Estimate

    found = open_project(path).before_and_after()
    if as_json:
        print_json(found)
        return
    click.echo(f"{found['items']:,} items were asked again ({found['why']}), {found['time'][:10]}.")
    if found["apart"]:
        echo_wrapped(
            f"Compared on {found['compared']:,} of them: of each item one person was drawn by lot; it counts if that "
            "one gave it such a class, and the agreement is that of the others. (What people said chose these items, "
            "and on such items people agree more when asked again, by chance alone.)"
        )
    rows = [(name, str(Estimate(**found[name]))) for name in ("before", "after", "difference")]
    print_table("", ("", "Krippendorff's alpha"), rows)


def _print_nothing(reason: str, ratings: dict[str, int] | None) -> None:
    """Say why there is nothing to measure, in a project with what became of its ratings."""
    echo_wrapped(f"Agreement is undefined: {reason}.")
    if ratings is not None:
        said = ", ".join(f"{n:,} {fate}" for fate, n in ratings.items())
        echo_wrapped(
            f"Ratings so far: {said or 'none'}. Agreement is measured on those that count, on routed items outside the "
            "pilot; what comes next: weakhitl status"
        )


def _print_order(content: dict[str, Any]) -> None:
    """Say that numbers are taken as names; two of them have no order that matters."""
    if content["level"] == "nominal" and len(content["by_class"]) > 2 and in_order(content["by_class"])[1]:
        how = 'level = "ordinal" in [labels]' if "ratings" in content else "--level ordinal"
        echo_wrapped(f"The classes are numbers, taken as names in no order. If they are a scale, say so: {how}")


def _print_coefficients(content: dict[str, Any]) -> None:
    from weakhitl.release.report.section import estimate_text

    named: dict[str, dict[str, Any]] = dict(content["dataset"])
    named |= {f"alpha, {part} items alone": one for part, one in content.get("parts", {}).items()}
    named |= content.get("groups", {})
    rows = [(name, estimate_text(e), f"{e['n_pairable']:,}", str(e["n_sources"])) for name, e in named.items()]
    title = "Agreement for the dataset" if "parts" in content else "Agreement"
    print_table(title, ("coefficient", "estimate [95 %]", "items", "people"), rows, [2, 3])
    echo_wrapped(content["paradox"]["story"])
    if content["overlap_groups"] > 1:
        echo_wrapped(
            f"People fall into {content['overlap_groups']} groups that share no item; nothing says how they differ."
        )


_CLASSES = 20
"""So many classes still make a table that can be read."""


def _print_classes(content: dict[str, Any]) -> None:
    from weakhitl.release.report.section import estimate_text

    found, title = list(content["by_class"].items()), "Alpha of each class against the rest"
    if len(found) > _CLASSES:
        title += f", the lowest {_CLASSES} of {len(found)} (--json shows all)"
        found.sort(key=lambda one: math.inf if one[1]["low"] is None else one[1]["value"])
    rows = [(name, estimate_text(estimate)) for name, estimate in found[:_CLASSES]]
    print_table(title, ("class", "alpha [95 %]"), rows)
    for column, slices in content["by_slice"].items():
        parts = [
            (name, estimate_text(one), f"{one['n_pairable']:,}", " / ".join(one["confuses"] or []))
            for name, one in slices.items()
        ]
        print_table(f"Alpha by {column}", (column, "alpha [95 %]", "items", "confuses most"), parts, [2])


def _print_groups(column: str, found: dict[str, Any]) -> None:
    """Compare groups of people, and show which classes each gives more often, the surest first."""
    from weakhitl.release.report.section import estimate_text

    rows = [
        (name, str(one["raters"]), f"{one['ratings']:,}", estimate_text(one["within"]), estimate_text(one["between"]))
        for name, one in found.items()
    ]
    header = (column, "people", "ratings", "alpha within", "kappa with others")
    print_table(f"Groups of people by {column}", header, rows, [1, 2])
    tends = [
        (f"{name} ({one['raters']})", label, estimate)
        for name, one in found.items() for label, estimate in one["more"].items()
        if estimate["low"] is not None and not estimate["low"] <= 0 <= estimate["high"]
    ]  # fmt: skip
    tends.sort(key=lambda one: -abs(one[2]["value"]))
    if tends:
        shown = [(name, label, f"{e['value']:+.3f} [{e['low']:+.3f}, {e['high']:+.3f}]") for name, label, e in tends]
        title = "Gives a class more often than the others do, on the same items"
        print_table(title, (column, "class", "share more [95 %, for all]"), shown[:_CLASSES])


def _print_confused(content: dict[str, Any], most: int) -> None:
    from weakhitl.release.report.section import estimate_text

    merged = {(pair["first"], pair["second"]): estimate_text(pair["merged"]) for pair in content["merges"]}
    shown = merged.keys() & {(row["first"], row["second"]) for row in content["confused"][:most]}
    rows = [
        (
            f"{row['first']} / {row['second']}",
            f"{row['share']:.0%}",
            f"{row['expected']:.0%}",
            *([merged.get((row["first"], row["second"]), "")] if shown else []),
            ", ".join(row["examples"]),
        )
        for row in content["confused"][:most]
    ]
    if rows:
        header = ("classes", "share", "chance", *(["alpha if merged"] if shown else []), "items such as")
        print_table("Classes that people confuse, of all disagreement", header, rows, [1, 2])
    if merged and not shown and most:
        pairs = [(f"{first} / {second}", alpha) for (first, second), alpha in merged.items()][:most]
        print_table("Alpha if two neighbours were one class", ("classes", "alpha [95 %]"), pairs)
    hardest = [row for row in content["hardest_items"] if row["agreement"] < 1][:most]
    if hardest:
        listed = [(row["item"], f"{row['agreement']:.0%}", str(row["ratings"])) for row in hardest]
        print_table("Items that are hardest to agree on", ("item", "agreement", "ratings"), listed, [1, 2])


def _print_people(content: dict[str, Any], most: int) -> None:
    from weakhitl.release.report.section import kappa_text

    people = [row for row in content["by_coder"] if row["change"] is not None][:most]
    rows = [
        (
            row["coder"],
            f"{row['ratings']:,}",
            "none shared" if row["agreement"] is None else f"{row['agreement']:.0%}",
            f"{row['without']:.3f}",
            f"{row['change']:+.3f}",
            " / ".join(row["confuses"] or []),
        )
        for row in people
    ]
    if len(content["by_coder"]) > 2 and rows:
        header = ("annotator", "ratings", "agrees", "alpha without", "change", "confuses most")
        print_table("Alpha without each annotator, the greatest rise first", header, rows, [1, 2, 3, 4])
    shared = [pair for pair in content["pairs"] if pair["n"] >= 10 and pair["kappa"] is not None]
    lowest = sorted(shared, key=lambda pair: pair["kappa"])[:most]
    if lowest:
        listed = [(pair["first"], pair["second"], str(pair["n"]), kappa_text(pair)) for pair in lowest]
        title = f"Lowest of {len(shared):,} pairs that share ten items or more"
        kappa = "Cohen's kappa" if content["level"] == "nominal" else "weighted kappa"
        print_table(title, ("first", "second", "items", f"{kappa} [95 %]"), listed, [2])


def _print_higher(content: dict[str, Any], most: int) -> None:
    """Show who rates higher or lower than the others, where classes are in order; the farthest off first."""
    from weakhitl.estimate import Estimate

    found = {row["coder"]: Estimate(**row["higher"]) for row in content["by_coder"] if "higher" in row}
    compared = sorted(found.items(), key=lambda each: -abs(each[1].value or 0))
    rows = [(coder, f"{one.n_pairable:,}", f"{one:+.2f}") for coder, one in compared[:most]]
    if rows:
        title = "Who rates higher than the others on the same items, the farthest off first"
        print_table(title, ("annotator", "items", "higher by [95 %]"), rows, [1])
