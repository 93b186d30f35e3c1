"""What the next release is compared with."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from weakhitl.errors import DataError
from weakhitl.release.manifest import MANIFEST, read_manifest


def release_folders(releases: Path) -> list[Path]:
    """Give the folders of all releases below one, lowest version first."""
    folders = [folder for folder in releases.glob("[0-9]*") if (folder / MANIFEST).is_file()]
    return sorted(folders, key=lambda folder: _precedence(folder.name))


def last_release(releases: Path, former: Mapping[str, str]) -> dict[str, Any] | None:
    """Give what the next release is compared with, of the highest one in a folder; None without any.

    ``former`` says what former names of classes are now. Raises ``DataError`` where its report cannot be read.
    """
    folders = release_folders(releases)
    if not folders:
        return None
    folder = folders[-1]
    try:
        report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
        return comparable(report, read_manifest(folder), former)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            str(folder), f"is no whole release ({error}); class-drift compares with the last one"
        ) from error


def comparable(report: dict[str, Any], manifest: dict[str, Any], former: Mapping[str, str]) -> dict[str, Any]:
    """Give what ``Context.previous`` holds of a release; classes with a former name by what they are now."""
    shares: dict[str, float] = {}
    for row in report["classes"]:
        name = former.get(str(row["class"]), str(row["class"]))
        shares[name] = shares.get(name, 0.0) + float(row["share"])
    return {
        "version": str(manifest["predicate"]["version"]),
        "digest": str(manifest["digest"]),
        "created": str(manifest["predicate"]["created"]),
        "classes": shares,
        "counts": report["counts"],
        "functions": report["functions"],
        "agreement": report["agreement"]["dataset"],
        "checks": {check["name"]: check["estimate"] for check in report["gate"]["checks"]},
    }


def next_patch(version: str) -> str:
    """Give the patch version after this one.

    >>> next_patch("1.4.9"), next_patch("2.0.0-rc.1")
    ('1.4.10', '2.0.1')

    """
    major, minor, patch = version.split("+", maxsplit=1)[0].split("-", maxsplit=1)[0].split(".")
    return f"{major}.{minor}.{int(patch) + 1}"


def _precedence(version: str) -> tuple[tuple[int, ...], bool, str]:
    numbers, _, early = version.split("+", maxsplit=1)[0].partition("-")
    return tuple(int(part) for part in numbers.split(".")), not early, early
