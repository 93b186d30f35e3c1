"""Online: items that arrive one by one are accepted, shown to people, or left without a label."""

import json
import random
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from weakhitl.agreement.sequential import betting_bounds
from weakhitl.annotation import ADJUDICATOR, ANNOTATOR
from weakhitl.annotation.arrivals import Arrival, Outcome
from weakhitl.brief import Brief
from weakhitl.config.online import OnlineSection
from weakhitl.errors import StateError, UsageError
from weakhitl.estimate import Estimate, exact_share
from weakhitl.files import write_text
from weakhitl.gate import FUNCTION, PERSON
from weakhitl.labeling import Rule
from weakhitl.labeling.chunk import Chunk
from weakhitl.labeling.declared import declared
from weakhitl.labeling.rule import run_rules
from weakhitl.pipeline.recalls import MODEL, ONLINE, UPSTREAM
from weakhitl.pipeline.workspace import Workspace
from weakhitl.routing import book_requested
from weakhitl.schema import ABSTAIN

if TYPE_CHECKING:
    from weakhitl.feedback.end_model import EndModel

DATA = "online.jsonl"
"""File of the data's folder that holds what arrived."""


class Online:
    """Decides what becomes of an item that arrives, and keeps it.

    Rules of ``[online]`` come first, then the class and confidence that came with the item, or those of the end model.
    What was paused decides nothing.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._settings = workspace.config.online
        self._lock = threading.Lock()
        self._model: tuple[float, EndModel] | None = None

    def warm(self) -> None:
        """Read beforehand what the first item would wait for: the dataset, the rules, the end model if there is one.

        Raises ``DataError`` where a rule reads a column that the data has not.
        """
        if self._settings == OnlineSection():
            return
        whole: dict[str, Any] = dict.fromkeys(self._columns)
        self._rule_votes(whole)
        if self._settings.model is not None:
            with suppress(StateError):
                self._ask(whole)

    def people_say(self, item: str) -> str | None:
        """Give the class that people say an item is of; None where they have not, skip, or are tied."""
        said = _said(self._workspace, self._workspace.store.ratings(item=item))
        return None if said.empty else said.iloc[0]

    def find(self, item: str) -> Arrival | None:
        """Give what was decided of an item; None where it did not arrive."""
        return self._workspace.arrivals.find(item)

    def arrive(self, row: Mapping[str, Any], label: str | None, confidence: float | None, actor: str = "") -> Arrival:
        """Decide on an item, and keep it; the same item again gets the same answer.

        Parameters
        ----------
        row
            Its cells, with its id.
        label, confidence
            What a model upstream says; None where it is for the end model to say.
        actor
            Who sent it.

        Raises
        ------
        UsageError
            It has no id, a column or a class that there is not, or nothing says what it is.
        StateError
            It is in the dataset, came otherwise before, or the data is a single file.

        """
        label = self._workspace.config.schema_.now(label)
        item, cells = self._checked(row, label, confidence)
        said = {} if label is None else {"label": label, "confidence": confidence}
        arrival = self._decide(item, cells, said)
        if arrival.outcome == "accepted" and random.SystemRandom().random() < self._settings.watch:
            arrival = Arrival(**{**vars(arrival), "watched": True})
        skill = self._workspace.config.routing.skill
        known = "" if skill is None or cells.get(skill) is None else str(cells[skill])
        return self._workspace.arrivals.add(arrival, actor, self._settings.overlap, known)

    def _checked(
        self, row: Mapping[str, Any], label: str | None, confidence: float | None
    ) -> tuple[str, dict[str, Any]]:
        id_, schema = self._workspace.config.data.id, self._workspace.config.schema_
        item = str(row.get(id_) or "")
        cells = {str(name): cell for name, cell in row.items() if name != id_}
        faults = [] if item else [f"the item has no {id_!r}"]
        faults += [f"column {name!r} is not in the data" for name in sorted({*cells} - {*self._columns})]
        if label is not None and label not in schema.classes:
            faults.append(f"there is no class {label!r}; there are {', '.join(map(str, schema.classes))}")
        if (label is None) != (confidence is None):
            faults.append("label and confidence belong together")
        if faults:
            raise UsageError("; ".join(faults))
        if not self._workspace.data_path.is_dir():
            path = self._workspace.config.data.path
            raise StateError(f"{path} is one file; new items need [data] path to be a folder")
        if item in self._workspace.items.index and self._workspace.arrivals.find(item) is None:
            raise StateError(f"item {item!r} is in the dataset already")
        return item, cells

    def _decide(self, item: str, cells: dict[str, Any], said: Mapping[str, Any]) -> Arrival:
        def decided(outcome: Outcome, label: str | None, confidence: float | None, by: str) -> Arrival:
            return Arrival(item, cells, said, outcome, label, confidence, by)

        whole: dict[str, Any] = {**dict.fromkeys(self._columns), **cells}
        said_by_rules = self._rule_votes(whole)
        for name in self._settings.route_rules:
            if name in said_by_rules:
                return decided("routed", said_by_rules[name], None, f"rule:{name}")
        votes = {name: said_by_rules[name] for name in self._settings.accept_rules if name in said_by_rules}
        if len({*votes.values()}) > 1:
            return decided("routed", None, None, f"rules ({', '.join(votes)} differ)")
        for name, vote in votes.items():
            return decided("accepted", vote, None, f"rule:{name}")
        by = UPSTREAM if said else MODEL
        label, confidence = (said["label"], float(said["confidence"])) if said else self._ask(whole)
        if by in self._workspace.recalled(ONLINE):
            return decided("routed", label, confidence, f"{by} (paused)")
        outcome: Outcome = "routed"
        if confidence >= self._settings.accept_at(label):
            outcome = "accepted"
        elif confidence < self._settings.route_at(label):
            outcome = "unlabelled"
        return decided(outcome, label, confidence, by)

    def _rule_votes(self, cells: Mapping[str, Any]) -> dict[str, str]:
        """Rule -> the class that it votes, of the rules that do and are not paused."""
        paused = self._workspace.recalled(FUNCTION) if self._rules else {}
        rules = [rule for name, rule in self._rules.items() if name not in paused]
        if not rules:
            return {}
        schema = self._workspace.config.schema_
        chunk = Chunk(pd.DataFrame([dict(cells)]), pd.RangeIndex(1))
        codes = [int(found[0]) for found in run_rules(rules, chunk, schema)]
        return {rule.name: str(schema.name(code)) for rule, code in zip(rules, codes, strict=True) if code != ABSTAIN}

    def _ask(self, cells: Mapping[str, Any]) -> tuple[str, float]:
        """Ask the end model; the newest one, if it was trained anew."""
        model = self._end_model()
        shares = model.predict_proba(pd.DataFrame([dict(cells)]))[0]
        code = int(np.argmax(shares))
        return str(model.classes[code]), float(shares[code])

    def _end_model(self) -> "EndModel":
        from weakhitl.feedback.end_model import FACTS, EndModel

        if self._settings.model is None:
            raise UsageError("the item has no label and confidence, and [online] names no model that could be asked")
        folder = self._workspace.root / self._settings.model
        try:
            trained = (folder / FACTS).stat().st_mtime
        except OSError:
            raise StateError(f"{folder / FACTS} is not there: `weakhitl train` makes the end model") from None
        with self._lock:
            if self._model is None or self._model[0] != trained:
                self._model = trained, self._of_todays_classes(EndModel.load(folder))
            return self._model[1]

    def _of_todays_classes(self, model: "EndModel") -> "EndModel":
        today = self._workspace.config.schema_.classes
        if {*model.classes} != {*today}:
            known = f"the end model knows {', '.join(model.classes)}, and the classes are {', '.join(today)}"
            raise StateError(f"{known}: `weakhitl train` makes it anew")
        return model

    @cached_property
    def _columns(self) -> list[str]:
        id_ = self._workspace.config.data.id
        return [str(name) for name in self._workspace.items.columns if name != id_]

    @cached_property
    def _rules(self) -> dict[str, Rule]:
        wanted = {*self._settings.accept_rules, *self._settings.route_rules}
        sections = [one for one in self._workspace.config.labeling.rule if one.name in wanted]
        root = self._workspace.root
        return {one.name: declared(one, root / one.file if one.file else None) for one in sections}


def take_in(workspace: Workspace) -> int:
    """Write what arrived into the data's folder, and book what people were asked of it as a batch; give how many.

    A share of that batch, by lot, an adjudicator decides, too (``[routing] audit_requested``), so that a release can
    speak of it. Items stay where they are once they are there.
    """
    arrived = workspace.arrivals.all()
    if not arrived:
        return 0
    if not workspace.data_path.is_dir():
        where = workspace.config.data.path
        raise StateError(f"{where} is one file; {len(arrived):,} items that arrived need [data] path to be a folder")
    id_, path = workspace.config.data.id, workspace.data_path / DATA
    columns = dict.fromkeys(workspace.rows().columns)
    rows = [{**columns, **one.row, id_: one.item} for one in arrived]
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        write_text(path, text)
        workspace.forget_items()
    batches, config = workspace.store.batches(), workspace.config
    booked = {item for batch in batches for item in batch.items}
    items = [one.item for one in arrived if one.asked and one.item not in booked]
    if items:
        share, overlap = config.routing.audit_requested, config.online.overlap
        workspace.store.add_batch(book_requested(items, 0, share, overlap, batches))
    return len(arrived)


@dataclass(frozen=True, repr=False)
class OnlineReport(Brief):
    """How the online decisions do.

    Attributes
    ----------
    counts
        A row for each class (None where nothing was known): how many were accepted, routed, left unlabelled.
    by
        What decided -> outcome -> how many.
    watched, answered
        How many accepted items people see by lot, and how many of them they have answered.
    right
        Share of those that people call the same, with the exact interval.
    error_low
        Bound that the share of wrong labels among the accepted surely exceeds, at every look (95 %, one-sided).
    classes
        Class -> that share of its own.
    paused
        What decides nothing at the moment -> why.
    alarm
        Whether ``error_low`` is above ``[online] max_error``.

    """

    counts: pd.DataFrame
    by: dict[str, dict[str, int]]
    watched: int
    answered: int
    right: Estimate
    error_low: float
    classes: dict[str, Estimate]
    paused: dict[str, str]
    alarm: bool

    def to_dict(self) -> dict[str, Any]:
        """Give all of it, ready for JSON."""
        return {
            "counts": self.counts.astype(object).where(self.counts.notna(), None).to_dict("records"),
            "by": self.by, "watched": self.watched, "answered": self.answered, "right": self.right.to_dict(),
            "error_low": self.error_low, "classes": {name: one.to_dict() for name, one in self.classes.items()},
            "paused": self.paused, "alarm": self.alarm,
        }  # fmt: skip


def arrival_table(workspace: Workspace) -> pd.DataFrame:
    """List what arrived: item, label, confidence, outcome, by, watched, and what people say, None where they do not."""
    arrived = workspace.arrivals.all()
    said = _said(workspace, _ratings_of(workspace, [one.item for one in arrived if one.asked]))
    rows = [
        (one.item, one.label, one.confidence, one.outcome, one.by, one.watched, said.get(one.item)) for one in arrived
    ]
    return pd.DataFrame(rows, columns=["item", "label", "confidence", "outcome", "by", "watched", "people"])


_REASON = "people have answered nothing of what was accepted"
_OUTCOMES = ("accepted", "routed", "unlabelled")


def online_report(workspace: Workspace) -> OnlineReport:
    """Count what arrived, and compare what was accepted with what people say of those they see by lot."""
    table = arrival_table(workspace)
    classes = [*map(str, workspace.config.schema_.classes), None]
    counts = pd.DataFrame(
        [
            {"class": name, **{one: int((of["outcome"] == one).sum()) for one in _OUTCOMES}}
            for name in classes
            if len(of := table[table["label"].isna() if name is None else table["label"] == name]) or name is not None
        ]
    )
    by = {
        str(name): {one: int((part["outcome"] == one).sum()) for one in _OUTCOMES if (part["outcome"] == one).any()}
        for name, part in table.groupby("by")
    }
    seen = table[table["watched"].astype(bool)]
    said = _said(workspace, _ratings_of(workspace, seen["item"].tolist()))
    # What has no answer yet ends the sequence: which ones are answered first must not matter.
    looked = np.logical_and.accumulate(seen["item"].isin(said.index).to_numpy())
    looked = looked & seen["item"].isin(said.index[said.notna()]).to_numpy()
    wrong = (said.reindex(seen["item"]).to_numpy() != seen["label"].to_numpy()).astype(np.float64)
    error_low = float(betting_bounds(wrong[looked], alpha=0.05)[0])
    seen = seen[seen["item"].isin(said.index[said.notna()])]
    right = (said.reindex(seen["item"]).to_numpy() == seen["label"].to_numpy()).astype(bool)
    limit = workspace.config.online.max_error
    return OnlineReport(
        counts=counts,
        by=by,
        watched=int(table["watched"].sum()),
        answered=len(seen),
        right=exact_share(int(right.sum()), len(right), _REASON),
        error_low=error_low,
        classes={
            name: exact_share(int(right[mine].sum()), int(mine.sum()), _REASON)
            for name in classes
            if name is not None and (mine := (seen["label"] == name).to_numpy()).any()
        },
        paused=_paused(workspace),
        alarm=limit is not None and error_low > limit,
    )


def _paused(workspace: Workspace) -> dict[str, str]:
    settings = workspace.config.online
    rules = {*settings.accept_rules, *settings.route_rules}
    stopped = {name: why for name, why in workspace.recalled(FUNCTION).items() if name in rules}
    return workspace.recalled(ONLINE) | stopped


def _ratings_of(workspace: Workspace, items: list[str]) -> pd.DataFrame:
    ratings = workspace.store.ratings()
    return ratings[ratings["item"].isin(items)]


def _said(workspace: Workspace, ratings: pd.DataFrame) -> "pd.Series[Any]":
    """Item -> what people say: the adjudicator, else most of the annotators; None where they skip or are tied.

    Items that nobody has rated are left out.
    """
    ratings = ratings[ratings["role"].isin([ANNOTATOR, ADJUDICATOR])]
    ratings = ratings[~ratings["annotator"].isin(list(workspace.recalled(PERSON)))]
    found: dict[str, str | None] = {}
    for item, part in ratings.groupby("item"):
        given = part[part["label"].isin(workspace.config.schema_.classes)]
        decided = given["label"][given["role"] == ADJUDICATOR]
        votes = given["label"].value_counts()
        if len(decided):
            found[str(item)] = str(decided.iloc[-1])
        else:
            found[str(item)] = str(votes.index[0]) if len(votes) and (votes == votes.iloc[0]).sum() == 1 else None
    return pd.Series(found, dtype=object)
