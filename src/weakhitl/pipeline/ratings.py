"""A bare table of ratings, or another tool's file: agreement and gate without a project."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from weakhitl.agreement import agreement_summary
from weakhitl.annotation import ANNOTATOR
from weakhitl.annotation.formats import Columns, annotators_rows, as_long
from weakhitl.annotation.formats.exchange import Layout, format_named, refuse_json
from weakhitl.config import load_policy
from weakhitl.errors import ConfigError, DataError, UsageError
from weakhitl.files import raise_row_faults, read_table, require_columns, sha256
from weakhitl.gate import Gate, Subject, run_policy
from weakhitl.gate.log import Run, append_run, looks_before, read_runs
from weakhitl.label_names import in_order, require_distinct
from weakhitl.pipeline.clock import moment
from weakhitl.pipeline.own_functions import own_checks
from weakhitl.release.evidence_files import NAMES
from weakhitl.schema import LabelSchema, Level
from weakhitl.vote_names import alike_people
from weakhitl.vote_table import conflict_faults, encode_labels, missing_faults, with_names
from weakhitl.votes import Votes
from weakhitl.wide_columns import require_ratings

Groups: TypeAlias = "Mapping[str, pd.Series[Any]]"
"""Column -> annotator -> group."""


@dataclass(frozen=True)
class RatingsFile:
    """Where ratings are, and how they stand there.

    Attributes
    ----------
    path
        A table, or another tool's file.
    columns
        Names of the columns (or questions) with item, annotator and label.
    wide
        The annotators' columns, names or patterns, of a table whose rows are items; without a column of items these
        have the numbers of their rows.
    source
        The tool whose format the file has; None for a table.

    """

    path: Path
    columns: Columns = ("item", "annotator", "label")
    wide: Sequence[str] = ()
    source: str | None = None


@dataclass(frozen=True)
class Ratings:
    """Ratings as votes.

    ``attributes`` are the other columns where they say one thing per item; ``notices`` say what was left out.
    """

    votes: Votes
    attributes: pd.DataFrame
    notices: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Rows:
    """A row a rating; its columns of item, annotator and label; the row of the file; what was left out."""

    table: pd.DataFrame
    columns: Columns
    origin: npt.NDArray[np.intp]
    notices: tuple[str, ...] = ()


def read_ratings(
    file: RatingsFile, schema: LabelSchema | None, *, level: Level = "nominal", skip: Sequence[str] = ()
) -> Ratings:
    """Read ratings of any items; rows without a label are left out.

    Without a schema the classes are the labels: numbers by their value, others by the alphabet, which means nothing, so
    only at nominal level. Raises ``DataError`` with every fault, ``UsageError`` where the order of
    the classes is needed.
    """
    read = _rows_of_table(file, schema) if file.source is None else _rows_of_tool(file, schema)
    item, annotator, label = read.columns
    filled = ~(read.table[label].isna() | read.table[label].eq(""))
    rows = read.origin[filled]
    table = read.table[filled].reset_index(drop=True)
    if table.empty:
        raise DataError(str(file.path), f"no row has a {label}")
    if schema is None:
        if any({*wanted} & {*"*?["} for wanted in file.wide):
            cells = {str(name): [*map(str, said)] for name, said in table.groupby(annotator, sort=False)[label]}
            require_ratings(cells, str(file.path), "--item names the column of items, --wide one of ratings at a time")
        schema = _occurring(str(file.path), [str(name) for name in table[label].unique()], level, skip)
    codes, faults = encode_labels(table[label], schema)
    faults += missing_faults(table, [item, annotator])
    faults += conflict_faults(table, codes, [item, annotator])
    raise_row_faults(file.path, [(int(rows[at]), what) for at, what in faults])
    votes = Votes.from_long(table, schema, item, annotator, label)
    notices = (*read.notices, *alike_people(votes.sources, votes.sources, "name them alike"), *_sets(schema.classes))
    return Ratings(votes, _attributes(table, read.columns), notices)


def _rows_of_table(file: RatingsFile, schema: LabelSchema | None) -> _Rows:
    refuse_json(file.path)
    table = read_table(file.path)
    if file.wide and file.columns[0] == "item" and "item" not in table:
        table.insert(0, "item", [str(row) for row in range(1, len(table) + 1)])
    classes = () if schema is None else schema.classes
    table, columns, origin = as_long(table, file.columns, file.wide, str(file.path), classes=classes)
    rated, notices = annotators_rows(table, table.columns if file.wide else columns)
    return _Rows(table[rated].reset_index(drop=True), columns, origin[rated], tuple(notices))


def _rows_of_tool(file: RatingsFile, schema: LabelSchema | None) -> _Rows:
    """Read what annotators said from another tool's file; its items' columns stand beside it.

    Items need no id of ours here: there is no dataset that they have to be found in.
    """
    if file.wide:
        raise UsageError("a table with a column an annotator is of no other tool; leave out --from")
    item, annotator, label = file.columns
    layout = Layout(item=item, annotator=annotator, label=label, own_ids=True)
    content = format_named(str(file.source)).read(file.path, schema, layout)
    columns = ("item", "annotator", "label")
    ratings = content.ratings[content.ratings["role"] == ANNOTATOR][list(columns)]
    others = [name for name in content.items.columns if name not in columns]
    table = ratings.join(content.items[others], on="item").reset_index(drop=True)
    return _Rows(table, columns, np.arange(len(table)), content.notices)


def _sets(classes: Sequence[str]) -> list[str]:
    """Say that classes look like sets of the others, which are better several questions."""
    parts = {name: [part.strip() for part in re.split("[,;|]", name)] for name in classes}
    sets = [name for name, each in parts.items() if len(each) > 1 and {*each} <= {*classes}]
    what = (
        "looks like a set of others, and counts as a class of its own; ask a yes-or-no question for each label instead"
    )
    return [f"{sets[0]!r} {what}"] if sets else []


def _occurring(where: str, labels: list[str], level: Level, skip: Sequence[str]) -> LabelSchema:
    """Take the labels that occur for the classes."""
    found, ordered = in_order(name for name in labels if name not in skip)
    if level != "nominal" and not ordered:
        raise UsageError(
            f"level {level!r} needs the classes in order: --class, one at a time; the labels are {', '.join(found)}"
        )
    if len(found) < 2:
        raise DataError(where, f"only {len(found)} label occurs ({found}); name the classes with --class")
    require_distinct(found, where, "name the classes with --class")
    return LabelSchema(found, level, skip)


def measure_ratings(
    file: RatingsFile,
    schema: LabelSchema | None,
    *,
    level: Level = "nominal",
    skip: Sequence[str] = (),
    by: Sequence[str] = (),
    groups: "Groups | None" = None,
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Measure the agreement of ratings in every way, every item counted alike; also say what was left out."""
    ratings = read_ratings(file, schema, level=level, skip=skip)
    require_columns(ratings.attributes, list(by), f"{file.path} (columns that are the same on all rows of an item)")
    slices = {name: ratings.attributes[name] for name in by}
    return agreement_summary(ratings.votes, slices=slices, groups=groups), ratings.notices


def read_people(path: Path, annotator: str = "annotator", columns: Sequence[str] = ()) -> Groups:
    """Read groups of people from a table with a row a person; without ``columns`` all but the annotator's.

    Raises ``DataError`` naming the missing columns, and every person without a name or with two rows.
    """
    table = read_table(path)
    require_columns(table, [annotator, *columns], str(path), "--annotator names another")
    groups = list(columns) or [str(name) for name in table.columns if name != annotator]
    table = with_names(table, [annotator, *groups], (), str(path))
    names = table[annotator]
    faults = missing_faults(table, [annotator])
    faults += [(int(at), f"{names[at]!r} occurs twice") for at in np.flatnonzero(names.duplicated() & names.ne(""))]
    raise_row_faults(path, faults)
    people = table.set_axis(pd.Index(names))
    return {name: people[name] for name in groups}


def check_ratings(file: RatingsFile, policy_path: Path, log: Path | None) -> tuple[Gate, tuple[str, ...]]:
    """Run a policy on ratings, every item counted alike, and log the run beside the policy.

    Also say what was left out of the ratings.
    """
    policy = load_policy(policy_path, NAMES)
    ratings = read_ratings(file, policy.schema_)
    log = log or policy_path.with_name("gate-log.jsonl")
    subject = Subject(ratings.votes, None, ratings.attributes, moment(), looks=looks_before(read_runs(log)))
    if missing := [name for name in policy.gate.columns if name not in ratings.attributes]:
        known = ", ".join(map(str, ratings.attributes.columns)) or "none"
        wrong = ", ".join(missing)
        raise ConfigError(
            str(policy_path),
            f"{file.path} has no column {wrong} that is the same on all rows of an item; there are {known}",
        )
    gate = run_policy(subject, policy.gate, own_checks(policy.gate.check, policy_path.parent))
    run = Run(_fingerprint(file.path), sha256(policy_path), subject.seed, subject.as_of.isoformat())
    append_run(log, gate, run)
    return gate, ratings.notices


def _fingerprint(path: Path) -> str:
    """Hash a file, or what a folder holds, with the names."""
    if path.is_file():
        return sha256(path)
    held = [f"{one.relative_to(path).as_posix()}\0{sha256(one)}\n" for one in path.rglob("*") if one.is_file()]
    return hashlib.sha256("".join(sorted(held)).encode()).hexdigest()


def _attributes(table: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Give the columns that have one value per item, indexed by item."""
    item = columns[0]
    others = [name for name in table.columns if name not in columns]
    groups = table.groupby(item, sort=False)
    first = groups[others].transform("first")
    steady = [name for name in others if first[name].equals(table[name])]
    return groups[steady].first() if steady else pd.DataFrame(index=pd.Index(table[item].unique()))
