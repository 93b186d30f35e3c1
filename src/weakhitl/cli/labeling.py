"""Commands ``label`` and ``lfs``."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from weakhitl.cli.shared import (
    echo_wrapped,
    guarded,
    json_option,
    open_project,
    print_json,
    print_table,
    project_option,
)
from weakhitl.cli.watch import watched
from weakhitl.errors import StateError, UsageError
from weakhitl.wording import a_few, number_of

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from weakhitl.cli.shared import F
    from weakhitl.pipeline.project import Project


@click.command("label")
@click.option("--out", type=click.Path(path_type=Path), help="Write the labels here: csv, tsv, jsonl, parquet or xlsx.")
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
    labelled = project.label(out, progress=not as_json, cache=not no_cache)
    facts = labelled.to_dict()
    if as_json:
        print_json(facts)
        return
    click.echo(
        "There are no labeling functions: labels come from people."
        if not facts["functions"]
        else f"{number_of(facts['functions'], 'function')} voted {number_of(facts['votes'], 'time')} "
        f"on {number_of(facts['items'], 'item')}; {number_of(facts['covered'], 'has', 'have')} a vote "
        f"({facts['covered'] / facts['items']:.0%})."
    )
    rows = [(name, f"{count:,}") for name, count in facts["classes"].items()]
    print_table(
        "Labels so far",
        ("class", "items"),
        [*rows, ("no label", f"{facts['items'] - facts['labelled']:,}")],
        [1],
    )
    least = project.config.release.min_confidence
    click.echo(
        f"{number_of(facts['confident'], 'label reaches', 'labels reach')} the confidence of {least:g} "
        "that a release asks for."
    )
    for name in facts["slow"]:
        share = facts["seconds"][name] / sum(facts["seconds"].values())
        click.secho(f"Slow: {name!r} took {facts['seconds'][name]:.1f} s, {share:.0%} of all.", fg="yellow", err=True)
    for fault in labelled.run.faults:
        click.secho(f"Fault: {fault}", fg="yellow", err=True)
    if labelled.changed.items:
        click.secho(f"Warning: {labelled.changed}.", fg="yellow", err=True)
    warnings = [finding for finding in labelled.findings if finding.level == "warning"]
    for finding in warnings:
        click.secho(f"Warning: {finding.code}: {finding.message}", fg="yellow", err=True)
    if warnings:
        click.secho("`weakhitl doctor` says what to do about them.", fg="yellow", err=True)
    if out is not None:
        click.echo(f"wrote {out}")


def _so_many(name: str, default: int, what: str) -> "Callable[[F], F]":
    """Make an option that shows so many rows, whose number may be left out."""
    said = f"Show so many {what}; without a number {default}."
    return click.option(name, type=click.IntRange(1), metavar="[NUMBER]", is_flag=False, flag_value=default, help=said)


@click.command("lfs")
@click.option(
    "--gold",
    type=click.Path(path_type=Path),
    help="A file with columns item and label, for accuracies.",
)
@click.option("--audit", is_flag=True, help="Accuracies against what adjudicators decided on the random audit.")
@_so_many("--pairs", 10, "pairs instead, those that repeat each other most")
@click.option("--item", help="Show what each function votes on this item instead.")
@_so_many("--gaps", 20, "words instead that items without a vote hold")
@click.option("--column", help="The column whose words --gaps shows.  [default: what people read first]")
@click.option("--watch", is_flag=True, help="Label and show again whenever a file is saved, until Ctrl-C.")
@project_option
@json_option
@guarded
def lfs_command(*, project_path: Path, watch: bool, as_json: bool, **views: Any) -> None:
    """Show each labeling function: coverage, overlaps, conflicts.

    \b
    Example:
      weakhitl lfs --gold gold.csv
      weakhitl lfs --pairs
      weakhitl lfs --item 82846118
      weakhitl lfs --gaps 50 --column text
      weakhitl lfs --watch
    """
    if sum(views[name] not in (None, False) for name in ("gold", "audit", "pairs", "item", "gaps")) > 1:
        raise UsageError("--gold, --audit, --pairs, --item and --gaps are views of their own; choose one")
    if watch and as_json:
        raise UsageError("--watch shows tables for people; leave out --json")
    if watch:
        watched(project_path, lambda project: _show(project, as_json=False, **views))
    else:
        _show(open_project(project_path), as_json=as_json, **views)


def _show(
    project: "Project",
    *,
    gold: Path | None,
    audit: bool,
    pairs: int | None,
    item: str | None,
    gaps: int | None,
    column: str | None,
    as_json: bool,
) -> None:
    if not project.config.has_functions:
        raise StateError("there are no labeling functions: [labeling] functions in weakhitl.toml says where they are")
    if pairs is not None:
        _print_pairs(project.lf_pairs().head(pairs), as_json=as_json)
    elif item is not None:
        _print_votes(project.votes_on(item), as_json=as_json)
    elif gaps is not None:
        _print_gaps(project.coverage_gaps(column).head(gaps), as_json=as_json)
    else:
        _print_functions(project.lfs(gold, audit=audit), project.config.labels.classes, as_json=as_json)


def _print_functions(table: "pd.DataFrame", classes: Sequence[str], *, as_json: bool) -> None:
    if as_json:
        print_json([{"name": name, **row} for name, row in _plain(table).items()])
        return
    judged = "Correct" in table  # then there is no room for more
    shares = ["Coverage"] if judged else ["Coverage", "Overlaps", "Conflicts"]
    header = ["function", "classes", *map(str.lower, shares), *(["correct", "accuracy, 95%"] if judged else [])]
    rows = []
    for name, row in table.iterrows():
        cells = [str(name), ", ".join(classes[code] for code in row["Polarity"]) or "none"]
        cells += [f"{row[share]:.1%}" for share in shares]
        rows.append([*cells, *(_accuracy(row) if judged else [])])
    print_table("", header, rows, range(2, len(header)))


def _accuracy(row: Any) -> list[str]:
    if math.isnan(row["Emp. Acc."]):
        return ["0 of 0", "unknown"]
    interval = f"{100 * row['Low']:.0f}-{100 * row['High']:.0f}"
    return [f"{row['Correct']} of {row['Correct'] + row['Incorrect']}", f"{row['Emp. Acc.']:.0%} ({interval})"]


def _print_gaps(table: "pd.DataFrame", *, as_json: bool) -> None:
    records = table.to_dict("records")
    if as_json:
        print_json([dict(row) for row in records])
        return
    rows = [(row["value"], f"{row['items']:,}", f"{row['uncovered']:,}", f"{row['excess']:.1f}") for row in records]
    print_table("", ("word", "items", "without a vote", "more than expected"), rows, [1, 2, 3])


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
    given = [(name, vote) for name, vote in votes.items() if vote is not None]
    if given:
        print_table("", ("function", "vote"), given)
    if silent := [name for name, vote in votes.items() if vote is None]:
        echo_wrapped(f"{number_of(len(silent), 'function abstains', 'functions abstain')}: {a_few(silent)}")


def _plain(table: "pd.DataFrame") -> dict[str, dict[str, object]]:
    import json

    text = table.to_json(orient="index")
    parsed: dict[str, dict[str, object]] = json.loads(text)
    return parsed
