"""What commands share: the options every one has, errors, tables."""

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from weakhitl.errors import UsageError, WeakHITLError

if TYPE_CHECKING:
    from weakhitl.pipeline import Project

F = TypeVar("F", bound=Callable[..., Any])

STATUS_COLOURS = {"pass": "green", "fail": "red", "undecided": "yellow", "waived": "magenta"}
SEED = click.IntRange(0, 2**32 - 1)
"""What NumPy and scikit-learn both take."""

EXIT_CODES = {"pass": 0, "fail": 1, "undecided": 4}


def project_option(function: F) -> F:
    """``--project DIR``: the folder that holds weakhitl.toml."""
    return click.option(
        "--project",
        "project_path",
        type=click.Path(path_type=Path),
        default=Path(),
        show_default="the current folder",
        help="Folder with weakhitl.toml, or that file.",
    )(function)


def column_options(function: F) -> F:
    """``--item``, ``--annotator``, ``--label``: the columns of a table of ratings, as ``columns``; and ``--wide``."""

    @wraps(function)
    def with_columns(*args: Any, item: str, annotator: str, label: str, **kwargs: Any) -> Any:
        return function(*args, columns=(item, annotator, label), **kwargs)

    made: Any = click.option(
        "--wide",
        multiple=True,
        metavar="COLUMN",
        help="A row is an item: an annotator's column, or a pattern ('rater_*', '*' for all but the item's).",
    )(with_columns)
    for name in ("label", "annotator", "item"):
        made = click.option(f"--{name}", default=name, show_default=True, help=f"Column with the {name}.")(made)
    return made  # type: ignore[no-any-return]  # wraps keeps the signature that click reads


def leave_out(why: str, *names: str) -> None:
    """Raise ``UsageError`` where one of these options was typed: it would say nothing here."""
    context = click.get_current_context()
    for option in context.command.params:
        if option.name in names and context.get_parameter_source(option.name) is ParameterSource.COMMANDLINE:
            raise UsageError(f"leave out {max(option.opts, key=len)}: {why}")


def echo_notices(notices: Iterable[str]) -> None:
    """Say what was left out of a file, beside what goes to standard output."""
    for notice in notices:
        click.secho(f"Notice: {notice}", fg="yellow", err=True)


def source_option(function: F) -> F:
    """``--from``: the tool whose format a file has, as ``source``."""
    text = "Another tool's format.  [default: a table]"
    return click.option("--from", "source", metavar="NAME", help=text)(function)


def json_option(function: F) -> F:
    """``--json``: print the result for a program."""
    return click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")(function)


def guarded(function: F) -> F:
    """Turn our errors into one message and an exit code; ``--debug`` shows the traceback."""

    @click.option("--debug", is_flag=True, help="Show the traceback of an error.")
    @wraps(function)
    def guard(*args: Any, debug: bool, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except WeakHITLError as error:
            if debug:
                raise
            click.secho(f"Error: {error}", fg="red", err=True)
            sys.exit(error.exit_code)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise  # click ends these itself, the last without a word: `| head` is no fault
        except KeyboardInterrupt:
            click.secho("Interrupted; nothing half-written is left.", fg="red", err=True)
            sys.exit(130)
        except Exception as error:
            if debug:
                raise
            text = (
                f"Error: {type(error).__name__}: {error}\nThis should not happen; `--debug` shows where, for a report."
            )
            click.secho(text, fg="red", err=True)
            sys.exit(3)

    return guard  # type: ignore[return-value]  # wraps keeps the signature that click reads


def open_project(path: Path) -> "Project":
    """Load the project of a command."""
    from weakhitl.pipeline import Project

    return Project.load(path)


def print_json(value: Any) -> None:
    """Print JSON to standard output; where that is not UTF-8, as on Windows, with other letters as escapes."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=not _prints_utf8()))


def print_for_programs(text: str) -> None:
    """Print text to standard output as UTF-8, which is what programs expect that read such formats."""
    click.echo(text if _prints_utf8() else text.encode("utf-8"), nl=False)


def _prints_utf8() -> bool:
    return (sys.stdout.encoding or "").replace("-", "").lower() == "utf8"


def print_table(title: str, header: Sequence[str], rows: Sequence[Sequence[str]], numbers: Sequence[int] = ()) -> None:
    """Print a table that fits the terminal (80 columns where there is none); ``numbers`` are right-aligned."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    if title:
        click.echo(f"\n{title}")
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), show_header=any(header))
    for at, name in enumerate(header):
        table.add_column(name, justify="right" if at in numbers else "left", overflow="fold", no_wrap=at == 0)
    for row in rows:
        table.add_row(*(Text(cell, style=STATUS_COLOURS.get(cell, "")) for cell in row))
    Console(highlight=False, soft_wrap=False).print(table)


def echo_wrapped(text: str, indent: int = 0) -> None:
    """Print a sentence, wrapped at 80 columns; words are whole, so that options and paths can be copied."""
    from textwrap import fill

    margin = " " * indent
    click.echo(
        fill(
            text,
            80,
            initial_indent=margin,
            subsequent_indent=margin,
            break_long_words=False,
            break_on_hyphens=False,
        )
    )
