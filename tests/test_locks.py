"""Locks on files: for one process, also as they are made on Windows."""

import errno
import importlib.util
import os
import sys
from types import SimpleNamespace

import pytest

from weakhitl import locks
from weakhitl.release.whole_folder import only_one

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux's locks stand in for those of Windows")


def _msvcrt():
    """What our lock uses of that module, by Linux's locks that belong to an open file."""
    import fcntl
    import struct

    def locking(handle: int, mode: int, n_bytes: int) -> None:
        assert (mode, n_bytes) == (2, 1)
        wanted = struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_CUR, 0, n_bytes, 0)
        try:
            fcntl.fcntl(handle, 37, wanted)  # F_OFD_SETLK
        except BlockingIOError as error:
            raise PermissionError(errno.EACCES, "Permission denied") from error

    return SimpleNamespace(LK_NBLCK=2, locking=locking)


def _windows_locks(monkeypatch):
    """Our module of locks as it is loaded on Windows."""
    monkeypatch.setitem(sys.modules, "msvcrt", _msvcrt())
    found = importlib.util.spec_from_file_location("windows_locks", locks.__file__)
    module = importlib.util.module_from_spec(found)
    with monkeypatch.context() as during:
        during.setattr(sys, "platform", "win32")
        found.loader.exec_module(module)
    return module


@pytest.mark.parametrize("system", ["linux", "windows"])
def test_a_lock_is_for_one_leaves_the_file_readable_and_ends_with_it(system, tmp_path, monkeypatch):
    module = locks if system == "linux" else _windows_locks(monkeypatch)
    path = tmp_path / "lock"
    with path.open("a+") as first, path.open("a+") as second:
        assert module.try_lock(first.fileno())
        first.write("mine")
        first.flush()
        assert not module.try_lock(second.fileno())
        assert path.read_text() == "mine"
    with path.open("a+") as third:
        module.lock(third.fileno())
        third.write(", not yours")
    assert path.read_text() == "mine, not yours"
    assert path.stat().st_size < 100


def test_a_drive_without_locks_is_used_without(tmp_path, monkeypatch):
    def flock(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", flock)
    with only_one(tmp_path / "lock", "releasing 1.0.0"):
        assert "releasing 1.0.0" in (tmp_path / "lock").read_text()
    monkeypatch.setattr("fcntl.flock", lambda *_: (_ for _ in ()).throw(OSError(errno.EIO, "Input/output error")))
    with pytest.raises(OSError, match="Input/output error"), (tmp_path / "lock").open() as file:
        locks.try_lock(file.fileno())
