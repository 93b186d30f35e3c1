"""What an engine is."""

from collections.abc import Iterable, Iterator
from typing import Any, Protocol

import pandas as pd

from weakhitl.errors import DataError
from weakhitl.files import raise_row_faults, require_columns
from weakhitl.labeling.work import Part, Report, Work
from weakhitl.vote_table import missing_faults


class Engine(Protocol):
    """Hands out work on some rows at a time."""

    def split(self, items: Any) -> Iterable[Any] | None:
        """Give the partitions of items that are of the engine's own kind; None where they are not."""
        ...

    def run(self, work: Work, partitions: Iterable[Any], report: Report) -> Iterator[Part]:
        """Run the work on each of what ``split`` gave, or on chunks; give what comes out, in their order.

        ``report`` may be called with rows times functions done in the current one.
        """
        ...


def ids_of(table: pd.DataFrame, id: str | None, where: str = "items") -> pd.Index:  # noqa: A002 - as everywhere
    """Give the ids of a table: a column's, else its index. Raises ``DataError`` for missing ones."""
    if id is None:
        if table.index.hasnans:
            raise DataError(where, "the index has missing ids; name a column that has none with id=…")
        return table.index
    require_columns(table, [id], where)
    raise_row_faults(where, missing_faults(table, [id]))
    ids: pd.Index = pd.Index(table[id], name=None)
    return ids
