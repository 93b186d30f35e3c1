"""The manifest: an in-toto statement on every file of a bundle, and a digest over the manifest itself.

See the in-toto attestation framework, statement v1: subjects are files with their hashes, the predicate says how they
came to be.
"""

import hashlib
import json
import platform
from dataclasses import asdict, dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from weakhitl import __version__
from weakhitl.errors import DataError
from weakhitl.files import sha256

MANIFEST = "manifest.json"
FORMAT = 2
STATEMENT, PREDICATE = "https://in-toto.io/Statement/v1", "urn:weakhitl:release:2"
MOST_BYTES = 64 << 20
"""A manifest or another JSON file that is larger is not read."""

_PACKAGES = ("krippendorff", "numpy", "pandas", "pyarrow", "scikit-learn", "scipy", "statsmodels")


@dataclass(frozen=True)
class Provenance:
    """How a release came to be.

    Attributes
    ----------
    name, version
        The dataset's name and the release's version.
    created
        The moment, UTC.
    seeds
        Of every batch, of the resamples and of the splits.
    gate_run
        Hash of the entry in the gate's log that the release rests on.
    annotation_log
        Number and hash of the last event of the annotation store: the log's head.
    previous
        Version and digest of the release before; None for the first.

    """

    name: str
    version: str
    created: datetime
    seeds: dict[str, Any]
    gate_run: str
    annotation_log: dict[str, Any]
    previous: dict[str, str] | None


def make_manifest(folder: Path, provenance: Provenance) -> dict[str, Any]:
    """List every file below ``folder`` with hash and size, and say how they came to be."""
    sizes = {path: (folder / path).stat().st_size for path in listing(folder)}
    manifest: dict[str, Any] = {
        "_type": STATEMENT,
        "subject": [{"name": path, "digest": {"sha256": sha256(folder / path)}} for path in sizes],
        "predicateType": PREDICATE,
        "predicate": {
            "format": FORMAT,
            **asdict(provenance),
            "created": provenance.created.isoformat(),
            "weakhitl": __version__,
            "python": platform.python_version(),
            "packages": {package: version(package) for package in _PACKAGES},
            "bytes": sizes,
        },
    }
    return manifest | {"digest": digest(manifest)}


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read a manifest. Raises ``DataError`` when there is none, or when it is none."""
    path = folder / MANIFEST
    if not path.is_file():
        raise DataError(str(folder), f"holds no {MANIFEST}: this is no release")
    manifest = read_json(path)
    try:
        sound = manifest["predicate"]["format"] == FORMAT and manifest["predicateType"] == PREDICATE
        hashes(manifest)
        {name: int(size) for name, size in manifest["predicate"]["bytes"].items()}
        sound &= all(isinstance(manifest["predicate"][key], str) for key in ("name", "version", "created", "gate_run"))
    except (TypeError, KeyError, AttributeError, ValueError):
        sound = False
    if not sound:
        raise DataError(str(path), f"is no manifest of format {FORMAT}")
    return dict(manifest)


def read_json(path: Path) -> Any:
    """Read a JSON file that may come from anybody.

    Raises ``DataError`` where it is too large, none, too deep, or holds numbers that JSON does not know.
    """
    if path.stat().st_size > MOST_BYTES:
        raise DataError(str(path), f"has {path.stat().st_size:,} bytes; expected at most {MOST_BYTES:,}")
    try:
        return json.loads(path.read_text(encoding="utf-8"), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise DataError(str(path), f"is no JSON ({error})") from error


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no number in JSON")


def hashes(manifest: dict[str, Any]) -> dict[str, str]:
    """Path of each listed file -> its SHA-256."""
    return {str(subject["name"]): str(subject["digest"]["sha256"]) for subject in manifest["subject"]}


def digest(manifest: dict[str, Any]) -> str:
    """Hash the manifest's canonical form: keys sorted, no spaces, without the digest itself."""
    body = {key: value for key, value in manifest.items() if key != "digest"}
    return hashlib.sha256(json.dumps(body, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def listing(folder: Path) -> list[str]:
    """Paths of all files and links below ``folder`` but the manifest, relative, sorted."""
    paths = (path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())
    return sorted(name for path in paths if (name := path.relative_to(folder).as_posix()) != MANIFEST)
