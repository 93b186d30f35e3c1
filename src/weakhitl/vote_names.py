"""Ids of items and names of sources."""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from weakhitl.errors import DataError
from weakhitl.frames import as_pandas
from weakhitl.label_names import ALIKE, look_alikes

_MANY = 1_000_000
_PART = 1 << 19


def item_index(items: Iterable[Hashable], n: int | None = None) -> pd.Index:
    """Give ids as an index. Raises ``DataError`` unless there are ``n`` of them, and each is one."""
    index = items if isinstance(items, pd.Index) else pd.Index(list(items), tupleize_cols=False)
    require_one_level(index)
    if n is not None and len(index) != n:
        raise DataError("vote matrix", f"has {n} rows, but {len(index)} items were given")
    return index


def require_one_level(index: pd.Index) -> None:
    """Raise ``DataError`` for an index of several levels: its ids are several."""
    if index.nlevels > 1:
        raise DataError("items", f"have an index of {index.nlevels} levels; expected one id each: reset_index() first")


def source_names(sources: Iterable[str], m: int | None = None) -> tuple[str, ...]:
    """Give sources as a tuple. Raises ``DataError`` unless there are ``m`` of them."""
    names = tuple(sources)
    if m is not None and len(names) != m:
        raise DataError("vote matrix", f"has {m} columns, but {len(names)} sources were given")
    return names


def is_unique(items: pd.Index) -> bool:
    """Whether no id occurs twice; of very many strings first by their hashes, which need a tenth of the memory."""
    if len(items) > _MANY and isinstance(items.dtype, pd.StringDtype) and items.dtype.storage == "pyarrow":
        import polars as pl
        import pyarrow as pa

        hashes = np.empty(len(items), dtype=np.uint64)
        for start in range(0, len(items), _PART):
            part: Any = pl.from_arrow(pa.array(items.array[start : start + _PART], from_pandas=True))
            hashes[start : start + len(part)] = part.hash(0).to_numpy()
        hashes.sort()
        if (hashes[1:] != hashes[:-1]).all():
            return True
    return items.is_unique


def in_order(values: Any, ids: pd.Index) -> Any:
    """Put a Series whose index names the rows into their order; one that was numbered afresh, and all else, has it.

    >>> in_order(pd.Series([1, 2], index=["b", "a"]), pd.Index(["a", "b"])).tolist()
    [2, 1]
    >>> in_order(pd.Series([1, 2]), pd.Index([1, 0])).tolist()
    [1, 2]

    """
    if not isinstance(values, pd.Series) or values.index.equals(ids):
        return values
    numbered = isinstance(values.index, pd.RangeIndex) and values.index.equals(pd.RangeIndex(len(values)))
    names_rows = not numbered and values.index.is_unique and ids.isin(values.index).all()
    return values.reindex(ids) if names_rows else values


def by_item(values: Any, items: pd.Index) -> Any:
    """Put a Series into the items' order as ``in_order``; items that nobody has named have but one."""
    return values if isinstance(items, pd.RangeIndex) else in_order(values, items)


def positions(items: pd.Index, wanted: pd.Index) -> npt.NDArray[np.integer[Any]]:
    """``position[wanted]`` among unique ids, -1 where unknown; a few of very many without a table of them all."""
    if len(items) < _MANY or len(wanted) > len(items) // 10:
        return items.get_indexer(wanted)
    at = np.flatnonzero(items.isin(wanted))
    return np.append(at, -1)[items[at].get_indexer(wanted)]


def item_pairs(
    given: Any, items: pd.Index, where: str, what: str, of: str = "item", example: str = "'item')['label'"
) -> tuple[pd.Index, "pd.Series[Any]"]:
    """Give items and what is said of each: a mapping or Series speaks of its own items, anything else of all in order.

    ``of`` is what the items are called, ``example`` how a table of them becomes a Series, for what is said of faults.

    Raises ``DataError`` for a table, and where there is not one for each item.
    """
    given = as_pandas(given)
    if isinstance(given, pd.DataFrame):
        raise DataError(where, f"is a table; expected {of} -> {what}, such as table.set_index({example}]")
    if isinstance(given, Mapping | pd.Series):
        pairs = list(given.items())
        return pd.Index([item for item, _ in pairs]), pd.Series([value for _, value in pairs], dtype=object)
    values = np.asarray(given, dtype=object)
    if values.shape != (len(items),):
        expected = f"one {what} for each of {len(items):,} {of}s, or {of} -> {what}"
        raise DataError(where, f"has shape {values.shape}; expected {expected}")
    return items, pd.Series(values)


def none_known(names: pd.Index, items: pd.Index) -> str:
    """Say that none of these names is an item, and how they and the items look."""
    given = next(iter(names))
    expected = f"they are such as {next(iter(items))!r}" if len(items) else "there are none"
    return f"none of its {len(names):,} items is among the items: it has {given!r}, {expected}"


def unknown_item(name: str, items: pd.Index) -> str:
    """Say that an id is not in the dataset, and which is where a spreadsheet or a float column has changed it.

    >>> unknown_item("7", pd.Index(["006", "007"])), unknown_item("8", pd.Index(["006", "007"]))
    ("item '7' is not in the dataset; did you mean '007'?", "item '8' is not in the dataset")

    """
    bare = name.strip().removesuffix(".0")
    width = len(str(items[0])) if len(items) else 0
    meant = [one for one in (name.strip(), bare, bare.zfill(width), bare.lstrip("0")) if one in items]
    hint = f"; did you mean {meant[0]!r}?" if meant else ""
    return f"item {name!r} is not in the dataset{hint}"


def name_faults(items: pd.Index, sources: tuple[str, ...]) -> list[str]:
    """Say which ids and sources occur twice or are missing."""
    faults = [] if is_unique(items) else [f"item {name!r} occurs twice" for name in items[items.duplicated()].unique()]
    faults += ["an item has no id"] if items.hasnans else []
    return faults + [f"source {name!r} occurs twice" for name, n in Counter(sources).items() if n > 1]


def alike_people(names: Iterable[str], new: Iterable[str], remedy: str) -> tuple[str, ...]:
    """Ask whether people are one whose names look alike; of each group one is among the ``new``.

    >>> alike_people(["Ana", "bo", "ana"], ["ana"], "name them alike")
    ("'Ana' and 'ana' differ by case, spaces or accents' encoding alone; if they are one person, name them alike",)

    """
    arrived = {*new}
    return tuple(
        f"{' and '.join(map(repr, group))} {ALIKE}; if they are one person, {remedy}"
        for group in look_alikes(names)
        if arrived & {*group}
    )
