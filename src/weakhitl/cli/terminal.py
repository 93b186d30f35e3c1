"""Rating in a terminal: one person, one key a class, the same queue as the page."""

import os
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Self
from uuid import uuid4

import click

from weakhitl.annotation import Answer, Given, Person, class_keys

if TYPE_CHECKING:
    from weakhitl.pipeline.workspace import Workspace
    from weakhitl.web.room import Room


def rate_in_terminal(workspace: "Workspace", name: str) -> None:
    """Show item after item and keep what is pressed, until the queue is empty or q is pressed."""
    from weakhitl.web.room import Room

    room = Room(workspace)
    room.desk.settle()
    keys = Keys()
    person, done = Person(name, "owner"), 0
    click.echo(_keys(room))
    with keys:
        while isinstance(given := room.desk.next(person), Given):
            _show(room, given)
            begun = time.monotonic()
            key = keys.read()
            if key in ("q", "\x03", "\x04", ""):
                break
            done += _act(room, person, given, key, keys, begun)
        else:
            click.echo("There is nothing more to rate at the moment.")
    click.echo(f"{done:,} rated. Thank you!")


def _act(room: "Room", person: Person, given: Given, key: str, keys: "Keys", begun: float) -> int:
    """Do what a key says, and give how many ratings more there are."""
    if key == "?":
        click.echo(_keys(room))
    elif key == "g":
        click.echo(room.guidelines.current().text or "There is no guideline.")
    elif key == "u":
        if room.desk.undo(person) is not None:
            return -1
        click.echo("There is nothing to take back.")
    elif key == "f":
        room.desk.flag(person, given.item, keys.ask("What is wrong with it"), uuid4().hex)
    elif key == "s" or key in class_keys(room.classes).values():
        note = keys.ask("Why (Enter for no reason)") if key == "s" else ""
        answer = _answer(room, given, key, note, time.monotonic() - begun)
        room.desk.submit(person, answer)
        click.secho(f"saved: {answer.label or 'skipped'}", dim=True)
        return 1
    else:
        click.echo(f"{key!r} is no key here. {_keys(room)}")
    return 0


def _answer(room: "Room", given: Given, key: str, note: str, seconds: float) -> Answer:
    skip = room.skips[0] if room.skips else None
    named = {key: name for name, key in class_keys(room.classes).items()}
    label = skip if key == "s" else named[key]
    suggestion = room.suggestion(given.item)
    shown = "" if suggestion is None else suggestion.label
    return Answer(given.item, label, uuid4().hex, note, seconds, room.guidelines.current().hash, shown)


if sys.platform == "win32":

    def _single_keys() -> Callable[[], None] | None:
        """Leave the terminal as it is: ``click.getchar`` reads single keys from it."""
        return None

else:
    import termios
    import tty

    def _single_keys() -> Callable[[], None] | None:
        """Have the terminal give every key at once, and give what ends that; None where there is no terminal."""
        try:
            handle = sys.stdin.fileno()
            before = termios.tcgetattr(handle)
        except (OSError, termios.error):
            return None
        tty.setcbreak(handle, termios.TCSADRAIN)
        return lambda: termios.tcsetattr(handle, termios.TCSADRAIN, before)


class Keys:
    """Single keys from a terminal; what is typed ahead is not lost. Without a terminal, characters of the input."""

    def __init__(self) -> None:
        self._end: Callable[[], None] | None = None

    def __enter__(self) -> Self:
        self._end = _single_keys()
        return self

    def __exit__(self, *_: object) -> None:
        if self._end is not None:
            self._end()
            self._end = None

    def read(self) -> str:
        """Wait for a key; empty at the end of the input."""
        if self._end is None:
            return _get_char() if sys.stdin.isatty() else sys.stdin.read(1)
        return os.read(sys.stdin.fileno(), 1).decode("ascii", "replace")

    def ask(self, question: str) -> str:
        """Ask for a line."""
        self.__exit__()
        try:
            return str(click.prompt(question, default="", show_default=False))
        finally:
            self.__enter__()


def _get_char() -> str:
    try:
        return click.getchar()
    except EOFError:
        return ""


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
    classes = "  ".join(f"{key} {name}" for name, key in class_keys(room.classes).items())
    return f"{classes}\ns skip  u undo  f flag  g guideline  ? keys  q stop"
