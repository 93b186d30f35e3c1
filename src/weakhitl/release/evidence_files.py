"""The evidence as files: what a bundle holds beside its data, and how to read it back."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from weakhitl.annotation.store import RATING_COLUMNS
from weakhitl.config import CONFIG_NAME, Config, Names, load_config
from weakhitl.errors import DataError
from weakhitl.files import require_columns, write_json, write_table
from weakhitl.gate import METRICS, Context, Evidence
from weakhitl.label_model import MODELS
from weakhitl.release.manifest import read_json
from weakhitl.routing import Batch
from weakhitl.schema import LabelSchema
from weakhitl.votes import Votes
from weakhitl.votes_file import read_votes, write_votes

VOTES, RATINGS, BATCHES, GOLD = "votes.parquet", "annotations.parquet", "batches.parquet", "gold.parquet"
SET_ASIDE = "set_aside.parquet"
CONTEXT, ATTRIBUTES = "context.json", "attributes.parquet"
NAMES = Names(METRICS, MODELS, counts=[name for name, metric in METRICS.items() if metric.counts])
"""The metrics and label models that a configuration may name."""

_HEAD = ["batch", "kind", "seed", "overlap", "frame"]
_ITEM = "item id"
_MAPPINGS = ("tests", "withdrawn", "texts")
_ROUTED = ["item", "reason", "probability", "rank"]


def write_evidence(folder: Path, evidence: Evidence) -> None:
    """Write votes, ratings and batches; the configuration is copied as it stands."""
    write_votes(folder / VOTES, evidence.functions)
    write_table(folder / RATINGS, evidence.ratings.reset_index(drop=True))
    if len(evidence.set_aside):
        write_table(folder / SET_ASIDE, evidence.set_aside.reset_index(drop=True))
    write_table(folder / BATCHES, _batch_table(evidence.batches))
    if evidence.gold is not None:
        classes = np.array(evidence.schema.classes, dtype=object)
        table = pd.DataFrame({"item": evidence.gold.index, "label": classes[evidence.gold.to_numpy()]})
        write_table(folder / GOLD, table)
    context = evidence.context
    facts: dict[str, Any] = {
        "as_of": context.as_of.isoformat(),
        "guideline": context.guideline,
        "previous": context.previous,
    }
    facts |= {name: dict(getattr(context, name)) for name in _MAPPINGS} | {"spent": dict(context.spent)}
    facts |= {"decided_before_change": context.decided_before_change, "looks": dict(context.looks)}
    write_json(folder / CONTEXT, facts)
    if len(context.attributes.columns):
        write_table(folder / ATTRIBUTES, context.attributes.rename_axis(_ITEM).reset_index())


def read_evidence(folder: Path) -> Evidence:
    """Read the evidence of a bundle. Raises ``DataError`` or ``ConfigError`` where it cannot be used."""
    config = load_config(folder / CONFIG_NAME, NAMES)
    ratings = _read(folder / RATINGS, RATING_COLUMNS, ["seconds"]).astype(object)
    batches = _batches(_read(folder / BATCHES, [*_HEAD, *_ROUTED]))
    functions = read_votes(folder / VOTES, config.schema_)
    gold = None
    if config.label_model.gold is not None:
        gold = gold_labels(_read(folder / GOLD, ["item", "label"]), functions.items, config.schema_)
    aside = ratings[:0]
    if (folder / SET_ASIDE).exists():
        aside = _read(folder / SET_ASIDE, RATING_COLUMNS, ["seconds"]).astype(object)
    return Evidence(config, functions, ratings, batches, gold, _context(folder, config), aside)


def _context(folder: Path, config: Config) -> Context:
    try:
        facts = read_json(folder / CONTEXT)
        as_of = datetime.fromisoformat(facts["as_of"])
        guideline, previous = str(facts["guideline"]), facts["previous"]
        mappings = {name: {str(a): str(b) for a, b in facts.get(name, {}).items()} for name in _MAPPINGS}
        before_change = int(facts.get("decided_before_change", 0))
        looks = {str(check): int(number) for check, number in facts.get("looks", {}).items()}
        spent = {str(judge): float(money) for judge, money in facts.get("spent", {}).items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(str(folder / CONTEXT), f"cannot be used: {error}") from error
    columns = config.gate.columns
    attributes = pd.DataFrame()
    if columns:
        attributes = _read(folder / ATTRIBUTES, [_ITEM, *columns]).set_index(_ITEM)
    return Context(
        as_of,
        guideline,
        previous,
        attributes,
        **mappings,
        spent=spent,
        decided_before_change=before_change,
        looks=looks,
    )


def gold_labels(table: pd.DataFrame, items: pd.Index, schema: LabelSchema) -> "pd.Series[int]":
    """Item -> class index, from a table of item and label; unlabelled and skipped rows count as unknown.

    Raises ``DataError`` naming every unknown item and label and every item with two labels.
    """
    votes = Votes.from_long(table.assign(source="gold"), schema, source="source", items=items)
    row, _, label = votes.entries()
    return pd.Series(label, index=items[row], dtype=np.int64)


def _read(path: Path, columns: list[str], optional: Sequence[str] = ()) -> pd.DataFrame:
    """Read a Parquet table that may have no rows; older bundles lack the optional columns."""
    import pyarrow as pa

    try:
        table = pd.read_parquet(path)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError) as error:
        raise DataError(str(path), f"not a readable Parquet file ({' '.join(str(error).split())})") from error
    require_columns(table, columns, str(path))
    return table[[*columns, *(name for name in optional if name in table)]]


def _batch_table(batches: tuple[Batch, ...]) -> pd.DataFrame:
    tables = [
        batch.table.assign(
            batch=number,
            kind=batch.kind,
            seed=batch.seed,
            overlap=batch.overlap or 0,
            frame=batch.frame,
        )
        for number, batch in enumerate(batches, start=1)
    ]
    table = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=[*_HEAD, *_ROUTED])
    return table[[*_HEAD, *_ROUTED]]


def _batches(table: pd.DataFrame) -> tuple[Batch, ...]:
    return tuple(
        Batch(
            kind=part["kind"].iloc[0],
            seed=int(part["seed"].iloc[0]),
            overlap=int(part["overlap"].iloc[0]) or None,
            frame=int(part["frame"].iloc[0]),
            table=part[_ROUTED].reset_index(drop=True),
        )
        for _, part in table.groupby("batch", sort=True)
    )
