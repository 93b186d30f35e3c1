"""Whether a bundle's files are those of its manifest, and safe to read."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from weakhitl.files import sha256
from weakhitl.release.bundle import MODEL
from weakhitl.release.checking.untrusted import check_arrays, check_table, file_fault
from weakhitl.release.manifest import MOST_BYTES, hashes, listing


def file_faults(folder: Path, manifest: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Give name and fault of every file that is not as the manifest says."""
    listed, sizes = hashes(manifest), manifest["predicate"]["bytes"]
    present = listing(folder)
    for name in sorted({*present, *listed}):
        if name not in listed:
            yield name, "is not in the manifest"
        elif name not in present:
            yield name, "is missing"
        elif fault := file_fault(folder / name, sizes.get(name)):
            yield name, f"{fault}{_line_ends(folder / name, listed[name])}"
        elif sha256(folder / name) != listed[name]:
            yield name, "has other content than the manifest says"


def _line_ends(path: Path, expected: str) -> str:
    """Say so where a file differs by its line ends alone, as git makes it on Windows; empty where it does not."""
    if path.is_symlink() or not path.is_file() or path.stat().st_size > MOST_BYTES:
        return ""
    if hashlib.sha256(path.read_bytes().replace(b"\r\n", b"\n")).hexdigest() != expected:
        return ""
    return "; only its line ends differ: keep git from that, by `releases/** -text` in .gitattributes"


def check_safe(folder: Path) -> None:
    """Raise ``DataError`` for tables and arrays that are malformed, or would not fit into memory."""
    for path in sorted(folder.glob("*.parquet")):
        check_table(path)
    if (folder / f"{MODEL}.json").exists():
        check_arrays(folder / f"{MODEL}.npz")
