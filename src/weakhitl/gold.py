"""Gold labels: what is known of some items from elsewhere."""

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from typing_extensions import TypeAliasType

from weakhitl.arrays import ArrayLike
from weakhitl.errors import DataError, SchemaError
from weakhitl.schema import ABSTAIN, LabelSchema
from weakhitl.vote_names import item_pairs, none_known, positions
from weakhitl.votes import IntArray

GoldByItem = TypeAliasType("GoldByItem", Mapping[Hashable, Any] | pd.Series)
"""Item -> class (name or index) for some or all items; missing or -1 where unknown."""
Gold = TypeAliasType("Gold", GoldByItem | ArrayLike)
"""Item -> class (name or index) for some or all items, or one class for each item; missing or -1 where unknown."""


def encode_gold(gold: Gold, items: pd.Index, schema: LabelSchema, *, ignore_unknown: bool = False) -> IntArray:
    """``codes[item]``: the gold class index of each item, ABSTAIN where there is none.

    Whole floats are indices, too: pandas makes them of integers beside a missing one. An array of numbers holds
    indices, as a matrix of votes does; a number elsewhere is refused where it is the name of another class. Raises
    ``DataError`` naming each item that is unknown (unless those are ignored) or has two classes, and each label that is
    no class.

    Examples
    --------
    >>> schema = LabelSchema(["HAM", "SPAM"])
    >>> encode_gold({"b": "SPAM"}, pd.Index(["a", "b", "c"]), schema)
    array([-1,  1, -1])
    >>> encode_gold(["HAM", None, "SPAM"], pd.Index(["a", "b", "c"]), schema)
    array([ 0, -1,  1])

    """
    if isinstance(gold, np.ndarray) and gold.dtype.kind in "iuf":
        gold = _named(gold, schema)
    names, labels = item_pairs(gold, items, "gold", "class")
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


def gold_names(codes: "pd.Series[int]", schema: LabelSchema) -> "pd.Series[str]":
    """Write class indices as names, since an index may be the name of another class."""
    names = np.array([*schema.classes, None], dtype=object)
    return pd.Series(names[codes.to_numpy(dtype=np.int64)], index=codes.index, dtype=object)


def _named(codes: npt.NDArray[Any], schema: LabelSchema) -> npt.NDArray[Any]:
    """Write the indices in an array as names; what is none stays as it is."""
    numbers = np.where(np.isnan(codes), ABSTAIN, codes)
    is_index = (numbers == np.floor(numbers)) & (numbers >= ABSTAIN) & (numbers < len(schema))
    named = codes.astype(object)
    named[is_index] = np.array([*schema.classes, None], dtype=object)[numbers[is_index].astype(np.int64)]
    return named


def _unknown(unknown: pd.Index, names: pd.Index, items: pd.Index) -> list[str]:
    if len(unknown) == len(names) > 1 and len(items):
        return [none_known(names, items)]
    return [f"item {name!r} is not among the items" for name in unknown]


def _codes(labels: "pd.Series[Any]", names: pd.Index, schema: LabelSchema) -> tuple[IntArray, list[str]]:
    """Encode each distinct label once; give the index of each row's, and the faults."""
    which, distinct = pd.factorize(pd.Series([_plain(label) for label in labels], dtype=object))
    meanings = np.full(len(distinct) + 1, ABSTAIN, dtype=np.int64)  # the last is that of a missing label
    faults = []
    for number, label in enumerate(distinct):
        try:
            meanings[number] = schema.encode(label)
        except SchemaError as error:
            faults += [f"item {name!r}: {error.faults[0]}" for name in names[which == number]]
    return meanings[which], faults


def _plain(label: Any) -> Any:
    """Take a whole float for an index, and what can be no label, such as a list, for its text."""
    if isinstance(label, float | np.floating) and float(label).is_integer():
        return int(label)
    return label if isinstance(label, Hashable) else repr(label)
