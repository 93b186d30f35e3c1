"""Commands ``check`` and ``plan``."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from weakhitl.cli.shared import (
    EXIT_CODES,
    STATUS_COLOURS,
    column_options,
    echo_notices,
    echo_wrapped,
    guarded,
    json_option,
    leave_out,
    open_project,
    print_for_programs,
    print_json,
    print_table,
    project_option,
    source_option,
)
from weakhitl.errors import UsageError
from weakhitl.wording import number_of

if TYPE_CHECKING:
    from weakhitl.gate import Gate

_FORMATS = ("text", "json", "junit", "sarif", "markdown", "github")


@click.command("check")
@click.option("--votes", "votes_path", type=click.Path(path_type=Path), help="A file of ratings, without a project.")
@click.option("--policy", "policy_path", type=click.Path(path_type=Path), help="Its policy: [labels], [[gate.check]].")
@column_options
@source_option
@click.option("--where", multiple=True, metavar="COLUMN=VALUE", help="Only the items with this value; repeatable.")
@click.option("--format", "form", type=click.Choice(_FORMATS), default="text", help="What to print.")
@click.option("--out", type=click.Path(path_type=Path), help="Write the format to this file, and print text.")
@click.option(
    "--log",
    "log_path",
    type=click.Path(path_type=Path),
    help="Where the run is logged.  [default: gate-log.jsonl beside the policy]",
)
@project_option
@json_option
@guarded
def check_command(
    *,
    project_path: Path,
    votes_path: Path | None,
    policy_path: Path | None,
    columns: tuple[str, str, str],
    wide: tuple[str, ...],
    source: str | None,
    where: tuple[str, ...],
    form: str,
    out: Path | None,
    log_path: Path | None,
    as_json: bool,
) -> None:
    """Run the gate: exit 0 pass, 1 fail, 4 undecided.

    Every run is logged in gate-log.jsonl. With --votes and --policy no project
    is needed, and every item counts alike. --format github writes annotations,
    and a table into the job's summary.

    \b
    Example:
      weakhitl check && weakhitl release 1.0.0
      weakhitl check --votes ratings.csv --policy gate.toml
      weakhitl check --format junit --out gate.xml
    """
    if (votes_path is None) != (policy_path is None):
        raise UsageError("--votes and --policy belong together")
    if votes_path is not None and policy_path is not None:
        from weakhitl.pipeline.ratings import RatingsFile, check_ratings

        if where:
            raise UsageError('--where is for projects; in a policy, give the check `where = { column = "value" }`')
        file = RatingsFile(votes_path, columns, wide, source)
        gate, notices = check_ratings(file, policy_path, log_path)
        echo_notices(notices)
    else:
        leave_out("it is about a table of ratings (--votes)", "item", "annotator", "label", "wide", "source")
        conditions, project = _conditions(where), open_project(project_path)
        project.check_output(out)
        gate = project.check(conditions, log=log_path)
    _write(gate, "json" if as_json else form, out, str(policy_path or "weakhitl.toml"))
    sys.exit(EXIT_CODES[gate.status])


def _conditions(where: tuple[str, ...]) -> dict[str, str]:
    pairs = [text.partition("=") for text in where]
    if wrong := [text for text, (_, sign, _) in zip(where, pairs, strict=True) if not sign]:
        raise UsageError(f"--where {wrong[0]}: expected COLUMN=VALUE")
    return {column: value for column, _, value in pairs}


def _write(gate: "Gate", form: str, out: Path | None, policy: str) -> None:
    from weakhitl.files import write_json, write_text
    from weakhitl.gate.outputs import FORMATS

    if out is not None:
        if form == "text":
            raise UsageError("--out needs --format json, junit, sarif, markdown or github")
        write_json(out, gate.to_dict()) if form == "json" else write_text(out, FORMATS[form](gate, policy))
        print_gate(gate)
    elif form == "json":
        print_json(gate.to_dict())
    elif form == "text":
        print_gate(gate)
    else:
        print_for_programs(FORMATS[form](gate, policy))
        summary = os.environ.get("GITHUB_STEP_SUMMARY")
        if form == "github" and summary:
            with Path(summary).open("a", encoding="utf-8") as file:
                file.write(FORMATS["markdown"](gate, policy))


@click.command("plan")
@click.option("--bar", type=float, help="Before any data: the bar that agreement must clear.")
@click.option("--expected", type=float, help="Before any data: the agreement that you believe in.")
@click.option("--prevalence", type=float, help="Before any data: share of the rarest class that matters.")
@click.option("--power", type=float, default=0.8, show_default=True, help="How likely the check shall pass then.")
@click.option("--confidence", type=float, default=0.95, show_default=True, help="One-sided confidence of the bound.")
@project_option
@json_option
@guarded
def plan_command(
    *,
    project_path: Path,
    bar: float | None,
    expected: float | None,
    prevalence: float | None,
    power: float,
    confidence: float,
    as_json: bool,
) -> None:
    """Say how many more items a verdict is likely to take.

    From what a project knows so far; or, with --bar, --expected and
    --prevalence, before any data: items that two people both rate.

    \b
    Example:
      weakhitl plan
      weakhitl plan --bar 0.6 --expected 0.75 --prevalence 0.3
    """
    guess = (bar, expected, prevalence)
    if bar is not None and expected is not None and prevalence is not None:
        _plan_before(bar, expected, prevalence, confidence, power, as_json=as_json)
        return
    if any(number is not None for number in guess):
        raise UsageError("--bar, --expected and --prevalence belong together")
    rows = open_project(project_path).plan()
    if as_json:
        print_json(rows)
        return
    shown = [
        (
            row["check"],
            row["status"],
            "" if row["value"] is None else f"{row['value']:.3f}",
            f"{row['measured']:,}",
            "" if row["more"] is None else f"{row['more']:,}",
        )
        for row in rows
    ]
    print_table("", ("check", "verdict", "now", "items", "more items"), shown, [2, 3, 4])
    for row in rows:
        if row["status"] != "pass":
            echo_wrapped(f"{row['check']}: {row['why']}" + (f"; next: {row['next']}" if row["next"] else ""))


def _plan_before(
    bar: float, expected: float, prevalence: float, confidence: float, power: float, *, as_json: bool
) -> None:
    from weakhitl.agreement import units_before

    needed = units_before(bar, expected, prevalence, confidence=confidence, power=power)
    if as_json:
        print_json({"bar": bar, "expected": expected, "prevalence": prevalence, "items": needed})
    elif needed is None:
        echo_wrapped(f"No number of items will do: {expected:g} is not above the bar {bar:g}.")
    else:
        echo_wrapped(
            f"About {number_of(needed, 'item')} that two people both rate: then the lower bound clears {bar:g} in "
            f"{power:.0%} of such studies if agreement is {expected:g}. More people an item need somewhat fewer items."
        )


def print_gate(gate: "Gate") -> None:
    """Print each verdict with its interval against the bar, why, and what to do next."""
    from weakhitl.gate.verdicts import NO_CHECKS

    if not gate.verdicts:
        click.echo(NO_CHECKS)
    for verdict in gate.verdicts:
        click.secho(f"{verdict.status.upper():<10}", fg=STATUS_COLOURS[verdict.status], bold=True, nl=False)
        shown = "" if verdict.estimate.value is None else f": {verdict.estimate}"
        click.echo(f"{verdict.name} {verdict.bar_text}{shown}")
        if line := _drawn(verdict.estimate.low, verdict.estimate.value, verdict.estimate.high, verdict.bar):
            click.echo(f"{'':10}{line}")
        echo_wrapped(verdict.why, indent=10)
        for name, (status, estimate) in verdict.parts.items():
            click.echo(f"{'':10}", nl=False)
            click.secho(f"{status:<10}", fg=STATUS_COLOURS[status], nl=False)
            click.echo(f"{name}: {estimate}")
        if verdict.advice:
            echo_wrapped(f"next: {verdict.advice}", indent=10)
    click.echo("Gate: ", nl=False)
    click.secho(gate.status, fg=STATUS_COLOURS[gate.status], bold=True)


def _drawn(low: float | None, value: float | None, high: float | None, bar: float, width: int = 50) -> str:
    """Draw the interval on a line from 0 to 1: ``-`` between the bounds, ``o`` the value, ``|`` the bar."""
    if low is None or high is None or value is None or max(abs(high), abs(bar)) > 1:
        return ""

    def place(number: float) -> int:
        return round(min(max(number, 0.0), 1.0) * width)

    cells = ["-" if place(low) <= at <= place(high) else "." for at in range(width + 1)]
    cells[place(value)] = "o"
    cells[place(bar)] = "|"
    return f"0 {''.join(cells)} 1"
