"""Commands ``diff`` and ``recall``."""

import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from weakhitl.cli.gate import print_gate
from weakhitl.cli.shared import (
    EXIT_CODES,
    echo_wrapped,
    guarded,
    json_option,
    leave_out,
    open_project,
    print_json,
    print_table,
    project_option,
)

if TYPE_CHECKING:
    from weakhitl.pipeline.recall import Recalled
    from weakhitl.release import Difference

_LINES = 40
"""Lines of a text's difference that are printed."""


@click.command("diff")
@click.argument("before", type=click.Path(path_type=Path))
@click.argument("after", type=click.Path(path_type=Path))
@click.option("--rows", type=click.IntRange(0), default=20, show_default=True, help="Changed rows that are printed.")
@click.option(
    "--out", type=click.Path(path_type=Path), help="Write all changed rows to a table (csv, tsv, jsonl, parquet, xlsx)."
)
@click.option("--texts", is_flag=True, help="Print the changed lines of configuration and functions, too.")
@json_option
@guarded
def diff_command(before: Path, after: Path, rows: int, out: Path | None, texts: bool, as_json: bool) -> None:
    """Say what is other in a later release, and why: BEFORE and AFTER are folders or zip files.

    Which labels changed and which vote flipped each of them; which functions,
    people, guidelines and figures are other. Nothing of the releases is run.

    \b
    Example:
      weakhitl diff releases/1.0.0 releases/1.1.0
    """
    from weakhitl.files import write_table
    from weakhitl.release import diff

    found = diff(before, after)
    if out is not None:
        write_table(out, found.table())
    if as_json:
        print_json(found.to_dict())
    else:
        print_difference(found, rows, texts=texts)


@click.command("recall")
@click.argument("source", nargs=-1, required=True)
@click.option("--reason", required=True, help="Why; it stands in every later release.")
@click.option("--dry-run", is_flag=True, help="Only list what rests on it; write nothing.")
@click.option("--no-release", is_flag=True, help="Recall it, and make no release.")
@click.option("--lift", is_flag=True, help="Let what was recalled count again.")
@project_option
@json_option
@guarded
def recall_command(
    *,
    project_path: Path,
    source: tuple[str, ...],
    reason: str,
    dry_run: bool,
    no_release: bool,
    lift: bool,
    as_json: bool,
) -> None:
    """Withdraw a function found wrong, a person found cheating, or items, and release without.

    SOURCE is the name of a labeling function or of an annotator, or item:ID;
    of items there may be many. The releases that rest on it are listed, with
    what becomes of their labels. Where the last one does, labels are made
    again without it, the gate runs, and the next patch version is written:
    exit codes are those of release.

    \b
    Example:
      weakhitl recall says_fog --reason "its word list was of another language"
      weakhitl recall item:82676412 item:82513588 --reason "their author wants it"
    """
    project = open_project(project_path)
    if lift:
        leave_out("--lift only writes that it counts again", "dry_run", "no_release")
        for one in source:
            name = project.lift_recall(one, reason)
            click.echo(f"{name} counts again; `weakhitl release` makes a version with it.")
        return
    found = project.recall(source, reason, dry_run=dry_run, make_release=not no_release)
    if as_json:
        print_json(found.to_dict())
    else:
        _print_recall(found, dry_run=dry_run, no_release=no_release)
    sys.exit(0 if found.released is None else EXIT_CODES[found.released.gate.status])


def _print_recall(found: "Recalled", *, dry_run: bool, no_release: bool) -> None:
    click.echo(f"{'Would recall' if dry_run else 'Recalled'}: {found.source} ({found.why})")
    if not found.affected:
        click.echo("No release rests on it.")
    else:
        rows = [(one.version, f"{one.votes:,}", f"{one.labels:,}", f"{one.released:,}") for one in found.affected]
        header = ("release", "its votes", "other labels", "of released rows")
        print_table("Releases that rest on it, and their labels without it", header, rows, numbers=(1, 2, 3))
    if found.released is None:
        if found.affected and not dry_run:
            why = "as asked for" if no_release else "the last one does not rest on it"
            click.echo(f"No release was made: {why}.")
        return
    print_gate(found.released.gate)
    if found.difference is None:
        click.echo(f"Not released without it; report: {found.released.report}")
        return
    click.echo(f"Released: {found.released.path}\nDigest:   {found.released.digest}")
    print_difference(found.difference, 10)


def print_difference(found: "Difference", rows: int, *, texts: bool = False) -> None:
    """Print what is other, in tables that fit the terminal."""
    click.echo(f"{found.before} -> {found.after}")
    counts = [(name, f"{count:,}") for name, count in found.counts.items() if count or name.startswith("items")]
    print_table("Items", ("", ""), counts, numbers=(1,))
    _print_labels(found, rows)
    _print_sources(found)
    _print_texts(found, whole=texts)
    _print_figures(found.figures)


def _print_labels(found: "Difference", rows: int) -> None:
    for old, new in found.renamed.items():
        echo_wrapped(f"The class {old!r} is {new!r} now, and is called that from here on.")
    if not found.rows:
        click.echo("\nNo label is other.")
        return
    pairs = Counter((row.before, row.after) for row in found.rows if row.before != row.after)
    lines = [(before or "none", after or "none", f"{count:,}") for (before, after), count in pairs.most_common()]
    if lines:
        print_table("Labels", ("before", "after", "items"), lines, numbers=(2,))
    if found.flips:
        flips = [(source, f"{count:,}") for source, count in found.flips.items()]
        print_table("Whose vote alone flips a row", ("source", "rows"), flips, numbers=(1,))
    if rows:
        shown = [(row.item, row.before or "none", row.after or "none", row.why) for row in found.rows[:rows]]
        print_table("Rows", ("item", "before", "after", "why"), shown)
        if len(found.rows) > rows:
            click.echo(f"and {len(found.rows) - rows:,} more; --rows {len(found.rows)}, --out FILE or --json has them")


def _print_sources(found: "Difference") -> None:
    if not found.sources:
        click.echo("\nNo source is other.")
        return
    lines = [
        (one.source, *("none" if n is None else f"{n:,}" for n in (one.before, one.after)), f"{one.changed:,}")
        for one in found.sources
    ]
    print_table("Sources", ("source", "votes before", "after", "of these other"), lines, numbers=(1, 2, 3))
    for one in found.sources:
        if one.recalled:
            echo_wrapped(f"{one.source} was recalled: {one.recalled}")


def _print_texts(found: "Difference", *, whole: bool) -> None:
    if not found.texts:
        click.echo("\nConfiguration, functions and guidelines are the same.")
        return
    lines = [(one.path, one.status, f"+{one.added:,} -{one.removed:,}") for one in found.texts]
    print_table("Texts", ("file", "", "lines"), lines)
    for one in found.texts:
        if whole or one.path.startswith("guidelines/"):
            click.echo("\n".join(one.lines[:_LINES]))
            if len(one.lines) > _LINES:
                click.echo(f"and {len(one.lines) - _LINES:,} lines more")


def _print_figures(figures: "dict[str, Any] | Any") -> None:
    from weakhitl.release.report.sections.changes import figure_rows

    rows = [row for row in figure_rows(figures) if row[1] != row[2]]
    if rows:
        print_table("Figures", ("figure", "before", "now"), rows)
    else:
        click.echo("\nEvery figure is the same.")
