"""Commands ``agreement`` and ``check``."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from weakhitl.cli.shared import (
    EXIT_CODES,
    STATUS_COLOURS,
    echo_wrapped,
    guarded,
    json_option,
    open_project,
    print_json,
    print_table,
    project_option,
)

if TYPE_CHECKING:
    from weakhitl.gate import Gate


@click.command("agreement")
@click.option("--pairs", default=5, show_default=True, help="How many pairs to show, lowest kappa first.")
@project_option
@json_option
@guarded
def agreement_command(project_path: Path, pairs: int, as_json: bool) -> None:
    """Measure how far the annotators agree, with intervals.

    \b
    Example:
      weakhitl agreement --pairs 10
    """
    from weakhitl.release.report.sections import estimate_text, kappa_text

    content = open_project(project_path).agreement()
    if as_json:
        print_json(content)
        return
    named: dict[str, dict[str, Any]] = dict(content["dataset"])
    named |= {f"alpha, {part} items alone": estimate for part, estimate in content["parts"].items()}
    rows = [(name, estimate_text(e), str(e["n_pairable"]), str(e["n_sources"])) for name, e in named.items()]
    print_table(
        "Agreement for the dataset",
        ("coefficient", "estimate [95 %]", "items", "people"),
        rows,
        [2, 3],
    )
    classes = [(name, estimate_text(estimate)) for name, estimate in content["by_class"].items()]
    print_table(
        "Alpha of each class against the rest",
        ("class", "alpha [95 %]"),
        classes,
    )
    shared = [pair for pair in content["pairs"] if pair["n"] >= 10 and pair["kappa"] is not None]
    lowest = sorted(shared, key=lambda pair: pair["kappa"])[:pairs]
    if lowest:
        listed = [(pair["first"], pair["second"], str(pair["n"]), kappa_text(pair)) for pair in lowest]
        title = f"Lowest of {len(shared):,} pairs that share ten items or more"
        print_table(title, ("first", "second", "items", "Cohen's kappa [95 %]"), listed, [2])
    if content["left_out_pilot_items"]:
        echo_wrapped(
            f"The {content['left_out_pilot_items']:,} pilot items are left out: people were chosen by their agreement "
            "there, and that alone would lift these figures."
        )


@click.command("check")
@project_option
@json_option
@guarded
def check_command(project_path: Path, as_json: bool) -> None:
    """Run the gate: exit 0 pass, 1 fail, 4 undecided.

    \b
    Example:
      weakhitl check && weakhitl release 1.0.0
    """
    gate = open_project(project_path).check()
    if as_json:
        print_json(gate.to_dict())
    else:
        print_gate(gate)
    sys.exit(EXIT_CODES[gate.status])


def print_gate(gate: "Gate") -> None:
    """Print each verdict with its interval against the bar, why, and what to do next."""
    if not gate.verdicts:
        click.echo("The policy has no checks: add [[gate.check]] to weakhitl.toml.")
    for verdict in gate.verdicts:
        click.secho(f"{verdict.status.upper():<10}", fg=STATUS_COLOURS[verdict.status], bold=True, nl=False)
        shown = "" if verdict.estimate.value is None else f": {verdict.estimate}"
        click.echo(f"{verdict.metric} at least {verdict.at_least:g}{shown}")
        if line := _drawn(verdict.estimate.low, verdict.estimate.value, verdict.estimate.high, verdict.at_least):
            click.echo(f"{'':10}{line}")
        echo_wrapped(verdict.why, indent=10)
        if verdict.advice:
            echo_wrapped(f"next: {verdict.advice}", indent=10)
    click.echo("Gate: ", nl=False)
    click.secho(gate.status, fg=STATUS_COLOURS[gate.status], bold=True)


def _drawn(low: float | None, value: float | None, high: float | None, bar: float, width: int = 50) -> str:
    """Draw the interval on a line from 0 to 1: ``-`` between the bounds, ``o`` the value, ``|`` the bar."""
    if low is None or high is None or value is None:
        return ""

    def place(number: float) -> int:
        return round(min(max(number, 0.0), 1.0) * width)

    cells = ["-" if place(low) <= at <= place(high) else "." for at in range(width + 1)]
    cells[place(value)] = "o"
    cells[place(bar)] = "|"
    return f"0 {''.join(cells)} 1"
