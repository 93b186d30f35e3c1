"""Drift: a project's new items against those of its last release, a file, or two releases."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from weakhitl.errors import StateError, UsageError
from weakhitl.files import Fault, raise_row_faults, read_table
from weakhitl.frames import as_pandas
from weakhitl.gate import FUNCTION, Assessment, assess
from weakhitl.gate.assessment import consolidate
from weakhitl.labeling import run
from weakhitl.labeling.items import read_items
from weakhitl.monitor import Drift, Side, drift
from weakhitl.pipeline.functions import project_functions
from weakhitl.pipeline.workspace import Workspace
from weakhitl.release.evidence_files import VOTES, read_evidence
from weakhitl.release.last_release import release_folders
from weakhitl.release.manifest import MANIFEST
from weakhitl.release.shards import FOLDER, LABEL_COLUMNS
from weakhitl.schema import ABSTAIN


def project_drift(workspace: Workspace, new: Path | str | pd.DataFrame | None = None, **how: Any) -> Drift:
    """Compare a project's items with new ones, or the items of its last release with those added since.

    The functions run on the new items; their labels are those that the project's label model gives them.
    """
    if new is not None:
        old = _side(workspace, workspace.assess(), None, workspace.config.project.name)
        unknown = _by_id(workspace)
        return drift(_without(old, unknown), _without(_of_items(workspace, new), unknown), **how)
    folders = release_folders(workspace.releases)
    if not folders:
        raise StateError("there is no release yet to compare with; name a file of new items, or two releases")
    known = pd.Index(pq.read_table(folders[-1] / VOTES, columns=["item"]).column("item").to_pylist(), dtype=object)
    assessment = workspace.assess()
    items = assessment.evidence.items
    older = np.asarray(items.isin(known))
    if older.all():
        raise StateError(f"no item has been added since release {folders[-1].name}: there is nothing to compare")
    names = f"release {folders[-1].name}", "items added since"
    sides = [_side(workspace, assessment, mask, name) for mask, name in zip((older, ~older), names, strict=True)]
    return drift(sides[0], sides[1], **how)


def files_drift(before: Path, after: Path, **how: Any) -> Drift:
    """Compare two releases (of the later one only the items that the earlier one has not), or two tables of items."""
    folders = [path for path in (before, after) if (path / MANIFEST).is_file()]
    if len(folders) == 1:
        raise UsageError(f"{folders[0]} is a release; the other one is not: compare two releases, or two files")
    if not folders:
        return drift(*(Side(path.name, read_table(path)) for path in (before, after)), **how)
    old, new = (read_evidence(folder) for folder in folders)
    assessments = assess(old), assess(new)
    added = ~np.asarray(new.items.isin(old.items))
    if not added.any():
        raise UsageError(f"{after} holds no item that {before} has not: `weakhitl diff` compares the same items")
    columns = [_released_columns(folder) for folder in folders]
    sides = [
        _evidence_side(one, mask, name, table)
        for one, mask, name, table in zip(
            assessments, (None, added), (before.name, f"new in {after.name}"), columns, strict=True
        )
    ]
    return drift(sides[0], sides[1], **how)


def _by_id(workspace: Workspace) -> set[str]:
    """Name the sources that know items by their ids: of new ones they have no vote, which is no drift."""
    config = workspace.config
    rules = {rule.name for rule in config.labeling.rule if rule.kind == "lookup" and rule.column == config.data.id}
    return rules | {judge.name for judge in config.judge}


def _without(side: Side, names: set[str]) -> Side:
    if side.votes is None or names.isdisjoint(side.votes.sources):
        return side
    return replace(side, votes=side.votes.take_sources([name for name in side.votes.sources if name not in names]))


def _of_items(workspace: Workspace, new: Path | str | pd.DataFrame) -> Side:
    config, new = workspace.config, as_pandas(new)
    table = read_items(new, config.data.id)
    name = "new items" if isinstance(new, pd.DataFrame) else Path(new).name
    if not isinstance(new, pd.DataFrame):
        table = _typed_alike(table, workspace.items, Path(new))
    side = Side(name, table.drop(columns=config.data.id))
    recalled = workspace.recalled(FUNCTION)
    functions = [one for one in project_functions(workspace) if one.name not in recalled]
    if not functions:
        return side
    votes = run(functions, table, config.schema_, id=config.data.id).votes
    return replace(side, votes=votes, labels=consolidate(workspace.assess().model, votes).labels)


def _typed_alike(table: pd.DataFrame, items: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Make numbers of texts in columns that hold numbers in the project's data, as when CSV meets Parquet.

    Raises ``DataError`` naming every cell that is none.
    """
    known = [name for name in table.columns if name in items and _holds_numbers(items[name])]
    faults: list[Fault] = []
    typed = {}
    for name in (name for name in known if not is_numeric_dtype(table[name])):
        cells = table[name].replace("", None)
        typed[name] = pd.to_numeric(cells, errors="coerce")
        wrong = np.flatnonzero(typed[name].isna() & cells.notna())
        faults += [(int(at), f"{name} {cells.iloc[at]!r} is no number, as it is in the project's data") for at in wrong]
    raise_row_faults(path, faults)
    return table.assign(**typed)


def _holds_numbers(column: "pd.Series[Any]") -> bool:
    return is_numeric_dtype(column) and not is_bool_dtype(column)


def _side(workspace: Workspace, assessment: Assessment, mask: np.ndarray | None, name: str) -> Side:
    items = workspace.items
    return _evidence_side(assessment, mask, name, items.drop(columns=workspace.config.data.id, errors="ignore"))


def _evidence_side(assessment: Assessment, mask: np.ndarray | None, name: str, columns: pd.DataFrame | None) -> Side:
    """Put together what is known of some items; labels are those of functions alone, which all items have."""
    evidence = assessment.evidence
    at = np.arange(len(evidence.items)) if mask is None else np.flatnonzero(mask)
    items = evidence.items[at]
    people = assessment.counted.votes
    people = people.take_items(np.flatnonzero(people.items.isin(items)))
    ratings = evidence.ratings[evidence.ratings["item"].isin(items)]
    seconds = ratings.reindex(columns=["annotator", "seconds"]).assign(
        seconds=pd.to_numeric(ratings.get("seconds", pd.Series(dtype=float)), errors="coerce")
    )
    decided = assessment.decisions.reindex(evidence.audited.intersection(items, sort=False)).dropna()
    decided = decided[decided != ABSTAIN]
    places = evidence.items.get_indexer(decided.index)
    right = assessment.automatic.labels[places] == decided.to_numpy(dtype=np.int64)
    return Side(
        name,
        None if columns is None else columns.loc[columns.index.isin(items)],
        evidence.functions.take_items(at),
        assessment.automatic.labels[at],
        people if len(people) else None,
        seconds,
        right,
    )


def _released_columns(folder: Path) -> pd.DataFrame:
    shards = sorted((folder / FOLDER).glob("*.parquet"))
    table: pd.DataFrame = pd.concat([pq.read_table(path).to_pandas() for path in shards], ignore_index=True)
    own = read_evidence(folder).config.data.id
    return table.set_index(table[own].astype(str)).drop(columns=[own, *LABEL_COLUMNS], errors="ignore")
