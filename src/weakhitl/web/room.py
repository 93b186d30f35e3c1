"""What the server knows of the project while it runs. It runs no labeling function: votes are read, as they stand."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from weakhitl.annotation import (
    ADJUDICATOR,
    Desk,
    Event,
    Given,
    Guidelines,
    People,
    Person,
    adjudication_queue,
    class_keys,
    count_by,
)
from weakhitl.errors import StateError
from weakhitl.gate import ITEM, PERSON
from weakhitl.pipeline.online import Online
from weakhitl.pipeline.workspace import Workspace
from weakhitl.votes import Votes
from weakhitl.web.recent import Recent
from weakhitl.web.show import Field, fields_of
from weakhitl.web.spans import Spans
from weakhitl.wording import number_of

_SHORT = 4
"""Signs of a class whose button fits beside ten others."""


@dataclass(frozen=True)
class Suggestion:
    """What the functions make of an item, and the passages that they go by."""

    label: str
    confidence: float
    passages: tuple[str, ...] = ()


@dataclass(frozen=True)
class Case:
    """An item before the adjudicator: why it is there, and what was said of it; nothing where they decide blind."""

    why: str
    ratings: list[dict[str, Any]]
    votes: list[tuple[str, str]]
    blind: bool


class Room:
    """A project that people work on.

    Parameters
    ----------
    workspace
        The project; its store keeps its connections.

    """

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.config = workspace.config
        self.people = People(workspace.store)
        self.online = Online(workspace)
        self.guidelines = Guidelines(workspace.store, workspace.guideline_path)
        self.queue = Recent(self.desk.overview)
        """Counts of the queue's items."""
        self.counts = Recent(self._count_people)
        """What everybody rated, and how fast: a row for each person."""
        self._queued = Recent(self._queue)

    @property
    def desk(self) -> Desk:
        """What gives items out and takes ratings in."""
        return self.workspace.desk

    def queue_said(self) -> str:
        """Say in a sentence what there is to rate."""
        if waiting := self.desk.overview()["waiting"]:
            return f"{number_of(waiting, 'item waits', 'items wait')} for ratings."
        batches = self.workspace.store.batches()
        if not batches:
            return "Nothing is routed yet: run `weakhitl route`."
        if batches[-1].kind == "pilot":
            return f"A pilot of {number_of(len(batches[-1].items), 'item')} is open to everybody."
        return "All routed items have their ratings."

    @property
    def classes(self) -> list[str]:
        """The classes, in their order."""
        return list(self.config.schema_.classes)

    @property
    def keyed_classes(self) -> list[tuple[str, str]]:
        """The classes, each with the key that stands for it; empty where there are too many."""
        keys = class_keys(self.classes)
        return [(name, keys.get(name, "")) for name in self.classes]

    @property
    def is_scale(self) -> bool:
        """Whether the classes are in order and so short that their buttons fit side by side."""
        return self.config.labels.level != "nominal" and max(map(len, self.classes)) <= _SHORT

    @property
    def skips(self) -> list[str]:
        """The answers that are abstentions."""
        return list(self.config.schema_.skip)

    def row(self, item: str) -> Mapping[str, Any]:
        """Give an item's cells."""
        if item not in self.workspace.items.index and (arrived := self.online.find(item)) is not None:
            return {**dict.fromkeys(map(str, self.workspace.items.columns)), **arrived.row}
        return dict(self.workspace.items.loc[item])

    def fields(self, item: str, suggestion: Suggestion | None = None) -> list[Field]:
        """Give what is shown of an item."""
        annotation = self.config.annotation
        passages = () if suggestion is None else suggestion.passages
        return fields_of(self.row(item), self.workspace.columns_read, annotation.media, annotation.html, passages)

    # Suggestions --------------------------------------------------------------------------------------------------

    def suggestion(self, item: str) -> Suggestion | None:
        """Give what the functions make of an item; None where they know nothing, or nobody is to see it."""
        if self.config.annotation.suggest == "never" or item not in self._labels:
            return None
        label, confidence = self._labels[item]
        text = " ".join(str(cell) for name, cell in self.row(item).items() if name in self.workspace.columns_read)
        return Suggestion(label, confidence, self._spans.find(text))

    def shown_suggestion(self, given: Given) -> Suggestion | None:
        """Give the suggestion that goes with an item, if this person is to see it."""
        return self.suggestion(given.item) if given.suggested else None

    @cached_property
    def _labels(self) -> dict[str, tuple[str, float]]:
        try:
            consensus = self.workspace.assess().automatic
        except StateError:  # the functions have not run, or not on this data
            return {}
        names = [self.config.schema_.name(int(code)) for code in consensus.labels]
        cells = zip(consensus.items, names, consensus.confidence, strict=True)
        return {str(item): (name, float(sure)) for item, name, sure in cells if name is not None}

    @cached_property
    def _spans(self) -> Spans:
        return Spans(self.config.labeling.rule)

    # Adjudication -------------------------------------------------------------------------------------------------

    def waiting(self, person: Person | None = None) -> pd.DataFrame:
        """List what waits for adjudicators: item, why; without what a person has rated, if they decide blind."""
        found = self._queued()
        found = found[~found["item"].isin(self.desk.decided(but=self.workspace.recalled(PERSON)))]
        if person is None or not self.config.annotation.adjudicator_independent:
            return found
        return found[~found["item"].isin(self.desk.rated(person))]

    def _queue(self) -> pd.DataFrame:
        store = self.workspace.store
        ratings, batches = store.ratings(), store.batches()
        recalled = self.workspace.recalled(PERSON)
        counted = count_by(self.config, ratings, batches, self.workspace.tests, withdrawn=recalled)
        decides = (ratings["role"] == ADJUDICATOR) & ~ratings["annotator"].isin(list(recalled))
        decided = pd.Index([*ratings["item"][decides].unique(), *self.workspace.recalled(ITEM)])
        found = adjudication_queue(counted.settling, batches, decided, self.config.annotation.adjudicate_below)
        wanting = set(self.desk.unfinished(found["item"].tolist()))
        return found[~found["item"].isin(wanting)]

    def case(self, item: str, why: str) -> Case:
        """Put together what an adjudicator sees of an item: nothing of an audited one, where they decide blind."""
        if self.config.annotation.adjudicator_independent and self._audited(item):
            return Case(why, [], [], blind=True)
        ratings = self.workspace.store.ratings(item=item)
        ratings = ratings[ratings["role"] != ADJUDICATOR]
        told = ratings[["annotator", "label", "note"]].astype(object).where(ratings.notna(), None).to_dict("records")
        return Case(why, told, self.votes_on(item), blind=False)  # type: ignore[arg-type]  # columns are strings

    def _audited(self, item: str) -> bool:
        return any(item in set(one.drawn_for_audit) for one in self.workspace.store.batches())

    def votes_on(self, item: str) -> list[tuple[str, str]]:
        """Give what each function votes on an item, where it does."""
        votes = self._votes
        row = -1 if votes is None else votes.items.get_indexer(pd.Index([item]))[0]
        if votes is None or row < 0:
            return []
        codes = votes.take_items([row]).to_matrix()[0]
        schema = self.config.schema_
        return [
            (name, str(schema.name(int(code)))) for name, code in zip(votes.sources, codes, strict=True) if code >= 0
        ]

    @cached_property
    def _votes(self) -> Votes | None:
        try:
            return self.workspace.votes()
        except StateError:  # the functions have not run, or not on this data
            return None

    # People -------------------------------------------------------------------------------------------------------

    def _count_people(self) -> list[dict[str, Any]]:
        ratings = self.workspace.store.ratings()
        ratings = ratings[ratings["role"] != ADJUDICATOR]
        said = pd.DataFrame({"name": ratings["annotator"], "time": ratings["time"].astype(str)})
        said["skipped"] = ratings["label"].isna() | ratings["label"].isin(self.skips)
        said["seconds"] = pd.to_numeric(ratings["seconds"], errors="coerce")
        by_name = said.groupby("name")
        table = by_name.agg(answers=("skipped", "size"), skips=("skipped", "sum"), seconds=("seconds", "median"))
        table["last"] = by_name["time"].max()
        people = {person.name: person for person in self.people.all()}
        return [
            {
                "name": name,
                "role": _role(people.get(name)),
                "active": name in people and people[name].active,
                **_counts(table.loc[name] if name in table.index else None),
            }
            for name in sorted({*people, *table.index})
        ]

    def flags(self) -> list[Event]:
        """List what people flagged, the newest first, a hundred at most."""
        return self.workspace.flags()[:100]

    # Guideline ----------------------------------------------------------------------------------------------------

    def changes(self, since: str) -> list[tuple[str, str]]:
        """Say what changed in the guideline since a version: ("+" or "-", line)."""
        old, new = self.guidelines.text(since), self.guidelines.current().text
        if old is None or old == new:
            return []
        lines = difflib.ndiff(old.splitlines(), new.splitlines())
        return [(line[0], line[2:]) for line in lines if line[0] in "+-" and line[2:].strip()]


def _counts(row: "pd.Series[Any] | None") -> dict[str, Any]:
    if row is None:
        return {"ratings": 0, "skips": 0, "seconds": None, "last": ""}
    seconds = None if pd.isna(row["seconds"]) else float(row["seconds"])
    skips = int(row["skips"])
    return {"ratings": int(row["answers"]) - skips, "skips": skips, "seconds": seconds, "last": str(row["last"])}


def _role(person: Person | None) -> str:
    if person is None:
        return "from a file"
    return person.role if person.active else f"{person.role}, revoked"
