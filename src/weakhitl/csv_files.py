"""CSV and TSV as people and programs write them: separators, quotes, faults."""

import csv
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from weakhitl.errors import DataError

if TYPE_CHECKING:
    import pandas as pd


def is_tsv(path: Path) -> bool:
    """Say whether tabs stand between the cells, by the file's ending."""
    return path.name.lower().removesuffix(".gz").endswith(".tsv")


def separator(path: Path) -> str:
    """Give what stands between the cells of a file of kind csv, as its header shows.

    Spreadsheet programs write semicolons into a .csv where numbers have a comma.
    """
    if is_tsv(path):
        return "\t"
    try:
        with open_text(path) as stream:
            header = re.sub(r'"[^"]*("|$)', "", stream.readline())
    except (UnicodeDecodeError, OSError):  # whoever reads the cells says what is wrong
        return ","
    return next((mark for mark in ",;\t|" if mark in header), ",")


def read_csv(path: Path) -> "pd.DataFrame":
    """Read the cells as texts; an empty one is an empty text. Raises ``DataError`` where the file is no CSV."""
    import pandas as pd

    with csv_faults(path):
        table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig", sep=separator(path))
    check_cells(path, table)
    return table


def check_cells(path: Path, table: "pd.DataFrame") -> None:
    """Raise ``DataError`` where a table that was read from a CSV or TSV is not what a person sees in it.

    Pandas takes the first cells of rows that are longer than the header for an index. Many tools write a TSV in which
    a quote is just a quote; one that opens a cell then swallows the rows up to the next.
    """
    import pandas as pd

    if not isinstance(table.index, pd.RangeIndex):
        found = len(table.columns) + table.index.nlevels
        raise DataError(
            str(path),
            f"the rows have {found} cells, the header {len(table.columns)} names; "
            "expected as many (a separator at the end of the rows, or an unquoted cell that holds one?)",
        )
    for name in table.columns if separator(path) == "\t" else ():
        at = table[name].str.contains(r"\t[^\n]*\n|\n[^\n]*\t", na=False).to_numpy().nonzero()[0]
        if len(at):
            (place,) = line_places(path, [int(table.index[at[0]])])
            raise DataError(
                str(path),
                f"{place}: a quote opens the cell of {name!r} and swallows rows; "
                "expected quotes around such a cell and doubled ones in it (a .csv has them)",
            )


@contextmanager
def csv_faults(path: Path) -> Iterator[None]:
    """Raise ``DataError`` where pandas finds that a file is no CSV."""
    import pandas as pd

    try:
        yield
    except UnicodeDecodeError as error:
        raise DataError(str(path), f"byte {error.start} is not UTF-8; save the file as UTF-8") from error
    except (pd.errors.ParserError, pd.errors.EmptyDataError, csv.Error) as error:
        raise DataError(str(path), f"not a well-formed CSV ({' '.join(str(error).split())})") from error


def line_places(path: Path, rows: Sequence[int]) -> list[str]:
    """Name rows, counted from 0, by the lines on which they begin; a quoted cell may hold line breaks."""
    with open_text(path) as stream:
        reader = csv.reader(stream, delimiter=separator(path))
        next(reader, None)
        starts, last = [], reader.line_num
        for row in reader:
            if row:
                starts.append(last + 1)
            last = reader.line_num
    return [f"line {starts[row]}" if row < len(starts) else f"row {row + 1}" for row in rows]


def csv_text(table: "pd.DataFrame", path: Path) -> str:
    """Write a table with commas, or tabs in a .tsv.

    Quote all cells where one holds a carriage return: unquoted, as Python 3.11 leaves it, it would end the row.
    """
    sep = "\t" if is_tsv(path) else ","
    text = table.to_csv(index=False, sep=sep, lineterminator="\n")
    return table.to_csv(index=False, sep=sep, lineterminator="\n", quoting=csv.QUOTE_ALL) if "\r" in text else text


@contextmanager
def open_text(path: Path) -> Iterator[Any]:
    """Open a text file, packed or not, without the mark that some programs put before it."""
    import gzip

    opener: Any = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8-sig", newline="") as stream:
        yield stream
