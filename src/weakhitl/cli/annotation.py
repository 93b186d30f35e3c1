"""Commands ``route``, ``export``, ``import`` and ``annotators``."""

from pathlib import Path

import click

from weakhitl.cli.shared import (
    guarded,
    json_option,
    open_project,
    print_json,
    print_table,
    project_option,
)


@click.command("route")
@click.option(
    "--pilot",
    type=click.IntRange(1),
    help="Draw a pilot of so many items instead, to qualify people.",
)
@click.option("--budget", type=click.IntRange(1), help="Items for annotators.  [default: from weakhitl.toml]")
@click.option("--audit", type=click.IntRange(0), help="How many of them are a random sample of all items.")
@click.option("--overlap", type=click.IntRange(1), help="Ratings that count per item.")
@click.option("--seed", type=click.IntRange(0), help="Seed of the draw.")
@click.option("--another", is_flag=True, help="Draw even though the last batch has no ratings yet.")
@project_option
@json_option
@guarded
def route_command(project_path: Path, as_json: bool, **settings: int | bool | None) -> None:
    """Choose items for annotators: a random audit, then those most disagreed on.

    \b
    Example:
      weakhitl route --budget 350 --audit 250 --overlap 5
    """
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
    ratings = f"{batch.overlap} ratings an item" if batch.overlap else "all ratings"
    click.echo(f"Routed {len(batch.items):,} of {batch.frame:,} items ({parts}; {ratings} count; seed {batch.seed}).")
    if batch.kind == "pilot":
        click.echo("The pilot chooses the annotators; nothing is measured on its items.")


@click.command("export")
@click.argument("out", type=click.Path(path_type=Path))
@click.option(
    "--adjudication",
    is_flag=True,
    help="What waits for the adjudicator, instead of the annotators.",
)
@project_option
@json_option
@guarded
def export_command(project_path: Path, out: Path, adjudication: bool, as_json: bool) -> None:
    """Write the items that wait for ratings to a file.

    Cells annotator and label are empty; fill them in (one row a rating), then
    `weakhitl import` the file.

    \b
    Example:
      weakhitl export to_rate.csv
    """
    queue = open_project(project_path).export(out, adjudication=adjudication)
    if adjudication:
        counts = {str(why): int(count) for why, count in queue["why"].value_counts().items()}
        text = ", ".join(f"{count:,} {why}" for why, count in counts.items())
    else:
        counts = {"ratings": int(queue["needed"].sum())}
        text = f"{counts['ratings']:,} ratings"
    if as_json:
        print_json({"items": len(queue), "file": str(out), "waiting": counts})
        return
    click.echo(f"wrote {out}: {len(queue):,} items wait ({text}).")


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--adjudication", is_flag=True, help="The file holds the adjudicator's decisions.")
@click.option("--item", default="item", show_default=True, help="Column with the item ids.")
@click.option("--annotator", default="annotator", show_default=True, help="Column with the annotators.")
@click.option("--label", default="label", show_default=True, help="Column with the class names.")
@project_option
@json_option
@guarded
def import_command(
    project_path: Path,
    file: Path,
    adjudication: bool,
    item: str,
    annotator: str,
    label: str,
    as_json: bool,
) -> None:
    """Read ratings from a long file: item, annotator, label.

    All rows or none. Ratings that are known already are passed over.

    \b
    Example:
      weakhitl import ratings.csv --annotator worker
    """
    collected = open_project(project_path).collect(file, adjudication=adjudication, columns=(item, annotator, label))
    if as_json:
        print_json(collected.to_dict())
        return
    what = "decisions" if adjudication else "ratings"
    known = f" ({collected.known:,} were known)" if collected.known else ""
    click.echo(f"{collected.new:,} new {what}{known}.")
    if not adjudication:
        click.echo("All ratings so far: " + ", ".join(f"{n:,} {fate}" for fate, n in collected.fates.items()) + ".")
    if collected.waiting:
        click.echo(f"{collected.waiting:,} items wait for the adjudicator: weakhitl export --adjudication FILE")


@click.command("annotators")
@project_option
@json_option
@guarded
def annotators_command(project_path: Path, as_json: bool) -> None:
    """List the people who rated, and who qualifies.

    \b
    Example:
      weakhitl annotators
    """
    import pandas as pd

    people = open_project(project_path).annotators()
    piloted = "qualified" in people
    if as_json:
        records = people.reset_index().astype(object)
        print_json(records.where(records.notna(), None).to_dict("records"))
        return
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
        click.echo("There is no pilot, so everybody counts.")
