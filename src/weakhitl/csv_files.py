"""CSV and TSV as people and programs write them: separators, quotes, faults."""

import csv
import gzip
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from weakhitl.errors import DataError
from weakhitl.wording import named_twice, number_of

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

    require_rows(path)
    with csv_faults(path):
        return pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig", sep=separator(path))


def require_rows(path: Path) -> None:
    """Raise ``DataError`` naming all rows that pandas would read without a word, but not as a person sees them.

    It renames a column that is named twice, and cuts longer rows or takes their first cells for an index. A quote that
    opens a cell by mistake swallows the rows up to the next; in many a TSV a quote is just a quote. See decision 47.
    """
    rows, long, swallowing, spanning = 0, {}, [], False
    with csv_faults(path):
        _, _, header = next(found := _rows(path), (1, 1, []))
        if header and re.fullmatch("sep=.?", header[0].strip(), flags=re.IGNORECASE):
            raise DataError(str(path), "line 1 is said to Excel (sep=) and holds no names; delete that line")
        for begins, ends, row in found:
            rows += 1
            if len(row) > len(header):
                long[begins] = len(row)
            if ends > begins:
                spanning = True
                if any("\t" in cell and "\n" in cell for cell in row):
                    swallowing.append(begins)
    faults = named_twice(list(filter(None, header)))
    faults += _long_rows(long, rows, len(header))
    if separator(path) == "\t":
        faults += [f"line {line}: a quote opens a cell and swallows rows; {_QUOTES}" for line in swallowing]
    elif spanning:
        faults += _stray_quotes(path)
    if faults:
        raise DataError(str(path), faults)


_QUOTES = "expected quotes around the whole cell and doubled ones in it"


def _long_rows(long: dict[int, int], rows: int, names: int) -> list[str]:
    """Say which rows have more cells than the header, by their lines; once where all have as many."""
    why = "expected as many (a separator at the end of the row, or in an unquoted cell?)"
    if len(long) == rows and len({*long.values()}) == 1:
        return [f"the rows have {long.popitem()[1]} cells, the header {number_of(names, 'name')}; {why}"]
    return [
        f"line {line}: {cells} cells, the header has {number_of(names, 'name')}; {why}" for line, cells in long.items()
    ]


def _stray_quotes(path: Path) -> list[str]:
    """Name cells over several lines that go on behind the quote that ends them: it opens another cell."""
    faults: list[str] = []
    with _reader(path, strict=True) as reader:
        begins = 1
        while True:
            try:
                if next(reader, None) is None:
                    return faults
            except csv.Error as error:
                if reader.line_num > begins and "expected after" in str(error):
                    ends = f"a quote opens a cell that ends in line {reader.line_num}, where more follows"
                    faults.append(f"line {begins}: {ends}; {_QUOTES} (is the first one stray?)")
            begins = reader.line_num + 1


@contextmanager
def csv_faults(path: Path) -> Iterator[None]:
    """Raise ``DataError`` where a reader finds that a file is no CSV."""
    import pandas as pd

    try:
        yield
    except UnicodeDecodeError as error:
        hint = "save the file as UTF-8 (Excel's 'CSV UTF-8'), or as .xlsx"
        raise DataError(str(path), f"line {undecodable_line(path)} is not UTF-8; {hint}") from error
    except (pd.errors.ParserError, pd.errors.EmptyDataError, csv.Error) as error:
        raise DataError(str(path), f"not a well-formed CSV ({' '.join(str(error).split())})") from error


def line_places(path: Path, rows: Sequence[int]) -> list[str]:
    """Name rows, counted from 0, by the lines on which they begin; a quoted cell may hold line breaks."""
    starts = [begins for begins, _, _ in _rows(path)][1:]
    return [f"line {starts[row]}" if row < len(starts) else f"row {row + 1}" for row in rows]


def _rows(path: Path) -> Iterator[tuple[int, int, list[str]]]:
    """Give each row that is not blank, the header among them, behind the lines on which it begins and ends."""
    with _reader(path) as reader:
        ends = 0
        for row in reader:
            begins, ends = ends + 1, reader.line_num
            if row:
                yield begins, ends, row


@contextmanager
def _reader(path: Path, strict: bool = False) -> Iterator[Any]:
    """Read with Python's module, which counts lines; its limit on a cell's length is the process's, so put it back."""
    limit = csv.field_size_limit(2**31 - 1)
    try:
        with open_text(path) as stream:
            yield csv.reader(stream, delimiter=separator(path), strict=strict)
    finally:
        csv.field_size_limit(limit)


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
    opener: Any = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8-sig", newline="") as stream:
        yield stream


def undecodable_line(path: Path) -> int:
    """Find the first line that is not UTF-8; a reader's error counts from where it last read."""
    opener: Any = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rb") as stream:
        return next(number for number, line in enumerate(stream, start=1) if not _is_utf8(line))


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True
