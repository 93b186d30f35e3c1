"""Command ``drift``."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from weakhitl.cli.shared import (
    EXIT_CODES,
    SEED,
    echo_wrapped,
    guarded,
    json_option,
    leave_out,
    open_project,
    print_json,
    print_table,
    project_option,
)
from weakhitl.wording import a_few, number_of

if TYPE_CHECKING:
    from weakhitl.monitor import Drift, Shift
    from weakhitl.pipeline.streams import Watched

_ROWS = 15
"""Comparisons without an alarm that are printed."""


@click.command("drift")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--over-time", is_flag=True, help="Instead: where people's agreement and pace changed, by ADWIN.")
@click.option("--by", multiple=True, metavar="COLUMN", help="Compare within each of its values, too; repeatable.")
@click.option("--smallest", type=click.IntRange(2), default=50, show_default=True, help="Units each side needs.")
@click.option("--alpha", type=float, default=0.05, show_default=True, help="Chance that any alarm is false.")
@click.option("--least-effect", type=float, default=0.05, show_default=True, help="Effect that matters, 0 to 1.")
@click.option("--seed", type=SEED, default=0, show_default=True, help="Seed of the permutations.")
@project_option
@json_option
@guarded
def drift_command(
    *,
    paths: tuple[Path, ...],
    over_time: bool,
    by: tuple[str, ...],
    smallest: int,
    alpha: float,
    least_effect: float,
    seed: int,
    project_path: Path,
    as_json: bool,
) -> None:
    """Say in what new items differ from earlier ones.

    Without PATHS: the items added since the last release, against those in it.
    With one: a file of new items, against the project's. With two: releases, or
    files. With --over-time: within the ratings, in the order in which they were
    given. Exit 1 with an alarm, 4 where nothing could be compared.

    \b
    Example:
      weakhitl drift november.csv
      weakhitl drift releases/1.0.0 releases/1.1.0
    """
    from weakhitl.errors import UsageError

    how: dict[str, Any] = {"by": by, "smallest": smallest, "alpha": alpha, "least_effect": least_effect, "seed": seed}
    if over_time:
        if paths:
            raise UsageError("--over-time looks at the project's own ratings; name no path")
        leave_out("--over-time compares no batches", "by", "smallest", "alpha", "least_effect", "seed")
        _over_time(open_project(project_path).watch(), as_json=as_json)
    if len(paths) > 2:
        raise UsageError(f"{len(paths)} paths are too many; expected none, one or two")
    if len(paths) == 2:
        from weakhitl.pipeline.drift import files_drift

        found = files_drift(*paths, **how)
    else:
        found = open_project(project_path).drift(*paths, **how)
    if as_json:
        print_json(found.to_dict())
    else:
        _print(found)
    sys.exit(EXIT_CODES["fail" if found.alarms else "pass" if found.shifts else "undecided"])


def _over_time(found: "list[Watched]", *, as_json: bool) -> NoReturn:
    """Print the changes within the ratings, and exit."""
    changes = [(one, at) for one in found for at in range(len(one.changes))]
    if as_json:
        print_json([one.to_dict() for one in found])
    else:
        for one, at in changes:
            change, unit = one.changes[at], "" if one.scale == 1 else " s"
            click.secho(one.name, fg="red", bold=True, nl=False)
            before, after = (f"{number * one.scale:.3g}{unit}" for number in (change.before, change.after))
            click.echo(f": {before}, then {after}, from value {change.at + 1:,} of {one.n:,} ({one.times[at]})")
        unchanged = [one.name for one in found if not one.changes]
        if unchanged:
            echo_wrapped(f"No change in {number_of(len(unchanged), 'figure')}: {a_few(unchanged)}")
        verdict = number_of(len(changes), "alarm") if changes else "no alarm"
        click.secho(verdict if found else "undecided: no stream of 100 values or more", bold=True)
    sys.exit(EXIT_CODES["fail" if changes else "pass" if found else "undecided"])


def _print(found: "Drift") -> None:
    click.echo(f"{found.before}, then {found.after}: {number_of(len(found.shifts), 'comparison')}")
    for shift in found.alarms:
        click.secho(_title(shift), fg="red", bold=True, nl=False)
        click.echo(f": effect {shift.effect:.3f} (chance alone: up to {shift.chance:.3f}), {shift.p_text}")
        echo_wrapped(shift.what, indent=4)
    others = [shift for shift in found.shifts if not shift.alarm]
    rows = [
        (_title(shift), f"{shift.effect:.3f}", f"{shift.chance:.3f}", f"{shift.adjusted:.3f}")
        for shift in others[:_ROWS]
    ]
    if rows:
        print_table("No alarm, the largest first", ("what", "effect", "chance", "p (Holm)"), rows, [1, 2, 3])
    if len(others) > _ROWS:
        click.echo(f"... and {len(others) - _ROWS} more (--json shows all)")
    if found.small:
        echo_wrapped(f"Not compared, fewer than {found.smallest} on one side: {a_few(found.small)}.")
    n = len(found.alarms)
    alarms = number_of(n, "alarm") if n else "no alarm"
    verdict = alarms if found.shifts else "undecided: too little to compare"
    click.secho(verdict, bold=True, fg="red" if found.alarms else "green" if found.shifts else "yellow")


def _title(shift: "Shift") -> str:
    return f"{shift.kind} {shift.name}" + (f" where {shift.slice}" if shift.slice else "")
