"""A project's folder: its configuration, its items, its stored votes and ratings."""

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from textwrap import shorten
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from weakhitl.annotation import AnnotationStore, Desk, Event, Rules
from weakhitl.annotation.arrivals import Arrivals
from weakhitl.annotation.counting import excluded_by
from weakhitl.annotation.store.store import EVIDENCE_COLUMNS
from weakhitl.config import CONFIG_NAME, Config, load_config
from weakhitl.errors import ConfigError, DataError, StateError, UsageError
from weakhitl.files import make_private, require_columns, sha256, write_json
from weakhitl.gate import FUNCTION, ITEM, PERSON, Assessment, Context, Evidence, assess, of_kind
from weakhitl.labeling.function_files import FunctionFile, function_files, named_files, placed_files
from weakhitl.labeling.items import read_items
from weakhitl.pipeline.clock import moment
from weakhitl.pipeline.gold_files import known_labels, read_gold
from weakhitl.pipeline.hindsight import decided_before_change
from weakhitl.pipeline.recalls import ONLINE, RECALLS, read_recalls, standing
from weakhitl.release.evidence_files import NAMES
from weakhitl.release.last_release import last_release
from weakhitl.table_stream import TableStream
from weakhitl.vote_names import unknown_item
from weakhitl.votes import Votes
from weakhitl.votes_file import read_votes, write_votes

_ROWS = 100_000
"""Rows of the dataset that are read at a time."""
_SHOWN = 240
"""Letters of an item that a report shows."""


@dataclass(frozen=True)
class Workspace:
    """Where a project's things are, and what has been computed so far.

    Attributes
    ----------
    root
        Folder that holds ``weakhitl.toml``; its paths are relative to it.
    config
        The checked configuration.

    """

    root: Path
    config: Config

    @classmethod
    def open(cls, path: Path | str) -> "Workspace":
        """Open a project by its folder or its ``weakhitl.toml``. Raises ``ConfigError`` with every fault."""
        path = Path(path)
        file = path / CONFIG_NAME if path.is_dir() or path.suffix != ".toml" else path
        return cls(file.parent, load_config(file, NAMES))

    @property
    def data_path(self) -> Path:
        """The items' file or folder."""
        return self.root / self.config.data.path

    @property
    def function_paths(self) -> list[Path]:
        """Files and folders of labeling functions."""
        return [self.root / path for path in self.config.labeling.functions]

    @property
    def files_read(self) -> list[FunctionFile]:
        """Files that the functions read, by the configuration."""
        return placed_files([self.root / path for path in self.config.labeling.files], self.function_paths)

    @property
    def files_named(self) -> list[FunctionFile]:
        """Files that the functions' code names and the configuration does not."""
        known = {file.path.resolve() for file in self.files_read} | {path.resolve() for path in self.rule_files}
        return [file for file in named_files(self.function_paths) if file.path.resolve() not in known]

    @property
    def rule_files(self) -> list[Path]:
        """Files of terms and tables that declared functions name."""
        return [self.root / rule.file for rule in self.config.labeling.rule if rule.file is not None]

    @property
    def judges(self) -> Path:
        """Folder of what judges answered."""
        return self.root / "judges"

    @property
    def judge_votes(self) -> dict[str, Path]:
        """Judge -> its table of votes, of those that have voted."""
        files = {judge.name: self.judges / f"{judge.name}.csv" for judge in self.config.judge}
        return {name: path for name, path in files.items() if path.is_file()}

    def judge_state(self, name: str) -> dict[str, Any]:
        """Say as what a judge voted (``identity``) and what it has cost (``spent``); empty where that is not known."""
        try:
            state = json.loads((self.judges / f"{name}.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        if not isinstance(state, dict) or not isinstance(state.get("spent", 0.0), int | float):
            return {}
        return state

    def check_output(self, path: Path | None) -> None:
        """Raise ``UsageError`` where what is written to ``path`` would replace or join what the project reads."""
        if path is None:
            return
        config = self.config
        read = [config.annotation.guideline, config.annotation.store, config.annotation.gold, config.label_model.gold]
        files = [self.data_path, self.root / CONFIG_NAME, *(self.root / name for name in read if name is not None)]
        target = path.resolve()
        if target in [file.resolve() for file in files] or self.data_path.resolve() in target.parents:
            raise UsageError(f"{path} is what the project reads; choose another file to write to")

    @property
    def guideline_path(self) -> Path | None:
        """The annotators' guideline."""
        guideline = self.config.annotation.guideline
        return self.root / guideline if guideline else None

    @property
    def releases(self) -> Path:
        """Folder of the releases."""
        return self.root / "releases"

    @property
    def release_lock(self) -> Path:
        """Held by whoever makes a release."""
        return self.root / ".weakhitl" / "release.lock"

    @property
    def pseudonym_key(self) -> Path:
        """The secret by which people get the same pseudonyms in every release."""
        return self.root / ".weakhitl" / "pseudonyms.key"

    def rows(self) -> TableStream:
        """Open the dataset, to be read in parts."""
        return TableStream(self.data_path)

    def texts(self, items: Collection[str]) -> dict[str, str]:
        """Item -> what people read of it, on one line, shortened."""
        wanted, found = set(items), {}
        columns = self.config.annotation.text
        for part in self.rows().tables(_ROWS) if wanted else ():
            at = pc.is_in(part.column(self.config.data.id).cast("string"), pa.array(list(wanted), pa.string()))
            for row in part.filter(at).to_pylist():
                cells = {name: row.get(name) for name in columns or row if name != self.config.data.id}
                named = " · ".join(f"{name}: {cell}" for name, cell in cells.items() if cell not in (None, ""))
                text = str(row.get(columns[0]) or "") if len(columns) == 1 else named
                found[str(row[self.config.data.id])] = shorten(text, _SHOWN, placeholder=" …")
        return found

    @cached_property
    def items(self) -> pd.DataFrame:
        """The dataset, indexed by item id. Raises ``DataError`` where a column that people are to read is not there."""
        table, annotation = read_items(self.data_path, self.config.data.id), self.config.annotation
        require_columns(
            table, [*annotation.text, *annotation.media, *annotation.html], f"{self.data_path} (for [annotation])"
        )
        return table

    @cached_property
    def columns_read(self) -> list[str]:
        """The columns that people see, in the order of the data, but texts among themselves as they are configured."""
        annotation, routing = self.config.annotation, self.config.routing
        names = [str(name) for name in self.items.columns]
        if annotation.text:
            shown, texts = {*annotation.text, *annotation.media, *annotation.html}, iter(annotation.text)
            return [next(texts) if name in annotation.text else name for name in names if name in shown]
        return [name for name in names if name not in {self.config.data.id, routing.cost, routing.skill}]

    def forget_items(self) -> None:
        """Read the dataset anew when it is next asked for: rows were added."""
        self.__dict__.pop("items", None)

    @cached_property
    def store(self) -> AnnotationStore:
        """Batches and ratings."""
        return self._store(keep=False)

    def stay_connected(self) -> None:
        """Keep connections to the store open from now on, as a server wants it."""
        self.__dict__["store"] = self._store(keep=True)

    def _store(self, *, keep: bool) -> AnnotationStore:
        where = self.config.annotation.store
        path = where if "://" in where else self.root / where
        return AnnotationStore(path, keep=keep, former=self.config.labels.former)

    @property
    def arrivals(self) -> Arrivals:
        """Items that arrived one by one."""
        return Arrivals(self.store)

    @cached_property
    def desk(self) -> Desk:
        """What gives the store's items to people."""
        config, annotation = self.config, self.config.annotation
        rules = Rules(
            config.schema_,
            most=config.routing.max_overlap,
            settled=annotation.adjudicate_below,
            min_agreement=annotation.qualify_agreement,
            min_ratings=annotation.qualify_ratings,
            lease=annotation.lease,
            idle=annotation.idle,
            gold=self.tests,
            withdrawn=lambda: self.recalled(ITEM),
            exclude=lambda ratings: excluded_by(config, ratings[EVIDENCE_COLUMNS], self.tests) | self.recalled(PERSON),
            gold_share=annotation.gold_share,
            repeat_share=annotation.repeat_share,
            show_share=0.0 if annotation.suggest == "never" else 1 - annotation.hide_share,
        )
        return Desk(self.store, rules)

    @cached_property
    def tests(self) -> dict[str, str]:
        """Item -> class name of the gold that people are tested on; what was routed or recalled is no test."""
        if self.config.annotation.gold is None:
            return {}
        path = self.root / self.config.annotation.gold
        table = read_gold(path, self.config.schema_.classes)
        known = Votes.from_long(table.assign(source="gold"), self.config.schema_, source="source")
        names = {str(item): str(self.config.schema_.name(int(code))) for item, code in _decided(known)}
        if unknown := [item for item in names if item not in self.items.index]:
            raise DataError(str(path), [unknown_item(item, self.items.index) for item in unknown])
        others = {item for batch in self.store.batches() for item in batch.items} | {*self.recalled(ITEM)}
        return {item: name for item, name in names.items() if item not in others}

    @property
    def guideline_hash(self) -> str:
        """Content hash of the guideline as it is now; empty without one."""
        path = self.guideline_path
        return sha256(path) if path is not None and path.is_file() else ""

    def save_votes(self, votes: Votes) -> None:
        """Keep the functions' votes with a fingerprint of what they were made from."""
        make_private(self._votes_path.parent)
        write_votes(self._votes_path, votes)
        write_json(self._state_path, {"inputs": self._inputs()})

    def votes(self) -> Votes:
        """Read the functions' votes, without those that were recalled; no sources where people label everything.

        Raises ``StateError`` when there are none or they are out of date.
        """
        if not self.config.has_functions:
            return Votes.from_entries(([], [], []), self.config.schema_, self.items.index, [])
        if not self._votes_path.exists() or not self._state_path.exists():
            raise StateError("the labeling functions have not run yet: run `weakhitl label` first")
        try:
            stored = json.loads(self._state_path.read_text(encoding="utf-8"))["inputs"]
        except (ValueError, KeyError, TypeError):
            stored = {}
        current = self._inputs()
        changed = sorted(name for name in {*stored, *current} if stored.get(name) != current.get(name))
        if changed:
            raise StateError(f"changed since the labeling functions ran: {', '.join(changed)}; run `weakhitl label`")
        votes = read_votes(self._votes_path, self.config.schema_)
        recalled = self.recalled(FUNCTION)
        kept = [name for name in votes.sources if name not in recalled]
        return votes if len(kept) == len(votes.sources) else votes.take_sources(kept)

    @property
    def recalls_file(self) -> Path:
        """Which sources were recalled."""
        return self.root / RECALLS

    def recalled(self, kind: str) -> dict[str, str]:
        """Name -> why, of the functions, the people, the items, or what decides online, that were recalled."""
        return of_kind(kind, standing(read_recalls(self.recalls_file)))

    def flags(self) -> list[Event]:
        """List what people flagged as wrong with items, the newest first; nothing of items that were recalled."""
        gone = self.recalled(ITEM)
        return [one for one in reversed(self.store.events(kind="flag")) if one.item not in gone]

    @property
    def gate_log(self) -> Path:
        """Every run of the gate, a line each."""
        return self.root / "gate-log.jsonl"

    def evidence(self, columns: Collection[str] = ()) -> Evidence:
        """Put together what the gate decides on; ``columns`` of the data beside those that the policy names."""
        votes = self.votes()
        batches = tuple(self.store.batches())
        # What arrived after the functions ran has no place among the items yet: `weakhitl label` takes it in.
        later = self.arrivals.items() - {*votes.items}
        tables = (self.store.ratings(), self.store.said_first())
        kept = (said.loc[~said["item"].isin(later), EVIDENCE_COLUMNS] for said in tables)
        ratings, aside = (said.reset_index(drop=True) for said in kept)  # as they are read from a release
        return Evidence(self.config, votes, ratings, batches, self._gold(votes), self._context(votes, columns), aside)

    def _context(self, votes: Votes, more: Collection[str]) -> Context:
        """Give what the gate needs beside the votes.

        Raises ``ConfigError`` for columns of the policy that the data does not have, ``UsageError`` for ``more`` such.
        """
        columns = list(dict.fromkeys([*self.config.gate.columns, *more]))
        attributes = pd.DataFrame()
        if columns:
            rows = self.rows()
            known, missing = ", ".join(rows.columns), [name for name in columns if name not in rows.columns]
            if of_policy := [name for name in missing if name in self.config.gate.columns]:
                faults = [f"the policy looks at column {name!r}; the data has {known}" for name in of_policy]
                raise ConfigError(CONFIG_NAME, faults)
            if missing:
                raise UsageError(f"there is no column {', '.join(map(repr, missing))}; the data has {known}")
            attributes = pd.DataFrame({name: rows.column(name).to_numpy() for name in columns}, index=votes.items)
            attributes = attributes.map(lambda cell: None if pd.isna(cell) or cell == "" else str(cell))
        recalls = standing(read_recalls(self.recalls_file))
        withdrawn = {source: why for source, why in recalls.items() if not of_kind(ONLINE, {source: why})}
        states = {judge.name: self.judge_state(judge.name) for judge in self.config.judge}
        spent = {name: float(state.get("spent") or 0) for name, state in states.items() if state}
        previous, seen = last_release(self.releases, self.config.labels.former), decided_before_change(self.store)
        return Context(
            moment(),
            self.guideline_hash,
            previous,
            attributes,
            self.tests,
            withdrawn,
            spent=spent,
            decided_before_change=seen,
        )

    def _gold(self, votes: Votes) -> "pd.Series[int] | None":
        name = self.config.label_model.gold
        return None if name is None else known_labels(self.root / name, votes)

    def assess(self, columns: Collection[str] | None = None) -> Assessment:
        """Compute labels from the evidence as it is now."""
        return assess(self.evidence(columns or ()))

    @property
    def cache_path(self) -> Path:
        """Votes of functions, by their content and the rows'; may be deleted at any time."""
        return self.root / ".weakhitl" / "cache"

    @property
    def _votes_path(self) -> Path:
        return self.root / ".weakhitl" / "votes.parquet"

    @property
    def _state_path(self) -> Path:
        return self.root / ".weakhitl" / "votes.json"

    @property
    def input_files(self) -> list[Path]:
        """Files that the functions' votes depend on, beside the configuration."""
        data = sorted(self.data_path.iterdir()) if self.data_path.is_dir() else [self.data_path]
        functions = [file.path for file in (*function_files(self.function_paths), *self.files_read, *self.files_named)]
        files = [*data, *functions, *self.rule_files, *self.judge_votes.values()]
        return [path for path in files if path.is_file()]

    def _inputs(self) -> Mapping[str, Any]:
        """Hash what the votes depend on: data, functions, classes."""
        rules = "".join(rule.model_dump_json() for rule in self.config.labeling.rule)
        labels = self.config.labels.model_dump_json() + self.config.data.model_dump_json() + rules
        return {
            **{
                (path.relative_to(self.root) if path.is_relative_to(self.root) else path).as_posix(): sha256(path)
                for path in self.input_files
            },
            "[labels], [data] or [[labeling.rule]]": hashlib.sha256(labels.encode()).hexdigest(),
            **{f"[[judge]] {name}": "has voted" for name in self.judge_votes},
        }


def _decided(votes: Votes) -> Iterator[tuple[Any, int]]:
    rows, _, labels = votes.entries()
    return zip(votes.items[rows], labels, strict=True)
