"""Commands ``doctor`` and ``explain``."""

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING

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
from weakhitl.errors import UsageError
from weakhitl.wording import a_few, number_of

if TYPE_CHECKING:
    import pandas as pd

    from weakhitl.label_model import Calibration, Explanation

_COLOURS = {"warning": "yellow", "note": None}
_ROWS = 20


@click.command("doctor")
@click.option(
    "--gold",
    type=click.Path(path_type=Path),
    help="A file with columns item and label, for accuracies and calibration.",
)
@project_option
@json_option
@guarded
def doctor_command(project_path: Path, gold: Path | None, as_json: bool) -> None:
    """Say what may be wrong with the votes and the label model.

    Warnings first; each with its likely remedy. With gold labels that the
    model has not seen, also whether its confidence can be believed.

    \b
    Example:
      weakhitl doctor --gold gold.csv
    """
    diagnosis = open_project(project_path).doctor(gold)
    if as_json:
        print_json(diagnosis.to_dict())
        return
    for finding in diagnosis.findings:
        click.secho(f"{finding.level}: {finding.code}", fg=_COLOURS[finding.level], bold=True)
        echo_wrapped(finding.message, indent=2)
        echo_wrapped(f"-> {finding.remedy}", indent=2)
    warnings = sum(finding.level == "warning" for finding in diagnosis.findings)
    notes = len(diagnosis.findings) - warnings
    click.echo(f"{number_of(warnings, 'warning')}, {number_of(notes, 'note')}.")
    if diagnosis.calibration is not None:
        _print_calibration(diagnosis.calibration)


@click.command("explain")
@click.argument("item", required=False)
@click.option("--source", help="A function, or annotator:NAME, instead of an item.")
@project_option
@json_option
@guarded
def explain_command(project_path: Path, item: str | None, source: str | None, as_json: bool) -> None:
    """Show why ITEM has its label: what each vote adds, in log-odds.

    With --source: what a source votes for each true class, with 95 %
    credible intervals, and what its votes are worth.

    \b
    Example:
      weakhitl explain 82846118
      weakhitl explain --source mentions_sun
    """
    if (item is None) == (source is None):
        raise UsageError("name an item, or a source with --source; not both")
    project = open_project(project_path)
    if source is not None:
        table = project.explain_source(source)
        print_json(json.loads(table.to_json(orient="records"))) if as_json else _print_source(source, table)
        return
    assert item is not None  # noqa: S101  # one of the two is there
    explanation = project.explain(item)
    print_json(explanation.to_dict()) if as_json else _print_item(explanation)


def _print_item(explanation: "Explanation") -> None:
    likely = sorted(explanation.probabilities.items(), key=lambda one: -one[1])
    echo_wrapped(f"item {explanation.item}: {a_few([f'{name} {value:.1%}' for name, value in likely])}")
    rows = [(row["source"], row["vote"], f"{row['log_odds']:+.2f}") for _, row in explanation.table.iterrows()]
    rows.append(("sum", "", f"{explanation.table['log_odds'].sum():+.2f}"))
    title = f"What speaks for {explanation.label} against {explanation.against}"
    print_table(title, ("source", "vote", "log-odds"), rows, [2])
    if explanation.note:
        echo_wrapped(explanation.note)


def _print_source(source: str, table: "pd.DataFrame") -> None:
    says = table["log_odds"].abs().groupby(table["voted"]).transform("max") > 0
    given, rows = table[says | table["rate"].notna()], []  # without the votes that it never gives
    title = f"What {source} votes"
    if len(given) > _ROWS:
        title += f", the {_ROWS} strongest of {len(given):,} (--json shows all)"
        given = given.loc[given["log_odds"].abs().sort_values(ascending=False, kind="stable").index[:_ROWS]]
    for _, row in given.iterrows():
        learned = not math.isnan(row["rate"])
        rate = f"{row['rate']:.2f} [{row['low']:.2f}, {row['high']:.2f}]" if learned else "not learned"
        rows.append((row["true"], row["voted"], rate, f"{row['log_odds']:+.2f}"))
    print_table(title, ("true class", "vote", "rate", "log-odds"), rows, [2, 3])
    if table["rate"].isna().any():
        echo_wrapped("Not learned: votes alone do not identify its error rates; gold labels teach the log-odds.")


def _print_calibration(measured: "Calibration") -> None:
    rows = [
        (
            f"{row['low']:.1f}-{row['high']:.1f}",
            f"{row['items']:.0f}",
            f"{row['confidence']:.2f}",
            f"{row['accuracy']:.2f} [{row['accuracy_low']:.2f}, {row['accuracy_high']:.2f}]",
        )
        for _, row in measured.table.iterrows()
    ]
    header = ("confidence", "items", "mean", "accuracy")
    print_table("Confidence and accuracy, on gold that the model has not seen", header, rows, [1, 2, 3])
    click.echo(f"accuracy {measured.accuracy}")
    click.echo(f"expected calibration error {measured.ece}")
    click.echo(f"log-loss {measured.log_loss}")
