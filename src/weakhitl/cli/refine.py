"""Command ``refine``."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from weakhitl.cli.shared import (
    SEED,
    echo_wrapped,
    guarded,
    json_option,
    open_project,
    print_json,
    print_table,
    project_option,
)
from weakhitl.wording import a_few, number_of

if TYPE_CHECKING:
    from weakhitl.feedback.candidates import Candidate
    from weakhitl.feedback.function_errors import FunctionErrors
    from weakhitl.pipeline.refine import Preview, Refined

_ROWS = 20


@click.command("refine")
@click.option("--most", type=click.IntRange(0), default=10, show_default=True, help="Rules that are proposed.")
@click.option("--write", "numbers", type=int, multiple=True, help="Write this proposal into a patch; repeatable.")
@click.option("--stub", metavar="FUNCTION", help="Write a narrower version of this function, to be edited.")
@click.option("--seed", type=SEED, default=0, show_default=True, help="Seed of the split, where there is no audit.")
@project_option
@json_option
@guarded
def refine_command(
    *, most: int, numbers: tuple[int, ...], stub: str | None, seed: int, project_path: Path, as_json: bool
) -> None:
    """Say what people's labels teach about the functions.

    Which functions are overturned and by what words, which classes nobody
    covers, and rules that labels suggest, each with a preview of what it would
    change. Nothing changes: --write makes a patch, --stub a function to edit.

    \b
    Example:
      weakhitl refine
      weakhitl refine --write 1 --write 3 && patch -p1 < refinements/refine.patch
    """
    project = open_project(project_path)
    found = project.refine(most=most, seed=seed)
    written = project.write_refinements(found, numbers, stub)
    if as_json:
        print_json(found.to_dict() | {"written": [str(path) for path in written]})
        return
    _print(found)
    for path in written:
        click.echo(f"wrote {path}")


def _print(found: "Refined") -> None:
    measured = int(found.people.measured.sum())
    half = "a random half: there is no random audit with enough labels beside it"
    drawn = "a random audit" if found.people.random else half
    echo_wrapped(
        f"{number_of(len(found.people), 'item has', 'items have')} a label by people: "
        f"{len(found.people) - measured:,} to learn from, {measured:,} to measure on ({drawn})."
    )
    _print_functions([one for one in found.functions if one.wrong])
    rows = [(name, _interval(one)) for name, one in found.recall.items()]
    print_table("Share of each class's items on which a function votes it", ("class", "found"), rows)
    for row in found.repeats.itertuples():
        echo_wrapped(f"{row.first} and {row.second} say the same ({row.repeats:.0%} of {row.both:,}): one is enough.")
    if len(found.gaps):
        echo_wrapped(f"Words of items without any vote: {', '.join(map(str, found.gaps['value']))}")
    _print_candidates(found.candidates)


def _print_functions(functions: "list[FunctionErrors]") -> None:
    rows = [
        (one.name, f"{one.wrong:,} of {one.judged:,}", _interval(one.accuracy), a_few([*one.instead], most=3))
        for one in functions[:_ROWS]
    ]
    if rows:
        more = f", the first {_ROWS} of {len(functions):,} (--json shows all)" if len(functions) > _ROWS else ""
        print_table(f"Overturned{more}", ("function", "wrong", "accuracy", "people say"), rows)
    for one in functions[:_ROWS]:
        if one.words:
            words = ", ".join(f"{word} ({wrong} wrong, {right} right)" for word, wrong, right, _ in one.words)
            echo_wrapped(f"{one.name} errs where items hold: {words}")


def _print_candidates(candidates: "list[tuple[Candidate, Preview]]") -> None:
    if not candidates:
        click.echo("No rule is proposed: nothing goes with a class surely enough.")
        return
    rows = [
        (
            str(number),
            f"{one.label}: {one.value}"
            if one.kind == "keyword"
            else f"{one.label}: {one.column} {one.kind} {one.value}",
            _interval(one.precision),
            f"{one.items:,} ({one.uncovered:,})",
            f"{preview.changed:,} + {preview.labelled:,}",
        )
        for number, (one, preview) in enumerate(candidates, start=1)
    ]
    click.echo()
    echo_wrapped(
        "Proposed rules, with their precision on the measured items; items of the dataset that they vote on (of "
        "these without a vote so far); labels that change and that are new:"
    )
    print_table("", ("", "rule", "precision", "items", "labels"), rows, [0, 3, 4])
    measured = any(one.value is not None for _, preview in candidates for one in preview.accuracy)
    for number, (_, preview) in enumerate(candidates, start=1):
        before, after = preview.accuracy
        accuracy = f"; release accuracy {before} -> {after}" if measured else ""
        echo_wrapped(f"{number}: coverage {preview.coverage[0]:.1%} -> {preview.coverage[1]:.1%}{accuracy}")
    if measured:
        echo_wrapped(
            "Whoever chooses by figures of the audit has used it up a little: draw a new audit before the next release "
            "rests on it."
        )


def _interval(estimate: object) -> str:
    text = str(estimate)
    return "not known" if text.startswith("undefined") else text
