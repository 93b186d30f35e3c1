"""Command ``threshold``."""

import json
import sys
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING

import click

from weakhitl.cli.shared import (
    EXIT_CODES,
    echo_wrapped,
    guarded,
    json_option,
    open_project,
    print_json,
    print_table,
    project_option,
)
from weakhitl.wording import number_of

if TYPE_CHECKING:
    from weakhitl.feedback import ErrorThreshold

_ROWS = 12
"""Cutoffs that are printed."""


@click.command("threshold")
@click.option("--scores", type=click.Path(path_type=Path), help="Of these labels: item, label, confidence, or p:CLASS.")
@click.option("--error", type=float, default=0.02, show_default=True, help="Share of wrong labels that is allowed.")
@click.option("--confidence", type=float, default=0.95, show_default=True, help="How sure that has to be; one-sided.")
@click.option("--by-class", is_flag=True, help="A threshold for each class; all of them hold together.")
@click.option(
    "--out", type=click.Path(path_type=Path), help="Write what is accepted to a table (csv, tsv, jsonl, parquet, xlsx)."
)
@project_option
@json_option
@guarded
def threshold_command(
    *,
    project_path: Path,
    scores: Path | None,
    error: float,
    confidence: float,
    by_class: bool,
    out: Path | None,
    as_json: bool,
) -> None:
    """Find by the audit which labels need no person.

    The confidence from which on at most 2 % of the labels are wrong, shown with
    95 % confidence on the decided audit; exit 4 where nothing can be shown.
    Of the functions' labels, or of those of another model, given by --scores.

    \b
    Example:
      weakhitl threshold --error 0.02 --out accepted.csv
      weakhitl threshold --scores models/out_of_fold.parquet --by-class
    """
    from weakhitl.files import write_table

    project = open_project(project_path)
    project.check_output(out)
    found = project.threshold(scores=scores, error=error, confidence=confidence, by_class=by_class)
    if out is not None:
        write_table(out, found.table)
    if as_json:
        print_json({name: one.to_dict() for name, one in found.thresholds.items()})
    else:
        for name, one in found.thresholds.items():
            _print(name, one)
        click.echo(f"{number_of(len(found.table), 'item')} that nobody has looked at can be accepted" + _where(out))
        if found.late:
            echo_wrapped(
                f"{number_of(found.late, 'item')} came into the dataset after the audit was drawn, which says nothing "
                "of them: weakhitl route draws another."
            )
        if found.seen:
            echo_wrapped(
                f"Functions changed their votes on the audit after {number_of(found.seen, 'item')} of it had been "
                "decided; where that was seen, this promises too much: weakhitl route draws another."
            )
        if scores is not None and any(one.best for one in found.thresholds.values()):
            click.echo(f"For [online] in weakhitl.toml: accept = {_setting(found.thresholds)}")
    sys.exit(EXIT_CODES["pass" if any(one.best for one in found.thresholds.values()) else "undecided"])


def _setting(found: "dict[str, ErrorThreshold]") -> str:
    """Write thresholds as TOML, rounded up: whoever copies them accepts no label more."""
    cuts = {name: f"{ceil(one.best.confidence * 1e4) / 1e4:.4f}" for name, one in found.items() if one.best}
    return (
        cuts["all"]
        if "all" in cuts
        else f"{{ {', '.join(f'{json.dumps(name)} = {cut}' for name, cut in cuts.items())} }}"
    )


def _where(out: Path | None) -> str:
    return "." if out is None else f"; they are in {out}."


def _print(name: str, one: "ErrorThreshold") -> None:
    best = one.best
    click.secho("" if name == "all" else f"{name}: ", bold=True, nl=False)
    if best is None:
        click.secho("undecided", fg="yellow", bold=True)
        echo_wrapped(f"{one.reason}.")
    else:
        click.secho(f"confidence {_floor(best.confidence)} and more", bold=True)
        echo_wrapped(
            f"{best.accepted:,} of {one.items:,} labels ({best.accepted / one.items:.0%}), of which at most "
            f"{one.error:.3g} are wrong, with {one.confidence:.3g} confidence: {best.errors} of {best.audited:,} "
            "audited ones are."
        )
    cutoffs = one.cutoffs[:: max(1, -(-len(one.cutoffs) // _ROWS))]
    if cutoffs:
        rows = [
            (_floor(c.confidence), f"{c.accepted:,}", f"{c.audited:,}", str(c.errors), f"{c.error:.3f}", _mark(c.holds))
            for c in cutoffs
        ]
        print_table("", ("confidence", "labels", "audited", "wrong", "at most", "shown"), rows, [0, 1, 2, 3, 4])


def _floor(confidence: float) -> str:
    """Four digits, rounded down: whoever copies them takes no label away."""
    return f"{int(confidence * 1e4) / 1e4:.4f}"


def _mark(holds: bool) -> str:
    return "yes" if holds else "no"
