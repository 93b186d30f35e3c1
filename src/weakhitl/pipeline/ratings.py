"""A bare table of ratings: agreement and gate without a project."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from weakhitl.agreement import agreement_summary
from weakhitl.annotation.formats import Columns, as_long
from weakhitl.config import load_policy
from weakhitl.errors import ConfigError, DataError, UsageError
from weakhitl.files import raise_row_faults, read_table, require_columns, sha256
from weakhitl.gate import Gate, Subject, run_policy
from weakhitl.gate.log import Run, append_run
from weakhitl.pipeline.clock import moment
from weakhitl.pipeline.own_functions import own_checks
from weakhitl.release.evidence_files import NAMES
from weakhitl.schema import LabelSchema, Level
from weakhitl.vote_table import conflict_faults, encode_labels, missing_faults
from weakhitl.votes import Votes


@dataclass(frozen=True)
class Ratings:
    """A table of ratings as votes; ``attributes`` are its other columns where they say one thing per item."""

    votes: Votes
    attributes: pd.DataFrame


def read_ratings(
    path: Path,
    columns: Columns,
    schema: LabelSchema | None,
    *,
    level: Level = "nominal",
    skip: Sequence[str] = (),
    wide: Sequence[str] = (),
) -> Ratings:
    """Read ratings of any items from a long file; rows without a label are left out.

    ``wide`` are the annotators' columns of a table whose rows are items (see ``as_long``); without a column of items
    they have the numbers of their rows.
    Without a schema the classes are the labels: numbers by their value, others in the order in which they occur, which
    means nothing, so only at nominal level. Raises ``DataError`` with every fault, ``UsageError`` where the order of
    the classes is needed.
    """
    table = read_table(path)
    if wide and columns[0] == "item" and "item" not in table:
        table.insert(0, "item", [str(row) for row in range(1, len(table) + 1)])
    table, columns, origin = as_long(table, columns, wide, str(path))
    item, annotator, label = columns
    filled = ~(table[label].isna() | table[label].eq(""))
    rows = origin[filled]
    table = table[filled].reset_index(drop=True)
    if table.empty:
        raise DataError(str(path), f"no row has a {label}")
    if schema is None:
        found, ordered = _in_order(str(name) for name in table[label].unique() if name not in skip)
        if level != "nominal" and not ordered:
            raise UsageError(
                f"level {level!r} needs the classes in order: --class, one at a time; the labels are {', '.join(found)}"
            )
        if len(found) < 2:
            raise DataError(str(path), f"only {len(found)} label occurs ({found}); name the classes with --class")
        schema = LabelSchema(found, level, skip)
    codes, faults = encode_labels(table[label], schema)
    faults += missing_faults(table, [item, annotator])
    faults += conflict_faults(table, codes, [item, annotator])
    raise_row_faults(path, [(int(rows[at]), what) for at, what in faults])
    votes = Votes.from_long(table, schema, item, annotator, label)
    return Ratings(votes, _attributes(table, columns))


def _in_order(labels: Iterable[str]) -> tuple[list[str], bool]:
    """Sort labels that are all numbers by value; also say whether they are.

    >>> _in_order(["10", "9", "1.5"]), _in_order(["low", "1"])
    ((['1.5', '9', '10'], True), (['low', '1'], False))

    """
    found = list(labels)
    try:
        numbers = [float(label) for label in found]
    except ValueError:
        return found, False
    if not np.isfinite(numbers).all():
        return found, False
    return [found[at] for at in np.argsort(numbers, kind="stable")], True


def measure_ratings(
    path: Path,
    columns: Columns,
    schema: LabelSchema | None,
    *,
    level: Level = "nominal",
    skip: Sequence[str] = (),
    by: Sequence[str] = (),
    wide: Sequence[str] = (),
) -> dict[str, Any]:
    """Measure the agreement of a table of ratings in every way, every item counted alike."""
    ratings = read_ratings(path, columns, schema, level=level, skip=skip, wide=wide)
    require_columns(ratings.attributes, list(by), f"{path} (columns that are the same on all rows of an item)")
    return agreement_summary(ratings.votes, slices={name: ratings.attributes[name] for name in by})


def check_ratings(path: Path, policy_path: Path, columns: Columns, log: Path | None, wide: Sequence[str] = ()) -> Gate:
    """Run a policy on a table of ratings, every item counted alike, and log the run beside the policy."""
    policy = load_policy(policy_path, NAMES)
    ratings = read_ratings(path, columns, policy.schema_, wide=wide)
    subject = Subject(ratings.votes, None, ratings.attributes, moment())
    if missing := [name for name in policy.gate.columns if name not in ratings.attributes]:
        known = ", ".join(map(str, ratings.attributes.columns)) or "none"
        wrong = ", ".join(missing)
        raise ConfigError(
            str(policy_path), f"{path} has no column {wrong} that is the same on all rows of an item; there are {known}"
        )
    gate = run_policy(subject, policy.gate, own_checks(policy.gate.check, policy_path.parent))
    run = Run(sha256(path), sha256(policy_path), subject.seed, subject.as_of.isoformat())
    append_run(log or policy_path.with_name("gate-log.jsonl"), gate, run)
    return gate


def _attributes(table: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Give the columns that have one value per item, indexed by item."""
    item = columns[0]
    others = [name for name in table.columns if name not in columns]
    groups = table.groupby(item, sort=False)
    first = groups[others].transform("first")
    steady = [name for name in others if first[name].equals(table[name])]
    return groups[steady].first() if steady else pd.DataFrame(index=pd.Index(table[item].unique()))
