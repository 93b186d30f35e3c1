"""Spreadsheets (.xlsx): a table as people fill it in, by openpyxl."""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO
from zipfile import BadZipFile

from weakhitl.errors import DataError
from weakhitl.wording import named_twice

if TYPE_CHECKING:
    import pandas as pd

_CHOICES = "choices"
"""The hidden sheet of what may be chosen in a column: a list in the cells' own rule may hold 255 characters."""

_WIDEST = 60
_LONGEST = 32_767
_MOST_ROWS = 1_048_576
"""What a sheet can hold: characters of a cell, rows."""


@dataclass(frozen=True)
class Sheet:
    """What a workbook's one visible sheet holds.

    Attributes
    ----------
    columns
        The names in its first row that is not empty.
    rows
        The cells below, as texts, without empty rows.
    numbers
        The number of each row as the program shows it.

    """

    columns: list[str]
    rows: list[list[str]]
    numbers: list[int]


def read_sheet(path: Path) -> Sheet:
    """Read a workbook.

    Raises ``DataError`` where it is none, where two of its sheets hold something, and where columns have no name or
    the same.
    """
    state = path.stat()
    return _read(path, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=1)
def _read(path: Path, _changed: int, _size: int) -> Sheet:
    with _opened(path) as book:
        shown = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
        filled = {str(sheet.title): rows for sheet in shown if (rows := [*_filled_rows(sheet)])}
    if not filled:
        raise DataError(str(path), "the file is empty; expected a header and at least one row")
    if len(filled) > 1:
        raise DataError(str(path), f"holds the sheets {', '.join(filled)}; expected one: hide or delete the others")
    (_, header), *rest = next(iter(filled.values()))
    if nameless := _nameless(header, rest):
        raise DataError(str(path), [f"{_place(at, number)} has no name" for at, number in nameless])
    if twice := named_twice(list(filter(None, header))):
        raise DataError(str(path), twice)
    named = [at for at, name in enumerate(header) if name]
    below = [[cells[at] if at < len(cells) else "" for at in named] for _, cells in rest]
    return Sheet([header[at] for at in named], below, [number for number, _ in rest])


def _filled_rows(sheet: Any) -> Iterator[tuple[int, list[str]]]:
    """Give number and cells of each row that is not empty, without the empty cells at its end."""
    sheet.reset_dimensions()  # some programs write wrong ones
    for number, cells in enumerate(sheet.iter_rows(values_only=True), start=1):
        texts = [_text(cell) for cell in cells]
        while texts and not texts[-1]:
            texts.pop()
        if texts:
            yield number, texts


def _nameless(header: list[str], rest: list[tuple[int, list[str]]]) -> list[tuple[int, int]]:
    """List position and first row of the columns that hold something and have no name."""
    found: dict[int, int] = {}
    for number, cells in rest:
        for at, cell in enumerate(cells):
            if cell and (at >= len(header) or not header[at]):
                found.setdefault(at, number)
    return [(at, number) for at, number in sorted(found.items())]


def _place(at: int, number: int) -> str:
    from openpyxl.utils import get_column_letter

    return f"column {get_column_letter(at + 1)}, which is filled in row {number},"


def _text(cell: Any) -> str:
    """Give a cell as a text; a number that is whole has no decimal point."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime):
        at_midnight = cell.time() == datetime.min.time()
        return cell.date().isoformat() if at_midnight else cell.isoformat(sep=" ")
    return cell.isoformat() if isinstance(cell, date) else str(cell)


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    openpyxl = _openpyxl(path)
    with warnings.catch_warnings(), path.open("rb") as stream:
        warnings.simplefilter("ignore")  # of what it does not keep: we only look
        try:
            book = openpyxl.load_workbook(stream, read_only=True, data_only=True)
        except (BadZipFile, KeyError, ValueError, openpyxl.utils.exceptions.InvalidFileException) as error:
            raise DataError(str(path), f"not a readable workbook ({' '.join(str(error).split())})") from error
        try:
            yield book
        finally:
            book.close()


def write_sheet(table: "pd.DataFrame", stream: BinaryIO, path: Path, choices: Mapping[str, Sequence[str]]) -> None:
    """Write a table; in the columns of ``choices`` the cells offer these values and take no others.

    Texts stay texts, whatever the program would make of them: ``007``, ``true``, ``=1+1``. Raises ``DataError`` naming
    what a sheet cannot hold.
    """
    openpyxl = _openpyxl(path)
    if faults := _faults(table):
        raise DataError(str(path), faults)
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "items"
    filled = table.astype(object).where(table.notna(), "")
    for at, name in enumerate(map(str, table.columns), start=1):
        _write_column(sheet, at, [name, *filled.iloc[:, at - 1].tolist()])
    sheet.freeze_panes = "A2"
    sheet.page_setup.orientation, sheet.page_setup.fitToHeight = "landscape", 0
    sheet.sheet_properties.pageSetUpPr = openpyxl.worksheet.properties.PageSetupProperties(fitToPage=True)
    offered = {name: values for name, values in choices.items() if len(values) and len(table)}
    if offered:
        hidden = book.create_sheet(_CHOICES)
        hidden.sheet_state = "hidden"
    names = list(table.columns)
    for number, (name, values) in enumerate(offered.items(), start=1):
        _offer(sheet, hidden, number, names.index(name) + 1, values, len(table))
    book.save(stream)


def _write_column(sheet: Any, at: int, cells: list[Any]) -> None:
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter

    top = Alignment(vertical="top", wrap_text=True)
    for row, value in enumerate(cells, start=1):
        cell = sheet.cell(row, at)
        cell.alignment = top
        if isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value):
            cell.value = value
            continue
        _set_text(cell, str(value))
    sheet.cell(1, at).font = Font(bold=True)
    longest = max(len(line) for value in cells for line in (str(value).splitlines() or [""]))
    sheet.column_dimensions[get_column_letter(at)].width = min(_WIDEST, max(10, longest + 2))


def _set_text(cell: Any, text: str) -> None:
    """Fill a cell, or leave it empty, so that what is typed there is a text, too."""
    cell.number_format = "@"
    if text:
        cell.value = text
        cell.data_type = "s"  # `=1+1` is no formula, `#N/A` no error


def _offer(sheet: Any, hidden: Any, number: int, at: int, values: Sequence[str], rows: int) -> None:
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    for row, value in enumerate(values, start=1):
        _set_text(hidden.cell(row, number), value)
    column = get_column_letter(number)
    rule = DataValidation(type="list", formula1=f"{_CHOICES}!${column}$1:${column}${len(values)}", allow_blank=True)
    rule.showErrorMessage, rule.errorTitle, rule.error = True, "Not a choice", "Choose one of the list."
    letter = get_column_letter(at)
    rule.add(f"{letter}2:{letter}{rows + 1}")
    sheet.add_data_validation(rule)


def _faults(table: "pd.DataFrame") -> list[str]:
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    if len(table) + 1 > _MOST_ROWS:
        return [f"{len(table):,} rows are more than a sheet holds; write a .csv"]
    faults = []
    for name in table.columns:
        for row, value in enumerate(table[name].tolist(), start=2):
            if not isinstance(value, str):
                continue
            if len(value) > _LONGEST:
                faults.append(f"row {row}: {name!r} has {len(value):,} characters; a cell holds {_LONGEST:,}")
            if ILLEGAL_CHARACTERS_RE.search(value):
                faults.append(f"row {row}: {name!r} holds a control character, which a cell cannot")
    return faults


def _openpyxl(path: Path) -> Any:
    try:
        import openpyxl
    except ImportError:
        remedy = "pip install 'weakhitl[excel]', or use a .csv in UTF-8"
        raise DataError(str(path), f"spreadsheets need openpyxl: {remedy}") from None
    return openpyxl
