"""A release as one file."""

import zipfile
from pathlib import Path

from weakhitl.errors import DataError, StateError
from weakhitl.files import atomic_write
from weakhitl.release.manifest import MANIFEST, listing

_DATE = (1980, 1, 1, 0, 0, 0)
"""The earliest that a zip file can hold: the same release gives the same bytes."""
_PACKED = {".parquet", ".npz"}


def archive_path(folder: Path) -> Path:
    """Give the path of a release's zip file: beside it."""
    return folder.with_name(f"{folder.name}.zip")


def check_no_archive(folder: Path) -> None:
    """Raise ``StateError`` where there is a zip file of this release already."""
    if archive_path(folder).exists():
        raise StateError(f"{archive_path(folder)} exists, and a release never changes; choose a higher version")


def pack(folder: Path) -> Path:
    """Write ``FOLDER.zip`` with everything in a release, whole or not at all; give its path."""
    path = archive_path(folder)
    try:
        with atomic_write(path) as stream, zipfile.ZipFile(stream, "w") as archive:
            for name in [MANIFEST, *listing(folder)]:
                entry = zipfile.ZipInfo(f"{folder.name}/{name}", _DATE)
                entry.external_attr = 0o644 << 16
                packed = (folder / name).suffix in _PACKED
                entry.compress_type = zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED
                entry.file_size = (folder / name).stat().st_size
                with (folder / name).open("rb") as source, archive.open(entry, "w") as sink:
                    while piece := source.read(1 << 20):
                        sink.write(piece)
    except OSError as error:
        raise DataError(
            str(path), f"cannot be written ({error.strerror or error}); the release is in {folder}"
        ) from error
    return path
