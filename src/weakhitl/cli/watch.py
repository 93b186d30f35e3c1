"""Do something again whenever a project's files are saved."""

import sys
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from weakhitl.cli.shared import open_project
from weakhitl.errors import WeakHITLError

if TYPE_CHECKING:
    from weakhitl.pipeline.project import Project

_PAUSE = 0.3
"""Seconds between two looks at the files."""


def watched(project_path: Path, show: "Callable[[Project], None]") -> None:
    """Label and show, now and after every change, until Ctrl-C; what is broken is said, and mended by the next save."""
    known: list[Path] = []
    try:
        while True:
            stamps: dict[Path, tuple[int, int]] = {}
            try:
                project = open_project(project_path)
                known = project.watched_files()
                stamps = _stamps(known)
                project.label()
                if sys.stdout.isatty():
                    click.clear()
                show(project)
            except WeakHITLError as error:
                click.secho(f"Error: {error}", fg="red", err=True)
            known = known or [project_path]
            stamps = stamps or _stamps(known)
            click.secho(f"{datetime.now().astimezone():%H:%M:%S}: waiting for a change; Ctrl-C ends this", dim=True)
            _wait(known, stamps)
    except KeyboardInterrupt:
        click.echo()


def _wait(paths: Iterable[Path], stamps: dict[Path, tuple[int, int]]) -> None:
    """Wait for a change, and then for its end: a file that is being saved may be empty for a moment."""
    before = stamps
    while (now := _stamps(paths)) == stamps or now != before:
        before = now
        time.sleep(_PAUSE)


def _stamps(paths: Iterable[Path]) -> dict[Path, tuple[int, int]]:
    """Time and size of each file: two writes in a row may have one time."""
    return {path: (found.st_mtime_ns, found.st_size) for path in paths if path.exists() and (found := path.stat())}
