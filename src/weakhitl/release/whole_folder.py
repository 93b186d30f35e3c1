"""A folder that appears whole or not at all, and a lock for whoever makes one."""

import json
import os
import platform
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from weakhitl.errors import DataError, StateError
from weakhitl.files import move
from weakhitl.locks import try_lock

_PARTIAL, _OLD = ".partial", ".old"


@contextmanager
def whole_folder(final: Path, *, replace: bool = False) -> Iterator[Path]:
    """Give a temporary folder that becomes ``final`` when the block ends well, and vanishes when it does not.

    With ``replace`` an earlier ``final`` is there until that moment. Raises ``DataError`` where nothing can be written,
    or the disk is full.
    """
    try:
        final.parent.mkdir(parents=True, exist_ok=True)
        for left_over in final.parent.glob(f".{final.name}.*"):
            if left_over.suffix in {_PARTIAL, _OLD}:
                shutil.rmtree(left_over)
        folder = Path(tempfile.mkdtemp(dir=final.parent, prefix=f".{final.name}.", suffix=_PARTIAL))
    except OSError as error:
        raise DataError(str(final), f"cannot write here ({error.strerror})") from error
    try:
        yield folder
        folder.chmod(0o755)
        _sync(folder)
        old = folder.with_suffix(_OLD)
        if replace and final.exists():
            move(final, old)
        move(folder, final)
        _sync_one(final.parent)
        shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise DataError(str(final), f"cannot be written ({error.strerror or error}); nothing was left there") from error
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


@contextmanager
def only_one(lock: Path, doing: str) -> Iterator[None]:
    """Hold a lock for the block. Raises ``StateError`` that says who holds it; a dead process holds none."""
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        file = lock.open("a+", encoding="utf-8")
    except OSError as error:
        raise DataError(str(lock), f"cannot write here ({error.strerror})") from error
    with file:
        if not try_lock(file.fileno()):
            file.seek(0)
            raise StateError(f"{_holder(file.read())}; wait until that is done, then try again")
        file.truncate(0)
        who = {"process": os.getpid(), "computer": platform.node(), "doing": doing, "since": _now()}
        file.write(json.dumps(who))
        file.flush()
        yield


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _holder(text: str) -> str:
    try:
        who = json.loads(text)
        return f"process {who['process']} on {who['computer']} has been {who['doing']} since {who['since']}"
    except (ValueError, KeyError, TypeError):
        return "another process is making a release"


def _sync(folder: Path) -> None:
    """Have everything below a folder, and the folder, on the disk."""
    for path in folder.rglob("*"):
        _sync_one(path)
    _sync_one(folder)


def _sync_one(path: Path) -> None:
    is_folder = path.is_dir()
    try:
        handle = os.open(path, os.O_RDONLY if is_folder else os.O_RDWR)
    except PermissionError:
        if is_folder:  # Windows opens none
            return
        raise
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
