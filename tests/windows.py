"""What Windows forbids and Linux allows, for the files below a folder."""

import builtins
import errno
import io
import os
import shutil
from fcntl import F_GETFL, fcntl
from pathlib import Path
from typing import Any

import pytest

_RESERVED = {"con", "prn", "aux", "nul", *(f"com{i}" for i in range(1, 10)), *(f"lpt{i}" for i in range(1, 10))}
_FOREIGN = '<>:"\\|?*'


class Rules:
    """Have file operations below ``root`` fail as on Windows.

    There, a folder cannot be opened; a file that was opened for reading cannot be flushed; a file that is open
    cannot be replaced, moved or deleted, nor a folder of such; what is moved never replaces anything; some names
    cannot be given; and text without a stated encoding is not UTF-8.
    """

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = root.resolve()
        self._real: dict[str, Any] = {}
        for name in ("open", "fsync", "rename", "replace", "unlink", "mkdir"):
            self._real[name] = getattr(os, name)
            monkeypatch.setattr(os, name, getattr(self, name))
        monkeypatch.setattr(os, "remove", self.unlink)
        monkeypatch.setattr(shutil, "_use_fd_functions", False)  # else it opens folders, as it never does on Windows
        self._io_open = io.open
        monkeypatch.setattr(io, "open", self.io_open)
        monkeypatch.setattr(builtins, "open", self.io_open)

    def open(self, path: Any, flags: int, *args: Any, **kwargs: Any) -> int:
        if self._is_ours(path):
            if Path(path).is_dir():
                raise PermissionError(errno.EACCES, "Permission denied", str(path))
            if flags & os.O_CREAT:
                _check_name(path)
        return self._real["open"](path, flags, *args, **kwargs)

    def fsync(self, file: Any) -> None:
        handle = file if isinstance(file, int) else file.fileno()
        if self._is_ours(f"/proc/self/fd/{handle}") and fcntl(handle, F_GETFL) & os.O_ACCMODE == os.O_RDONLY:
            raise OSError(errno.EBADF, "Bad file descriptor")
        self._real["fsync"](file)

    def rename(self, source: Any, target: Any, **kwargs: Any) -> None:
        if self._is_ours(source) or self._is_ours(target):
            _check_name(target)
            self._check_free(source)
            if os.path.lexists(target):
                raise FileExistsError(errno.EEXIST, "Cannot create a file when that file already exists", str(target))
        self._real["rename"](source, target, **kwargs)

    def replace(self, source: Any, target: Any, **kwargs: Any) -> None:
        if self._is_ours(source) or self._is_ours(target):
            _check_name(target)
            self._check_free(source)
            self._check_free(target)
        self._real["replace"](source, target, **kwargs)

    def unlink(self, path: Any, **kwargs: Any) -> None:
        if self._is_ours(path):
            self._check_free(path)
        self._real["unlink"](path, **kwargs)

    def mkdir(self, path: Any, *args: Any, **kwargs: Any) -> None:
        if self._is_ours(path):
            _check_name(path)
        self._real["mkdir"](path, *args, **kwargs)

    def io_open(
        self, file: Any, mode: str = "r", buffering: int = -1, encoding: str | None = None, *args: Any, **kwargs: Any
    ) -> Any:
        if self._is_ours(f"/proc/self/fd/{file}" if isinstance(file, int) else file):
            if "r" not in mode and not isinstance(file, int):
                _check_name(file)
            if "b" not in mode and encoding in {None, "locale"}:
                encoding = "cp1252"
        return self._io_open(file, mode, buffering, encoding, *args, **kwargs)

    def _is_ours(self, path: Any) -> bool:
        return not isinstance(path, int) and Path(os.path.realpath(os.fsdecode(path))).is_relative_to(self.root)

    def _check_free(self, path: Any) -> None:
        asked = Path(path).resolve()
        for link in Path("/proc/self/fd").iterdir():
            if os.path.lexists(link) and Path(os.path.realpath(link)).is_relative_to(asked):
                what = "The process cannot access the file because it is being used by another process"
                raise PermissionError(errno.EACCES, what, str(path))


def _check_name(path: Any) -> None:
    name = Path(os.fsdecode(path)).name
    foreign = {*name} & {*_FOREIGN} or any(ord(sign) < 32 for sign in name)
    if foreign or name.endswith((".", " ")) or name.partition(".")[0].lower() in _RESERVED:
        raise OSError(errno.EINVAL, "The filename, directory name, or volume label syntax is incorrect", str(path))
