"""Run commands and scripts in forks of a process that has imported what they import: a start costs two seconds else."""

import multiprocessing
import os
import runpy
import sys
from collections.abc import Callable
from pathlib import Path

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["weakhitl.cli.main", "weakhitl.pipeline"])
_PATIENCE = 300


def command(arguments: list[str], folder: Path) -> tuple[int, str]:
    """Run a command line in a folder: its exit code, and what it printed."""
    return _run(_command, arguments, folder)


def script(file: Path, folder: Path) -> tuple[int, str]:
    """Run a file of Python in a folder."""
    return _run(_script, file, folder)


def _run(work: Callable, given: object, folder: Path) -> tuple[int, str]:
    printed = folder / ".printed"
    process = _CONTEXT.Process(target=_alone, args=(work, given, folder, printed))
    process.start()
    process.join(_PATIENCE)
    if process.is_alive():
        process.kill()
        raise TimeoutError(f"{given} takes more than {_PATIENCE} seconds")
    text = printed.read_text(encoding="utf-8", errors="replace")
    printed.unlink()
    return process.exitcode, text


def _alone(work: Callable, given: object, folder: Path, printed: Path) -> None:
    out = os.open(printed, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for at in (1, 2):
        os.dup2(out, at)
    os.chdir(folder)
    work(given)


def _command(arguments: list[str]) -> None:
    from weakhitl.cli.main import run

    sys.argv = ["weakhitl", *arguments]
    run()


def _script(file: Path) -> None:
    sys.argv, sys.path[0] = [str(file)], str(file.parent)
    runpy.run_path(str(file), run_name="__main__")
