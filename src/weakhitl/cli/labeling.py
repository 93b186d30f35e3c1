"""Commands ``label`` and ``lfs``."""

import math
from pathlib import Path
from typing import TYPE_CHECKING

import click

from weakhitl.cli.shared import (
    guarded,
    json_option,
    open_project,
    print_json,
    print_table,
    progress_bar,
    project_option,
)
from weakhitl.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd


@click.command("label")
@click.option("--out", type=click.Path(path_type=Path), help="Write the labels here: csv, jsonl or parquet.")
@click.option("--no-cache", is_flag=True, help="Run every function on every row.")
@project_option
@json_option
@guarded
def label_command(*, project_path: Path, out: Path | None, no_cache: bool, as_json: bool) -> None:
    """Run the labeling functions and consolidate their votes.

    Only functions and rows that changed since the last run are run again.
    People's ratings that are in the store take part, too.

    \b
    Example:
      weakhitl label --out labels.csv
    """
    project = open_project(project_path)
    with progress_bar("labeling functions", hidden=as_json) as progress:
        labelled = project.label(out, progress, cache=not no_cache)
    facts = labelled.to_dict()
    if as_json:
        print_json(facts)
        return
    click.echo(
        f"{facts['functions']} functions voted {facts['votes']:,} times on {facts['items']:,} items; "
        f"{facts['covered']:,} have a vote ({facts['covered'] / facts['items']:.0%})."
    )
    rows = [(name, f"{count:,}") for name, count in facts["classes"].items()]
    print_table(
        "Labels so far",
        ("class", "items"),
        [*rows, ("no label", f"{facts['items'] - facts['labelled']:,}")],
        [1],
    )
    least = project.config.release.min_confidence
    click.echo(f"{facts['confident']:,} labels reach the confidence of {least:g} that a release asks for.")
    for fault in labelled.run.faults:
        click.secho(f"Fault: {fault}", fg="yellow", err=True)
    warnings = [finding for finding in labelled.findings if finding.level == "warning"]
    for finding in warnings:
        click.secho(f"Warning: {finding.code}: {finding.message}", fg="yellow", err=True)
    if warnings:
        click.secho("`weakhitl doctor` says what to do about them.", fg="yellow", err=True)
    if out is not None:
        click.echo(f"wrote {out}")


@click.command("lfs")
@click.option(
    "--gold",
    type=click.Path(path_type=Path),
    help="A file with columns item and label, for accuracies.",
)
@click.option("--pairs", type=click.IntRange(1), help="Show so many pairs instead, those that repeat each other most.")
@click.option("--item", help="Show what each function votes on this item instead.")
@project_option
@json_option
@guarded
def lfs_command(*, project_path: Path, gold: Path | None, pairs: int | None, item: str | None, as_json: bool) -> None:
    """Show each labeling function: coverage, overlaps, conflicts.

    \b
    Example:
      weakhitl lfs --gold gold.csv
      weakhitl lfs --pairs 10
      weakhitl lfs --item 82846118
    """
    if sum(option is not None for option in (gold, pairs, item)) > 1:
        raise UsageError("--gold, --pairs and --item are three views; choose one")
    if pairs is not None:
        _print_pairs(open_project(project_path).lf_pairs().head(pairs), as_json=as_json)
        return
    if item is not None:
        _print_votes(open_project(project_path).votes_on(item), as_json=as_json)
        return
    project = open_project(project_path)
    table = project.lfs(gold)
    classes = project.config.labels.classes
    if as_json:
        print_json([{"name": name, **row} for name, row in _plain(table).items()])
        return
    shares = ["Coverage", "Overlaps", "Conflicts"]
    header = ["function", "classes", *shares, *(["Correct", "Wrong", "Accuracy"] if gold else [])]
    rows = []
    for name, row in table.iterrows():
        cells = [str(name), ", ".join(classes[code] for code in row["Polarity"]) or "none"]
        cells += [f"{row[share]:.1%}" for share in shares]
        if gold:
            accuracy = row["Emp. Acc."]
            cells += [
                str(row["Correct"]),
                str(row["Incorrect"]),
                "none" if math.isnan(accuracy) else f"{accuracy:.0%}",
            ]
        rows.append(cells)
    print_table("", header, rows, range(2, len(header)))


def _print_pairs(table: "pd.DataFrame", *, as_json: bool) -> None:
    if as_json:
        print_json([dict(row) for row in table.to_dict("records")])
        return
    rows = [
        (row["first"], row["second"], f"{row['both']:,}", f"{row['conflict']:.1%}", f"{row['repeats']:.1%}")
        for row in table.to_dict("records")
    ]
    print_table("", ("function", "and", "both vote", "conflict", "repeats"), rows, [2, 3, 4])


def _print_votes(votes: dict[str, str | None], *, as_json: bool) -> None:
    if as_json:
        print_json(votes)
        return
    print_table("", ("function", "vote"), [(name, vote or "abstains") for name, vote in votes.items()])


def _plain(table: "pd.DataFrame") -> dict[str, dict[str, object]]:
    import json

    text = table.to_json(orient="index")
    parsed: dict[str, dict[str, object]] = json.loads(text)
    return parsed
