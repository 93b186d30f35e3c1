"""What anybody may have made: opened without trust, refused with a reason."""

import stat
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from weakhitl.errors import DataError
from weakhitl.files import parquet_faults
from weakhitl.release.manifest import MANIFEST, MOST_BYTES
from weakhitl.wording import a_few

MOST_UNPACKED = 32 << 30
"""Bytes that a zip file may unpack to, unless told otherwise."""

_MOST_FILES = 10_000
_MOST_GROUP = 2 << 30
"""Bytes that a row group of a table may come to in memory."""
_MOST_CONFIG = 1 << 20
_PIECE = 1 << 20
_PICKLES = {".pkl", ".pickle", ".joblib", ".dill", ".pt", ".pth", ".npy"}


@contextmanager
def opened(path: Path, most: int = MOST_UNPACKED) -> Iterator[Path]:
    """Give the folder of a release: the path itself, or a temporary one with what a zip file holds.

    Raises ``DataError`` with every reason for which a zip file is not unpacked.
    """
    if path.is_dir():
        yield path
        return
    if not path.is_file():
        raise DataError(str(path), "there is no such folder or zip file")
    if not zipfile.is_zipfile(path):
        raise DataError(str(path), "is neither a folder nor a zip file")
    with tempfile.TemporaryDirectory(prefix="weakhitl-verify-") as place:
        folder = Path(place)
        try:
            _unpack(path, folder, most)
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
            raise DataError(str(path), f"is a damaged zip file ({error})") from error
        yield _release_inside(path, folder)


def _release_inside(path: Path, folder: Path) -> Path:
    """Find the release in what a zip file holds, which may be in folders and have others beside it."""
    found = [one.parent for one in folder.rglob(MANIFEST) if one.is_file()]
    if not found:
        raise DataError(str(path), f"holds no {MANIFEST}: this is no release")
    least = min(len(one.parts) for one in found)
    top = [one for one in found if len(one.parts) == least]
    if len(top) > 1:
        names = a_few(sorted(str(one.relative_to(folder)) for one in top))
        raise DataError(str(path), f"holds {len(top):,} releases ({names}); expected one")
    return top[0]


def _unpack(path: Path, folder: Path, most: int) -> None:
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        if faults := _member_faults(members, most):
            raise DataError(str(path), faults[:20])
        left = most
        for member in members:
            if not member.is_dir():
                target = folder / member.filename
                target.parent.mkdir(parents=True, exist_ok=True)
                left -= _copy(archive, member, target, left)


def _member_faults(members: Sequence[zipfile.ZipInfo], most: int) -> list[str]:
    faults = []
    if len(members) > _MOST_FILES:
        return [f"holds {len(members):,} files; expected at most {_MOST_FILES:,}"]
    if (total := sum(member.file_size for member in members)) > most:
        faults.append(f"would unpack to {total:,} bytes; expected at most {most:,}")
    seen = set()
    for member in members:
        name = PurePosixPath(member.filename)
        if name.is_absolute() or ".." in name.parts or "\\" in member.filename or ":" in member.filename:
            faults.append(f"{member.filename!r} leads out of the folder")
        if stat.S_IFMT(member.external_attr >> 16) not in {0, stat.S_IFREG, stat.S_IFDIR}:
            faults.append(f"{member.filename!r} is a link or a device, not a file")
        if member.filename in seen:
            faults.append(f"{member.filename!r} is in it twice")
        if member.flag_bits & 1:
            faults.append(f"{member.filename!r} is encrypted")
        seen.add(member.filename)
    return faults


def _copy(archive: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path, left: int) -> int:
    """Unpack a file, and give its size; its header may lie about that."""
    size = 0
    with archive.open(member) as source, target.open("xb") as sink:
        while piece := source.read(_PIECE):
            size += len(piece)
            if size > left:
                raise DataError(str(archive.filename), f"{member.filename!r} unpacks to more than its header says")
            sink.write(piece)
    return size


def file_fault(path: Path, size: int | None) -> str:
    """Say why a listed file is not even read; empty if it may be."""
    found = path.lstat()
    if stat.S_ISLNK(found.st_mode):
        return "is a link, not a file"
    if not stat.S_ISREG(found.st_mode):
        return "is a device or a pipe, not a file"
    if found.st_size != size:
        return f"has {found.st_size:,} bytes, but the manifest says {size}"
    if path.suffix.lower() in _PICKLES or _starts_as_pickle(path):
        return "is a pickle, which runs code when it is read; a release holds none"
    most = {".json": MOST_BYTES, ".jsonl": MOST_BYTES, ".toml": _MOST_CONFIG}.get(path.suffix.lower())
    if most is not None and found.st_size > most:
        return f"has {found.st_size:,} bytes; expected at most {most:,}"
    return ""


def _starts_as_pickle(path: Path) -> bool:
    with path.open("rb") as file:
        start = file.read(2)
    return len(start) == 2 and start[0] == 0x80 and 2 <= start[1] <= 5


def check_table(path: Path, columns: Sequence[str] | None = None) -> None:
    """Raise ``DataError`` for a Parquet file that is malformed, or whose row groups would not fit into memory.

    A text that is stored once and meant a million times is counted a million times.
    """
    with parquet_faults(path), pq.ParquetFile(path) as file:
        read = [one for one in file.schema_arrow if columns is None or one.name in columns]
    names = [one.name for one in read]
    if nested := [one.name for one in read if pa.types.is_nested(one.type)]:
        raise DataError(str(path), f"column {nested[0]!r} is nested; a release has no such column there")
    texts = [one.name for one in read if _is_text(one.type)]
    with parquet_faults(path), pq.ParquetFile(path, read_dictionary=texts) as file:
        for group in range(file.metadata.num_row_groups):
            rows = file.metadata.row_group(group).num_rows
            stored = file.metadata.row_group(group).total_byte_size
            if max(stored, 8 * rows * len(names)) > _MOST_GROUP:
                raise DataError(str(path), f"row group {group + 1} comes to over {_MOST_GROUP:,} bytes in memory")
            if texts and _text_bytes(file.read_row_group(group, columns=texts)) > _MOST_GROUP:
                raise DataError(str(path), f"the texts of row group {group + 1} come to over {_MOST_GROUP:,} bytes")


def _is_text(kind: pa.DataType) -> bool:
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return any(test(kind) for test in (pa.types.is_string, pa.types.is_large_string, pa.types.is_binary))


def check_arrays(path: Path) -> None:
    """Raise ``DataError`` for a file of arrays that is none, or would not fit into memory."""
    if not zipfile.is_zipfile(path):
        raise DataError(str(path), "is no file of arrays")
    with zipfile.ZipFile(path) as archive:
        total = sum(member.file_size for member in archive.infolist())
    if total > _MOST_GROUP:
        raise DataError(str(path), f"comes to {total:,} bytes in memory; expected at most {_MOST_GROUP:,}")


def _text_bytes(table: pa.Table) -> int:
    total = 0
    for column in table.columns:
        for chunk in column.chunks:
            lengths = pc.binary_length(chunk.dictionary)
            total += pc.sum(lengths.take(chunk.indices)).as_py() or 0
    return total
