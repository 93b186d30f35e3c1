"""Rating in a terminal: one person, one key a class, the same queue as the page."""

import time
from typing import TYPE_CHECKING
from uuid import uuid4

import click

from weakhitl.annotation import Answer, Given, Person

if TYPE_CHECKING:
    from weakhitl.pipeline.workspace import Workspace
    from weakhitl.web.room import Room

_CLASS_KEYS = "123456789"


def rate_in_terminal(workspace: "Workspace", name: str) -> None:
    """Show item after item and keep what is pressed, until the queue is empty or q is pressed."""
    from weakhitl.web.room import Room

    room = Room(workspace)
    room.desk.settle()
    person = Person(name, "owner")
    click.echo(_keys(room))
    done = 0
    given = room.desk.next(person)
    while isinstance(given, Given):
        _show(room, given)
        begun = time.monotonic()
        key = click.getchar()
        if key in ("q", "\x03", "\x04"):
            break
        if key == "?":
            click.echo(_keys(room))
        elif key == "g":
            click.echo(room.guidelines.current().text or "There is no guideline.")
        elif key == "u":
            if room.desk.undo(person) is None:
                click.echo("There is nothing to take back.")
            else:
                done -= 1
        elif key == "f":
            room.desk.flag(person, given.item, click.prompt("What is wrong with it"), uuid4().hex)
        elif (answer := _answer(room, given, key, time.monotonic() - begun)) is not None:
            room.desk.submit(person, answer)
            done += 1
            click.secho(f"saved: {answer.label or 'skipped'}", dim=True)
        else:
            click.echo(f"{key!r} is no key here. {_keys(room)}")
        given = room.desk.next(person)
    else:
        click.echo("There is nothing more to rate at the moment.")
    click.echo(f"{done:,} rated. Thank you!")


def _answer(room: "Room", given: Given, key: str, seconds: float) -> Answer | None:
    keys = dict(zip(_CLASS_KEYS, room.classes, strict=False))
    if key not in keys and key != "s":
        return None
    note = click.prompt("Why (Enter for no reason)", default="", show_default=False) if key == "s" else ""
    label = keys.get(key, room.skips[0] if room.skips else None)
    suggestion = room.suggestion(given.item)
    shown = "" if suggestion is None else suggestion.label
    return Answer(given.item, label, uuid4().hex, note, seconds, room.guidelines.current().hash, shown)


def _show(room: "Room", given: Given) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    console.rule()
    fields = room.fields(given.item)
    for field in fields:
        if len(fields) > 1:
            console.print(Text(field.name, style="dim"))
        shown = field.raw if field.kind == "text" else f"[{field.kind}] {field.raw}"
        console.print(Text("".join(sign for sign in shown if sign.isprintable() or sign in "\n\t")))
    if (suggestion := room.shown_suggestion(given)) is not None:
        console.print(Text(f"suggested: {suggestion.label}", style="italic"))


def _keys(room: "Room") -> str:
    classes = "  ".join(f"{key} {name}" for key, name in zip(_CLASS_KEYS, room.classes, strict=False))
    return f"{classes}\ns skip  u undo  f flag  g guideline  ? keys  q stop"
