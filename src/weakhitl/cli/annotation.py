"""Commands ``route``, ``export``, ``import`` and ``annotators``."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from weakhitl.cli.shared import (
    SEED,
    column_options,
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
from weakhitl.wording import number_of

if TYPE_CHECKING:
    import pandas as pd

    from weakhitl.annotation import AnnotatorQuality
    from weakhitl.estimate import Estimate


@click.command("route")
@click.option(
    "--pilot",
    type=click.IntRange(1),
    help="Draw a pilot of so many items instead, to qualify people and teach the label model.",
)
@click.option("--budget", type=click.IntRange(1), help="Items for annotators.  [default: from weakhitl.toml]")
@click.option("--all", "everything", is_flag=True, help="All items that no batch holds, instead of a budget.")
@click.option("--audit", type=click.IntRange(0), help="How many of them are a random sample of all items.")
@click.option("--overlap", type=click.IntRange(1), help="Ratings that count per item.")
@click.option("--seed", type=SEED, help="Seed of the draw.")
@click.option("--strategy", metavar="NAME", help="What else goes first.  [default: `score` under [routing]]")
@click.option("--another", is_flag=True, help="Draw even though the last batch has no ratings yet.")
@click.option(
    "--again",
    is_flag=True,
    help="Ask rated items again instead, after a revision of the guideline: --all, so many by lot (--budget), or:",
)
@click.option("--class", "classes", multiple=True, help="With --again: items that somebody gave this class.")
@click.option("--where", multiple=True, metavar="COLUMN=VALUE", help="With --again: items whose column has this value.")
@click.option("--undo", is_flag=True, help="Take back what was routed last instead, while nobody has answered.")
@project_option
@json_option
@guarded
def route_command(
    project_path: Path,
    as_json: bool,
    again: bool,
    classes: tuple[str, ...],
    where: tuple[str, ...],
    undo: bool,
    **settings: Any,
) -> None:
    """Choose items for annotators: a random audit, then those most disagreed on.

    \b
    Example:
      weakhitl route --budget 350 --audit 250 --overlap 5
      weakhitl route --all --overlap 2
      weakhitl route --strategy committee
      weakhitl route --again --budget 60
      weakhitl route --undo
    """
    if undo:
        leave_out("--undo takes back what was routed last", "again", "classes", "where", *settings)
        _undo(project_path, as_json=as_json)
        return
    if again:
        chosen = {"budget": settings.pop("budget"), "everything": settings.pop("everything")}
        settings.pop("another")
        leave_out("items are asked again as they were asked before", *settings)
        _ask_again(project_path, classes, where, chosen, as_json=as_json)
        return
    if classes or where:
        raise UsageError("--class and --where say which items are asked again: give --again, too")
    batch = open_project(project_path).route(**settings)
    reasons = {str(reason): int(count) for reason, count in batch.table["reason"].value_counts().items()}
    if as_json:
        facts = {
            "kind": batch.kind,
            "items": len(batch.items),
            "reasons": reasons,
            "overlap": batch.overlap,
        }
        print_json({**facts, "frame": batch.frame, "seed": batch.seed})
        return
    parts = ", ".join(f"{count:,} {reason}" for reason, count in reasons.items())
    ratings = f"{number_of(batch.overlap, 'rating')} an item" if batch.overlap else "all ratings"
    click.echo(f"Routed {len(batch.items):,} of {batch.frame:,} items ({parts}; {ratings} count; seed {batch.seed}).")
    if batch.kind == "pilot":
        click.echo(
            "The pilot chooses the annotators, and teaches the model about functions; nothing is measured on it."
        )


def _undo(path: Path, *, as_json: bool) -> None:
    done = open_project(path).undo_routing()
    if as_json:
        print_json({"taken_back": done.kind, "items": len(done.items), "ratings": done.ratings})
        return
    if done.kind == "again":
        items = number_of(len(done.items), "item is", "items are")
        ratings = number_of(done.ratings, "rating that was set aside counts", "ratings that were set aside count")
        echo_wrapped(f"Taken back: {items} not asked again; {ratings} as before.")
        return
    echo_wrapped(
        f"Taken back: the last batch of {number_of(len(done.items), 'item')}, on which nobody had said anything. Files "
        "that were exported for it are of no use now."
    )


def _ask_again(
    path: Path, classes: tuple[str, ...], where: tuple[str, ...], chosen: dict[str, Any], *, as_json: bool
) -> None:
    if wrong := [one for one in where if not one.partition("=")[1]]:
        raise UsageError(f"--where {', '.join(wrong)}: expected COLUMN=VALUE")
    values = {name: value for name, _, value in (one.partition("=") for one in where)}
    items, aside = open_project(path).ask_again(classes, values, **chosen)
    if as_json:
        print_json({"items": items, "set_aside": aside})
        return
    click.echo(
        f"{number_of(items, 'item is', 'items are')} asked again; "
        f"{number_of(aside, 'rating is', 'ratings are')} set aside and kept."
    )
    if classes:
        echo_wrapped(
            "They were chosen by what people said of them, and people agree more on such items when asked again, "
            "whatever became of the guideline: the gate measures agreement on what was said first."
        )
    click.echo("When they are rated: weakhitl agreement --again")


@click.command("export")
@click.argument("out", type=click.Path(path_type=Path))
@click.option(
    "--to",
    metavar="NAME",
    help="Another tool's format: long, label-studio, prodigy, argilla, doccano, mturk, sagemaker.",
)
@click.option("--ratings", is_flag=True, help="The items that have ratings, and these, instead of what waits.")
@click.option("--predictions", is_flag=True, help="With the labels so far, which lead people.")
@click.option("--text", metavar="COLUMN", help="The column that people read.  [default: text]")
@click.option(
    "--adjudication",
    is_flag=True,
    help="What waits for the adjudicator, instead of the annotators.",
)
@project_option
@json_option
@guarded
def export_command(
    project_path: Path, out: Path, to: str | None, adjudication: bool, as_json: bool, **settings: Any
) -> None:
    """Write the items that wait for ratings to a file.

    Cells annotator and label are empty; fill them in (one row a rating), then
    `weakhitl import` the file. Without `--to` it has what people read. With `--to` it is what another tool reads.

    \b
    Example:
      weakhitl export to_rate.csv
      weakhitl export tasks.json --to label-studio
    """
    exported = open_project(project_path).export(out, to=to, adjudication=adjudication, **settings)
    table = exported.table
    if settings["ratings"]:
        counts = {"ratings": len(table)}
        text = f"{number_of(len(table), 'rating')} of {number_of(table['item'].nunique(), 'item')}"
    elif adjudication:
        counts = {str(why): int(count) for why, count in table["why"].value_counts().items()}
        text = (
            f"{number_of(len(table), 'item waits', 'items wait')} ("
            + ", ".join(f"{count:,} {why}" for why, count in counts.items())
            + ")"
        )
    else:
        counts = {"ratings": int(table["needed"].sum())}
        text = f"{number_of(len(table), 'item waits', 'items wait')} ({number_of(counts['ratings'], 'rating')})"
    if as_json:
        facts = {"items": int(table["item"].nunique()), "file": str(out), "waiting": counts}
        print_json(facts | {"cannot_hold": list(exported.cannot_hold)})
        return
    click.echo(f"wrote {out}: {text}.")
    if exported.early:
        wanting = number_of(exported.early, "of them still wants", "of them still want")
        click.echo(f"{wanting} ratings by people: weakhitl export FILE")
    if to is None and not settings["ratings"]:
        who, flag = ("adjudicator", "--adjudication ") if adjudication else ("annotator", "")
        echo_wrapped(f"Next: fill in {who} and label, then: weakhitl import {flag}{out}")
    for what in exported.cannot_hold:
        click.echo(f"This format does not hold: {what}")


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@source_option
@click.option("--adjudication", is_flag=True, help="The file holds the adjudicator's decisions.")
@click.option("--own-ids", is_flag=True, help="Items are named by the tool's own ids, as in a project of init --from.")
@column_options
@click.option("--who", multiple=True, metavar="NUMBER=NAME", help="Who is meant by a number or name; one at a time.")
@click.option("--by", "default_annotator", default="", metavar="NAME", help="Who rated, where the file does not say.")
@project_option
@json_option
@guarded
def import_command(
    project_path: Path, file: Path, adjudication: bool, who: tuple[str, ...], as_json: bool, **settings: Any
) -> None:
    """Read ratings from a long file (item, annotator, label) or another tool's.

    All rows or none. Ratings that are known already are passed over. Columns
    role, time, seconds and note are read, too, where the dataset has none so
    called.

    \b
    Example:
      weakhitl import ratings.csv --annotator worker
      weakhitl import sheet.xlsx --by ana
      weakhitl import export.json --from label-studio --who 2=ana
    """
    if wrong := [one for one in who if not all(one.partition("="))]:
        raise UsageError(f"--who {', '.join(wrong)}: expected NUMBER=NAME")
    people = {number: name for number, _, name in (one.partition("=") for one in who)}
    collected = open_project(project_path).collect(file, adjudication=adjudication, people=people, **settings)
    if as_json:
        print_json(collected.to_dict())
        return
    what = "new decision" if adjudication else "new rating"
    known = f" ({number_of(collected.known, 'was', 'were')} known)" if collected.known else ""
    click.echo(f"{number_of(collected.new, what)}{known}.")
    for notice in collected.notices:
        echo_wrapped(notice)
    if not adjudication and collected.fates is not None:
        fates = ", ".join(f"{n:,} {fate}" for fate, n in collected.fates.items())
        click.echo(f"All ratings so far: {fates or 'none'}.")
        if collected.new and collected.surplus == collected.new:
            echo_wrapped(
                "The new ones are all surplus: their items have all the ratings that count. Were they decisions of an "
                "adjudicator? Those are imported with --adjudication."
            )
        if "not routed" in collected.fates:
            echo_wrapped(
                "Those not routed are of items in no batch: they help to label, and nothing is measured on them. What "
                "comes next: weakhitl status"
            )
    if collected.waiting:
        echo_wrapped(_for_the_adjudicator(collected.waiting - collected.unfinished, collected.unfinished))


def _for_the_adjudicator(now: int, later: int) -> str:
    """Say how many items wait for the adjudicator, and how many will when people have rated them."""
    if not now:
        items = number_of(later, "item goes", "items go")
        return f"{items} to the adjudicator when all their ratings are there; what comes next: weakhitl status"
    more = f", and {later:,} will when all their ratings are there" if later else ""
    return (
        f"{number_of(now, 'item waits', 'items wait')} for the adjudicator{more}: weakhitl export --adjudication FILE"
    )


@click.command("annotators")
@project_option
@json_option
@guarded
def annotators_command(project_path: Path, as_json: bool) -> None:
    """List the people who rated, who counts, and how well they rate.

    \b
    Example:
      weakhitl annotators
    """
    project = open_project(project_path)
    people = project.annotators()
    qualities = project.people_quality()
    if as_json:
        records = people.reset_index().astype(object)
        found = {one.name: one.to_dict() for one in qualities}
        print_json(
            [
                row | {"quality": found.get(row["annotator"])}
                for row in records.where(records.notna(), None).to_dict("records")
            ]
        )
        return
    _print_counting(people)
    _print_quality(qualities)
    effect = project.suggestion_effect()
    if effect.value is not None:
        echo_wrapped(f"Where people saw the suggestion, they agreed with it more often by {effect}.")


def _print_counting(people: "pd.DataFrame") -> None:
    import pandas as pd

    piloted = "qualified" in people
    header = ["annotator", "ratings that count"] + (["pilot ratings", "agreement", "qualified"] if piloted else [])
    rows = []
    for name, row in people.iterrows():
        cells = [str(name), str(row["counted"])]
        if piloted:
            share = row["pilot_agreement"]
            cells += [
                str(row["pilot_ratings"]),
                "none" if pd.isna(share) else f"{share:.0%}",
                "yes" if row["qualified"] else "no",
            ]
        rows.append(cells)
    print_table("", header, rows, [1, 2, 3])
    if piloted:
        click.echo(
            f"{int(people['qualified'].sum())} of {len(people)} qualify by agreeing with the others on the pilot."
        )
    else:
        click.echo("There is no pilot, so everybody counts." if "excluded" not in people else "There is no pilot.")
    for name, why in people.get("excluded", pd.Series(dtype=object)).items():
        if why:
            echo_wrapped(f"{name} does not count: {why}.")


def _print_quality(qualities: "list[AnnotatorQuality]") -> None:
    """Print how well people rate; those of whom nothing can be said yet are only counted."""

    def share(found: "Estimate") -> str:
        return "" if found.value is None else f"{found.value:.0%} ({found.low:.0%}-{found.high:.0%})"

    rows, silent = [], 0
    for one in qualities:
        figures = [share(one.loo_agreement), share(one.gold_accuracy), share(one.self_consistency)]
        seconds = "" if one.seconds_median.value is None else f"{one.seconds_median.value:.1f}"
        if any([*figures, seconds, one.patterns]):
            rows.append([one.name, *figures, seconds])
        else:
            silent += 1
    if rows:
        header = ["annotator", "as the others", "as gold", "as before", "seconds"]
        print_table("How they rate, with 95 % intervals", header, rows, [1, 2, 3, 4])
    if silent:
        click.echo(f"Of {silent:,} there are too few ratings to say how they rate.")
    for one in qualities:
        for pattern in one.patterns:
            echo_wrapped(f"{one.name}, {pattern.name}: {pattern.evidence}")
