"""Gold labels: what is known of some items from elsewhere."""

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from weakhitl.errors import DataError, SchemaError
from weakhitl.schema import ABSTAIN, LabelSchema
from weakhitl.vote_names import positions
from weakhitl.votes import IntArray

GoldByItem = Mapping[Hashable, Any] | pd.Series
"""Item -> class (name or index) for some or all items; missing or -1 where unknown."""
Gold = GoldByItem | npt.ArrayLike
"""Item -> class (name or index) for some or all items, or one class for each item; missing or -1 where unknown."""


def encode_gold(gold: Gold, items: pd.Index, schema: LabelSchema, *, ignore_unknown: bool = False) -> IntArray:
    """``codes[item]``: the gold class index of each item, ABSTAIN where there is none.

    Whole floats are indices, too: pandas makes them of integers beside a missing one. Raises ``DataError`` naming each
    item that is unknown (unless those are ignored) or has two classes, and each label that is no class.

    Examples
    --------
    >>> schema = LabelSchema(["HAM", "SPAM"])
    >>> encode_gold({"b": "SPAM"}, pd.Index(["a", "b", "c"]), schema)
    array([-1,  1, -1])
    >>> encode_gold(["HAM", None, "SPAM"], pd.Index(["a", "b", "c"]), schema)
    array([ 0, -1,  1])

    """
    names, labels = _pairs(gold, items)
    at = np.arange(len(items)) if names is items else positions(items, names)
    if ignore_unknown:
        names, labels, at = names[at >= 0], labels[at >= 0], at[at >= 0]
    codes, faults = _codes(labels, names, schema)
    faults += _unknown(names[at < 0], names, items)
    told = np.flatnonzero((codes != ABSTAIN) & (at >= 0))
    found = np.full(len(items), ABSTAIN, dtype=np.int64)
    found[at[told]] = codes[told]
    faults += [f"item {name!r} has two classes" for name in names[told[found[at[told]] != codes[told]]].unique()]
    if faults:
        raise DataError("gold", faults)
    return found


def _unknown(unknown: pd.Index, names: pd.Index, items: pd.Index) -> list[str]:
    if len(unknown) == len(names) > 1 and len(items):
        given, expected = next(iter(names)), next(iter(items))
        return [f"none of its {len(names):,} items is among the items: it has {given!r}, they are such as {expected!r}"]
    return [f"item {name!r} is not among the items" for name in unknown]


def _pairs(gold: Gold, items: pd.Index) -> tuple[pd.Index, "pd.Series[Any]"]:
    """Give items and their labels, as many of both."""
    if isinstance(gold, pd.DataFrame):
        raise DataError("gold", "is a table; expected item -> class, such as table.set_index('item')['label']")
    if isinstance(gold, Mapping | pd.Series):
        pairs = list(gold.items())
        return pd.Index([item for item, _ in pairs]), pd.Series([label for _, label in pairs], dtype=object)
    labels = np.asarray(gold, dtype=object)
    if labels.shape != (len(items),):
        raise DataError("gold", f"has shape {labels.shape}; expected {len(items)} classes, or item -> class")
    return items, pd.Series(labels)


def _codes(labels: "pd.Series[Any]", names: pd.Index, schema: LabelSchema) -> tuple[IntArray, list[str]]:
    """Encode each distinct label once; give the index of each row's, and the faults."""
    which, distinct = pd.factorize(labels)
    meanings = np.full(len(distinct) + 1, ABSTAIN, dtype=np.int64)  # the last is that of a missing label
    faults = []
    for number, label in enumerate(distinct):
        whole = isinstance(label, float) and label.is_integer()
        try:
            meanings[number] = schema.encode(int(label) if whole else label)
        except SchemaError as error:
            faults += [f"item {name!r}: {error.faults[0]}" for name in names[which == number]]
    return meanings[which], faults
