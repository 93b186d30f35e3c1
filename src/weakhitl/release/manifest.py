"""The manifest: a hash of every file of a bundle, and a digest over the manifest itself."""

import hashlib
import json
import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from weakhitl import __version__
from weakhitl.errors import DataError
from weakhitl.files import sha256

MANIFEST = "manifest.json"
FORMAT = 1
_PACKAGES = ("krippendorff", "numpy", "pandas", "pyarrow", "scikit-learn", "scipy", "statsmodels")


def make_manifest(folder: Path, name: str, release: str, seeds: list[int], gate_run: str) -> dict[str, Any]:
    """List every file below ``folder`` with hash and size, versions, seeds, the gate's run, and the digest."""
    manifest: dict[str, Any] = {
        "format": FORMAT,
        "name": name,
        "version": release,
        "created": _now().isoformat(),
        "weakhitl": __version__,
        "python": platform.python_version(),
        "packages": {package: version(package) for package in _PACKAGES},
        "seeds": seeds,
        "gate_run": gate_run,
        "files": {
            path: {"sha256": sha256(folder / path), "bytes": (folder / path).stat().st_size} for path in listing(folder)
        },
    }
    return manifest | {"digest": digest(manifest)}


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read a manifest. Raises ``DataError`` when there is none, or when it is none."""
    path = folder / MANIFEST
    if not path.is_file():
        raise DataError(str(folder), f"holds no {MANIFEST}: this is no release")
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise DataError(str(path), f"is no JSON ({error})") from error
    if (
        not isinstance(manifest, dict)
        or manifest.get("format") != FORMAT
        or not isinstance(manifest.get("files"), dict)
    ):
        raise DataError(str(path), f"is no manifest of format {FORMAT}")
    return manifest


def digest(manifest: dict[str, Any]) -> str:
    """Hash the manifest's canonical form: keys sorted, no spaces, without the digest itself."""
    body = {key: value for key, value in manifest.items() if key != "digest"}
    return hashlib.sha256(json.dumps(body, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def listing(folder: Path) -> list[str]:
    """Paths of all files and links below ``folder`` but the manifest, relative, sorted."""
    paths = (path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())
    return sorted(name for path in paths if (name := path.relative_to(folder).as_posix()) != MANIFEST)


def _now() -> datetime:
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    return datetime.fromtimestamp(int(epoch), UTC) if epoch else datetime.now(UTC).replace(microsecond=0)
