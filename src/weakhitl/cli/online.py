"""Commands ``online`` and ``pause``."""

import sys
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

if TYPE_CHECKING:
    from weakhitl.pipeline.online import OnlineReport


@click.command("online")
@click.option(
    "--out", type=click.Path(path_type=Path), help="Write what arrived to a table (csv, tsv, jsonl, parquet, xlsx)."
)
@project_option
@json_option
@guarded
def online_command(*, out: Path | None, project_path: Path, as_json: bool) -> None:
    """Say how the decisions on items that arrive one by one do.

    How many were accepted, routed to people, or left without a label; and how
    often people agree with what was accepted, by the share that they see by
    lot. Exit 1 when surely more of it is wrong than `max_error` of [online].

    \b
    Example:
      weakhitl online --json
    """
    from weakhitl.files import write_table

    project = open_project(project_path)
    project.check_output(out)
    found = project.online()
    if out is not None:
        write_table(out, project.arrivals)
    if as_json:
        print_json(found.to_dict())
    else:
        _print(found, project.config.online.max_error)
    sys.exit(EXIT_CODES["fail" if found.alarm else "pass"])


def _print(found: "OnlineReport", limit: float | None) -> None:
    rows = [
        (
            row["class"] or "not known",
            *(f"{row[name]:,}" for name in ("accepted", "routed", "unlabelled")),
            "" if row["class"] not in found.classes else str(found.classes[row["class"]]),
        )
        for row in found.to_dict()["counts"]
    ]
    print_table("What arrived", ("class", "accepted", "routed", "no label", "right"), rows, [1, 2, 3])
    for name, outcomes in found.by.items():
        echo_wrapped(f"{name}: {', '.join(f'{count:,} {outcome}' for outcome, count in outcomes.items())}")
    for name, why in found.paused.items():
        click.secho(f"paused: {name} ({why})", fg="yellow")
    right = found.right if found.right.value is not None else f"not known: {found.right.reason}"
    echo_wrapped(f"Right among the accepted: {right} ({found.answered:,} of {found.watched:,} watched have an answer)")
    if found.alarm:
        click.secho(f"alarm: surely more than {found.error_low:.1%} are wrong; {limit:.1%} is allowed", fg="red")
        echo_wrapped("next: `weakhitl pause upstream --reason TEXT` (or `model`, or a rule) sends all of it to people")


@click.command("pause")
@click.argument("source")
@click.option("--reason", required=True, help="Why.")
@click.option("--lift", is_flag=True, help="Let it go on.")
@project_option
@guarded
def pause_command(*, project_path: Path, source: str, reason: str, lift: bool) -> None:
    """Let a source decide nothing until further notice; releases stay as they are.

    SOURCE is `upstream` or `model`, whose items then all go to people, a
    labeling function, a rule, a judge or a person. A running server follows at
    once; votes are left out from the next `weakhitl label` or `check` on.

    \b
    Example:
      weakhitl pause model --reason "wrong on the new form"
    """
    project = open_project(project_path)
    if lift:
        click.echo(f"{project.lift_recall(source, reason)} goes on.")
        return
    name = project.recall(source, reason, make_release=False).source
    echo_wrapped(f"Paused: {name} ({reason}). `weakhitl pause {source} --lift --reason TEXT` lets it go on.")
