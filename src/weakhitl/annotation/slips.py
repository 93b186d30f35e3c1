"""What goes over the desk: the rules, an item that is given, an answer that comes back."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

import pandas as pd

from weakhitl.schema import LabelSchema


@dataclass(frozen=True)
class Rules:
    """How items are given to people; see ``[routing]`` and ``[annotation]`` of the configuration.

    Attributes
    ----------
    schema
        The classes.
    most, settled
        Of the overlap.
    min_agreement, min_ratings
        What qualifies a person on a pilot.
    lease, idle
        Seconds that an item is theirs, and that count at most as spent on it.
    gold, gold_share
        Item -> class name of known items, and their share of what a person gets.
    repeat_share
        Share of what a person gets that they had before.
    exclude
        Says of all ratings whose do not count, and why; they are given nothing more.
    withdrawn
        Names the items that nobody is asked about any more.
    show_share
        Share of the items on which they see a suggestion.

    """

    schema: LabelSchema
    most: int | None = None
    settled: float = 0.6
    min_agreement: float = 0.75
    min_ratings: int = 10
    lease: float = 600.0
    idle: float = 180.0
    gold: Mapping[str, str] = field(default_factory=dict)
    gold_share: float = 0.0
    repeat_share: float = 0.0
    show_share: float = 0.0
    exclude: Callable[[pd.DataFrame], Mapping[str, str]] | None = None
    withdrawn: Callable[[], Collection[str]] = frozenset


@dataclass(frozen=True)
class Given:
    """An item that a person has: until when (seconds since 1970), as what, and whether they see a suggestion."""

    item: str
    role: str
    since: float
    until: float
    suggested: bool


@dataclass(frozen=True)
class Nothing:
    """Why there is no item: empty, quota, or qualify (those left are for people who qualified)."""

    why: str


@dataclass(frozen=True)
class Answer:
    """What a person says of an item; ``label`` None is a skip. ``id`` is made at the page, so that it counts once."""

    item: str
    label: str | None
    id: str
    note: str = ""
    seconds: float | None = None
    guideline: str = ""
    suggestion: str = ""


@dataclass(frozen=True)
class Stored:
    """What became of an answer: its event's number, whether it was known already, and whether it came too late."""

    number: int
    known: bool = False
    surplus: bool = False


@dataclass(frozen=True)
class Last:
    """A person's last answer, when it was kept (ISO 8601, UTC) and under which guideline, and how many they gave."""

    item: str
    label: str | None
    time: str
    guideline: str
    number: int
