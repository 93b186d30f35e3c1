"""Command ``judge``: models as annotators."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from weakhitl.cli.shared import (
    EXIT_CODES,
    SEED,
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
    from weakhitl.pipeline.judges import Judged, Quote


@click.group("judge")
def judge_command() -> None:
    """Ask models about items, and license them by the audit.

    A judge is a [[judge]] of weakhitl.toml: a model behind an endpoint that
    speaks OpenAI's protocol, or a Python function. Its answers are votes of a
    source like any other.

    \b
    Example:
      weakhitl judge run gpt --sample 50
      weakhitl judge licence gpt --at-least 0.9
    """


@judge_command.command("run")
@click.argument("name")
@click.option("--sample", type=click.IntRange(1), help="Ask about so many random items.  [default: all]")
@click.option("--seed", type=SEED, default=0, show_default=True, help="Seed of the sample.")
@click.option("--dry-run", is_flag=True, help="Say what would be asked, and what it could cost; send nothing.")
@project_option
@json_option
@guarded
def run_command(name: str, project_path: Path, sample: int | None, seed: int, dry_run: bool, as_json: bool) -> None:
    """Ask a judge about the items that it has not answered yet.

    Answers are kept as they come (judges/NAME.jsonl): what was interrupted goes
    on with the next run, and nothing is paid for twice. Its votes are written to
    judges/NAME.csv, and count from the next `weakhitl label` on. Exit 3 where
    items could not be asked about.

    \b
    Example:
      weakhitl judge run gpt --dry-run
    """
    project = open_project(project_path)
    if dry_run:
        quote = project.quote(name, sample=sample, seed=seed)
        if as_json:
            print_json(quote.to_dict())
        else:
            _print_quote(quote)
        return
    found = project.judge(name, progress=not as_json, sample=sample, seed=seed)
    if as_json:
        print_json(found.to_dict())
    else:
        _print_run(found)
    sys.exit(3 if found.failed else 0)


def _print_quote(quote: "Quote") -> None:
    echo_wrapped(
        f"{number_of(quote.items, 'item')} would be asked about; at most {_money(quote.most)}" + _likely(quote.likely)
    )
    if quote.left is not None and quote.most > quote.left:
        echo_wrapped(f"The budget leaves {_money(quote.left)}: a run stops before it is exceeded.")
    _print_guideline(quote.guideline)
    if quote.first is not None:
        click.echo("The first of them:")
        for message in quote.first if isinstance(quote.first, list) else [{"role": "row", "content": quote.first}]:
            click.echo(f"\n--- {message['role']}\n{_shown(message['content'])}")


def _shown(content: Any) -> str:
    """Give what is sent as people read it; of an image only that there is one."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "\n".join(part.get("text", "[an image]") for part in content)
    return json.dumps(content, ensure_ascii=False, default=str)


def _likely(cost: float | None) -> str:
    return "" if cost is None else f", {_money(cost)} by the mean of earlier answers"


def _money(amount: float) -> str:
    """Give an amount with cents, and a small one with two digits that say something."""
    return f"{amount:,.2f}" if amount >= 1 or not amount else f"{amount:,.4f}"


def _print_guideline(left: str) -> None:
    if left:
        echo_wrapped(f"note: it is told the guideline, and {left}")


def _print_run(found: "Judged") -> None:
    total = sum(found.votes.values())
    click.echo(
        f"{number_of(found.new, 'item')} asked about now; "
        f"{number_of(total + found.abstained, 'answer')} by this model and prompt:"
    )
    votes = [[label, f"{n:,}"] for label, n in found.votes.items()]
    print_table("", ["class", "votes"], [*votes, ["(abstained)", f"{found.abstained:,}"]], numbers=[1])
    for problem, n in found.problems.items():
        echo_wrapped(f"- {number_of(n, 'answer counts', 'answers count')} as none: the answer {problem}")
    for reason, n in found.failed.items():
        echo_wrapped(f"- {number_of(n, 'item')} could not be asked about: {reason}")
    if found.unasked:
        echo_wrapped(
            f"- {number_of(found.unasked, 'item was', 'items were')} left: "
            f"the budget of [[judge]] {found.name} could be exceeded"
        )
    spent = found.spent
    click.echo(
        f"In all so far: {spent.tokens_in:,} tokens read, {spent.tokens_out:,} written, {_money(spent.cost)} spent"
    )
    _print_guideline(found.guideline)
    echo_wrapped("Its votes count from the next `weakhitl label` on.")


@judge_command.command("list")
@project_option
@json_option
@guarded
def list_command(project_path: Path, as_json: bool) -> None:
    """Say of each judge what it voted, cost, and is licensed for.

    \b
    Example:
      weakhitl judge list
    """
    found = open_project(project_path).judges()
    if as_json:
        print_json(found)
        return
    if not found:
        echo_wrapped("weakhitl.toml declares no [[judge]]")
        return
    states = {"new": "has not voted", "voted": "has voted", "changed": "changed since it voted"}
    rows = [
        [
            one["name"],
            one["model"],
            states[one["state"]],
            f"{one['votes']:,}",
            _money(one["spent"]["cost"]),
            _may(one),
        ]
        for one in found
    ]
    print_table("", ["judge", "model", "state", "votes", "spent", "licensed for"], rows, numbers=[3, 4])


def _may(one: dict[str, Any]) -> str:
    return ", ".join(one["licensed"]) or ("nothing: void" if one["licence"] == "void" else "nothing")


@judge_command.command("licence")
@click.argument("name")
@click.option("--at-least", type=float, required=True, help="Accuracy that the lower bound has to clear.")
@click.option("--confidence", type=float, default=0.95, show_default=True, help="Of all lower bounds together.")
@click.option("--by", help="A column of the data: license each of its values by itself.")
@project_option
@json_option
@guarded
def licence_command(
    name: str, project_path: Path, at_least: float, confidence: float, by: str | None, as_json: bool
) -> None:
    """License a judge for the classes in which the audit shows it good enough.

    Where it votes a class that it is licensed for, items are routed to people
    last; the random audit goes on. A licence is void when model, prompt or
    examples change. Exit 4 where it is licensed for nothing.

    \b
    Example:
      weakhitl judge licence gpt --at-least 0.9
    """
    found = open_project(project_path).licence(name, at_least=at_least, confidence=confidence, by=by)
    if as_json:
        print_json(found.to_dict())
    else:
        rows = [
            [*([] if by is None else [str(cell.part)]), cell.label, f"{cell.right:,} of {cell.n:,}",
             f"{cell.accuracy.low:.3f}", "licensed" if cell.licensed else "not licensed"]
            for cell in found.cells
        ]  # fmt: skip
        header = [*([] if by is None else [by]), "voted", "right on the audit", "lower bound", f"at least {at_least:g}"]
        print_table("", header, rows, numbers=[len(header) - 2])
        echo_wrapped(
            f"Bounds hold together with {confidence:.0%} confidence; void when model, prompt or examples change."
        )
    sys.exit(EXIT_CODES["pass" if any(cell.licensed for cell in found.cells) else "undecided"])
