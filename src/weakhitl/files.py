"""Files: read tables as strings with every fault named, write whole files or none."""

import hashlib
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from weakhitl.csv_files import csv_text, line_places, open_text, read_csv, undecodable_line
from weakhitl.errors import DataError
from weakhitl.sheets import read_sheet, write_sheet
from weakhitl.wording import named_twice

if TYPE_CHECKING:
    import pandas as pd

_PAUSES = (0.05, 0.15, 0.3, 0.5) if sys.platform == "win32" else ()
"""Between tries to move what a virus scanner or an indexer may have open for a moment."""

Fault = tuple[int, str]
"""A row of a table, counted from 0, and what is wrong with it."""


def read_table(path: Path | str) -> "pd.DataFrame":
    """Read a CSV, TSV, JSON Lines, Parquet or .xlsx file (or a folder of them) into a table.

    Cells of CSV, TSV and spreadsheets are strings and an empty cell is an empty string, so that the id ``007``
    survives; JSON Lines and Parquet keep their own types. Raises ``DataError`` when a file is missing, empty or
    malformed.
    """
    path = Path(path)
    if path.is_dir():
        return _read_folder(path)
    table = _READERS[table_kind(table_files(path)[0])](path)
    if table.empty:
        raise DataError(str(path), "the file has no rows; expected at least one")
    return table


def table_files(path: Path) -> list[Path]:
    """List the file, or a folder's tables in the order of their names.

    Raises ``DataError`` for what is missing, of another kind, or empty.
    """
    if path.is_dir():
        files = sorted(file for file in path.iterdir() if table_kind(file) and file.is_file())
        if not files:
            raise DataError(str(path), f"the folder holds no table; {_ENDINGS}")
        if empty := [file.name for file in files if file.stat().st_size == 0]:
            raise DataError(str(path), [f"{name}: {_EMPTY}" for name in empty])
        return files
    if not path.exists():
        raise DataError(str(path), f"there is no such file{_nearest_file(path)}")
    if not table_kind(path):
        raise DataError(
            str(path),
            f"cannot read {path.suffix or 'a file without an ending'}; {_ENDINGS}{_INSTEAD.get(path.suffix, '')}",
        )
    if path.stat().st_size == 0:
        raise DataError(str(path), _EMPTY)
    return [path]


_EMPTY = "the file is empty; expected a header and at least one row"


def require_columns(table: "pd.DataFrame", columns: Sequence[str], where: str, hint: str = "") -> None:
    """Raise ``DataError`` naming every column of ``columns`` that ``table`` lacks, with the nearest, or has twice.

    ``hint`` says what else may help.
    """
    if not hasattr(table, "columns"):
        raise DataError(where, f"expected a DataFrame, found {type(table).__name__}")
    found = [str(name) for name in table.columns]
    faults = [_no_column(name, found) for name in columns if name not in found]
    if faults and hint:
        faults[-1] += f"; {hint}"
    faults += named_twice([name for name in found if name in columns])
    if faults:
        raise DataError(where, [*faults, *separator_faults(table)])


def _no_column(name: str, found: Sequence[str]) -> str:
    close = get_close_matches(name, found, n=1)
    nearest = f"; did you mean {close[0]!r}?" if close and len(found) > 1 else ""
    known = f"the columns are {', '.join(found)}" if found else "there is none"
    return f"no column {name!r}; {known}{nearest}"


def separator_faults(table: "pd.DataFrame") -> list[str]:
    """Say so where the one column of a table looks like several."""
    name = str(table.columns[0]) if len(table.columns) == 1 else ""
    if not any(mark in name for mark in ",;\t|"):
        return []
    return ["the cells seem to be separated by something else; expected tabs in a .tsv, one separator in a .csv"]


def row_places(path: Path | str, rows: Sequence[int]) -> list[str]:
    """Name rows of a file for a person: ``line 7`` in a CSV or JSON Lines file, ``row 6`` elsewhere.

    Rows of a spreadsheet have the numbers that are shown there, those of other files are counted from 1.
    """
    path = Path(path)
    if table_kind(path) == "xlsx" and path.is_file():
        numbers = read_sheet(path).numbers
        return [f"row {numbers[row]}" if row < len(numbers) else f"row {row + 1}" for row in rows]
    if table_kind(path) == "csv" and path.is_file():
        return line_places(path, rows)
    if table_kind(path) == "jsonl" and path.is_file():
        with open_text(path) as stream:
            filled = [number for number, line in enumerate(stream, start=1) if line.strip()]
        return [f"line {filled[row]}" for row in rows]
    return [f"row {row + 1}" for row in rows]


def raise_row_faults(path: Path | str, faults: Sequence[Fault]) -> None:
    """Raise ``DataError`` with all faults of a file by row, each once; nothing where there is none."""
    if not faults:
        return
    ordered = sorted(set(faults))
    places = row_places(path, [row for row, _ in ordered])
    raise DataError(str(path), [f"{place}: {what}" for place, (_, what) in zip(places, ordered, strict=True)])


@contextmanager
def atomic_write(path: Path | str) -> Iterator[BinaryIO]:
    """Open a temporary file that becomes ``path`` when the block ends well, and vanishes when it does not."""
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    except OSError as error:
        raise DataError(str(path), f"cannot write here ({error.strerror})") from error
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        Path(temporary).chmod(0o666 & ~_umask())
        _put(Path(temporary), path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def move(source: Path, target: Path) -> None:
    """Move a file, over an earlier one, or a folder. On Windows, wait a second for who looks into new files there."""
    for pause in _PAUSES:
        try:
            source.replace(target)
        except PermissionError:
            time.sleep(pause)
        else:
            return
    source.replace(target)


def _put(temporary: Path, path: Path) -> None:
    try:
        move(temporary, path)
    except PermissionError as error:  # on Windows, of a file that is open
        hint = "where a program has it open, close it there"
        raise DataError(str(path), f"cannot be replaced ({error.strerror}), and is as it was; {hint}") from error


def write_text(path: Path | str, text: str) -> None:
    """Write a text file whole or not at all."""
    with atomic_write(path) as stream:
        stream.write(text.encode("utf-8"))


def make_private(folder: Path) -> None:
    """Make a folder that git leaves alone: what is in it can be made anew, or is secret."""
    ignored = folder / ".gitignore"
    folder.mkdir(parents=True, exist_ok=True)
    if not ignored.exists():
        write_text(ignored, "*\n")


def write_json(path: Path | str, value: Any) -> None:
    """Write JSON that diffs well: indented, keys as given, nan refused."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def write_table(path: Path | str, table: "pd.DataFrame", choices: Mapping[str, Sequence[str]] | None = None) -> None:
    """Write a table as CSV, TSV, JSON Lines, Parquet or a spreadsheet, by the ending of ``path``.

    ``choices`` says what may stand in columns that people fill in: a spreadsheet offers it.
    """
    path = Path(path)
    kind = table_kind(path)
    if not kind or path.suffix == ".gz":
        raise DataError(str(path), "cannot write this kind of file; use .csv, .tsv, .jsonl, .parquet or .xlsx")
    with atomic_write(path) as stream:
        _WRITERS[kind](table, stream, path, choices or {})


def sha256(path: Path | str) -> str:
    """Hash a file's bytes."""
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


_ENDINGS = "use .csv, .tsv, .jsonl, .parquet or .xlsx (the first three may end in .gz)"

_SHEET = "; save the sheet as .xlsx, or as CSV in UTF-8"

_INSTEAD = {
    ".xls": _SHEET,
    ".xlsm": _SHEET,
    ".ods": _SHEET,
    ".json": "; a .jsonl has an object a line, as pandas' to_json(orient='records', lines=True) writes it",
}
"""What makes a table of another kind readable, by its ending."""

_KINDS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".xlsx": "xlsx",
}

_OPEN = "~$"
"""Begins the name of what a spreadsheet program keeps beside a file that is open in it."""


def table_kind(path: Path) -> str:
    """Say which kind of table a file is, by its ending: csv (also with tabs), jsonl, parquet, xlsx; empty for none."""
    return "" if path.name.startswith(_OPEN) else _KINDS.get(_ending(path), "")


def _ending(path: Path) -> str:
    name = path.name.lower().removesuffix(".gz")
    return Path(name).suffix


def _read_folder(folder: Path) -> "pd.DataFrame":
    import pandas as pd

    tables, faults = [], []
    for path in table_files(folder):
        try:
            tables.append(read_table(path))
        except DataError as error:
            faults += [f"{path.name}: {fault}" for fault in error.faults]
    if faults:
        raise DataError(str(folder), faults)
    return pd.concat(tables, ignore_index=True)


def _read_jsonl(path: Path) -> "pd.DataFrame":
    import pandas as pd

    faults: list[str] = []
    rows = list(json_rows(path, faults))
    if faults:
        raise DataError(str(path), faults)
    return pd.DataFrame(rows)


def json_rows(path: Path, faults: list[str]) -> Iterator[dict[str, Any]]:
    """Give the objects of a JSON Lines file, and append what is wrong with other lines to ``faults``."""
    try:
        with open_text(path) as stream:
            for number, line in enumerate(stream, start=1):
                if not line.strip():
                    continue
                try:
                    row = json.loads(line)
                except json.JSONDecodeError as error:
                    faults.append(f"line {number}: not JSON ({error.msg} at column {error.colno})")
                    continue
                if not isinstance(row, dict):
                    faults.append(f"line {number}: expected an object, found {type(row).__name__}")
                elif "\\u" in line and (half := half_character(row)):
                    faults.append(f"line {number}: {half}")
                else:
                    yield row
    except UnicodeDecodeError as error:
        raise DataError(str(path), f"line {undecodable_line(path)} is not UTF-8; save the file as UTF-8") from error


def half_character(value: Any) -> str:
    """Say where what was JSON holds a surrogate without its other half, which no file can; empty where it does not."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        found = error.object[error.start]
        return f"{found!r} is half of a character; expected whole ones: cut texts between characters"
    return ""


def _read_parquet(path: Path) -> "pd.DataFrame":
    import pandas as pd

    with parquet_faults(path):
        return pd.read_parquet(path)


@contextmanager
def parquet_faults(path: Path) -> Iterator[None]:
    """Raise ``DataError`` where a file cannot be read as Parquet."""
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError) as error:
        raise DataError(str(path), f"not a readable Parquet file ({_one_line(error)})") from error


def _read_xlsx(path: Path) -> "pd.DataFrame":
    import pandas as pd

    sheet = read_sheet(path)
    return pd.DataFrame(sheet.rows, columns=sheet.columns, dtype=str)


_READERS: dict[str, Callable[[Path], "pd.DataFrame"]] = {
    "csv": read_csv,
    "jsonl": _read_jsonl,
    "parquet": _read_parquet,
    "xlsx": _read_xlsx,
}

_Choices = Mapping[str, Sequence[str]]

_WRITERS: dict[str, Callable[["pd.DataFrame", BinaryIO, Path, _Choices], object]] = {
    "csv": lambda table, stream, path, _: stream.write(csv_text(table, path).encode()),
    "jsonl": lambda table, stream, *_: stream.write(
        table.to_json(orient="records", lines=True, force_ascii=False).encode()
    ),
    "parquet": lambda table, stream, *_: table.to_parquet(stream, index=False),
    "xlsx": write_sheet,
}


def _nearest_file(path: Path) -> str:
    if not path.parent.is_dir():
        return f", nor the folder {path.parent}"
    close = get_close_matches(path.name, [other.name for other in path.parent.iterdir()], n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
