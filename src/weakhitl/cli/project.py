"""Commands ``init`` and ``status``."""

import shlex
from pathlib import Path
from typing import Any

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
from weakhitl.label_names import in_order
from weakhitl.wording import a_few


@click.command("init")
@click.argument("folder", type=click.Path(path_type=Path), default=Path())
@click.option(
    "--class",
    "classes",
    multiple=True,
    help="A class; give one at a time, in order.  [default: no, yes; with --from the labels there]",
)
@click.option(
    "--data", type=click.Path(path_type=Path), help="Your items: csv, tsv, jsonl, parquet, xlsx, or a folder of files."
)
@click.option(
    "--from",
    "source",
    metavar="TOOL",
    help="The data are another tool's file (label-studio, prodigy, ...): copy its items, under its ids.",
)
@click.option("--label", default="label", show_default=True, help="With --from: the question that holds the label.")
@click.option(
    "--id",
    "id_column",
    help="Column with the item ids.  [default: item, id, or the first that is unique]",
)
@click.option(
    "--add-ids",
    is_flag=True,
    help="Work on a copy of the data with a new column (--id, or item) that numbers the rows.",
)
@click.option("--no-functions", is_flag=True, help="For data that people label alone, without labeling functions.")
@click.option(
    "--task",
    type=click.Choice(["subjective", "objective"]),
    default="subjective",
    show_default=True,
    help="Sets the usual bar for agreement: 0.6 or 0.8.",
)
@click.option("--ci", is_flag=True, help="Write a GitHub workflow and a pre-commit hook too, or into a project.")
@guarded
def init_command(
    *,
    folder: Path,
    classes: tuple[str, ...],
    data: Path | None,
    source: str | None,
    label: str,
    id_column: str | None,
    add_ids: bool,
    no_functions: bool,
    task: str,
    ci: bool,
) -> None:
    """Make a new project: configuration, functions, guideline.

    \b
    Example:
      weakhitl init spam --class HAM --class SPAM --data comments.csv
      weakhitl init spam --from label-studio --data export.json
      weakhitl init . --class cat --class dog --data pictures --no-functions
      weakhitl init --ci
    """
    from weakhitl.config import CONFIG_NAME
    from weakhitl.pipeline.init import init_ci, init_project

    if ci and (folder / CONFIG_NAME).exists():
        _echo_written(init_ci(folder))
        return
    made = init_project(
        folder,
        classes,
        data,
        id_column,
        task,
        add_ids=add_ids,
        functions=not no_functions,
        source=source,
        label=label,
    )
    _echo_written([*made.written, *(init_ci(folder) if ci else [])])
    for notice in made.notices:
        echo_wrapped(notice)
    if data is None:
        click.echo(
            f"Put your items into {folder / 'items.csv'} (columns {made.id_column}, text), or change [data] path."
        )
    if len(made.classes) > 2 and in_order(made.classes)[1]:
        click.echo('The classes are numbers: if they are a scale, set level = "ordinal" in [labels].')
    people = "weakhitl import ratings that you have, or weakhitl route --all and weakhitl annotate"
    functions = f"edit labeling_functions/functions.py, then: weakhitl label --project {shlex.quote(str(folder))}"
    if source is not None:
        question = [] if label == "label" else ["--label", label]
        words = ["import", str(data), "--from", source, "--own-ids", *question, "--project", str(folder)]
        people = functions = f"weakhitl {shlex.join(words)}"
    echo_wrapped(f"Next: {people if no_functions else functions}")


def _echo_written(paths: list[Path]) -> None:
    for path in paths:
        click.echo(f"wrote {path}")


@click.command("status")
@click.option("--checks", is_flag=True, help="Also what each check says so far, and the agreement; nothing is logged.")
@click.option("--kpis", is_flag=True, help="Also how much people do, what it changes, and what it costs.")
@project_option
@json_option
@guarded
def status_command(project_path: Path, checks: bool, kpis: bool, as_json: bool) -> None:
    """Say how far the project is, and what comes next.

    \b
    Example:
      weakhitl status --project weather
    """
    facts = open_project(project_path).status(checks=checks, kpis=kpis)
    if as_json:
        print_json(facts)
        return
    for verdict in facts.pop("checks", []):
        facts[verdict["name"]] = f"{verdict['status']}: {verdict['why']}"
    if revision := facts.pop("revision", None):
        facts["before and after the revision"] = f"{revision['before']}, then {revision['after']}"
    facts.pop("people", None)  # `weakhitl annotators` shows them
    if found := facts.pop("agreement", None):
        facts["agreement"] = f"Krippendorff's alpha {found['text']}"
    figures, months = facts.pop("kpis", {}), facts.pop("interventions", [])
    print_table("", ("", ""), [(name, _words(value) or "none") for name, value in facts.items()])
    if kpis:
        _print_kpis(figures, months)


def _words(value: object) -> str:
    if isinstance(value, list):
        return a_few(value, "; ")
    return f"{value:,}" if isinstance(value, int) else str(value)


def _print_kpis(figures: dict[str, Any], months: list[dict[str, Any]]) -> None:
    from weakhitl.release.kpis import KPIS, kpi_text

    rows = [(kpi.title, kpi_text(figures[kpi.name], kpi.unit)) for kpi in KPIS if figures]
    print_table("Key figures (95 % intervals)", ("", ""), rows)
    if months:
        table = [[one["month"], f"{one['items']:,}", f"{one['share_so_far']:.1%}"] for one in months]
        print_table("People over time", ("month", "items first rated", "of all so far"), table, numbers=[1, 2])
