"""How far a long run is: told to a function, or drawn as a bar."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from weakhitl.notebook import CellBar

Progress = Callable[[int, int | None], None]
"""Is told how much is done, and how much there is, where that is known."""


@contextmanager
def reported(progress: Progress | bool | None, label: str) -> Iterator[Progress | None]:
    """Give whom to tell: ``progress`` itself, or where it is True a bar, in a terminal or below a notebook's cell."""
    if not isinstance(progress, bool):
        yield progress
        return
    from rich.console import Console
    from rich.progress import Progress as Bar

    console = Console(stderr=True)
    if not progress or not (console.is_terminal or console.is_jupyter):
        yield None
        return
    if console.is_jupyter:
        below = CellBar(label)  # rich's own bars need ipywidgets there
        try:
            yield below
        finally:
            below.end()
        return
    with Bar(console=console, transient=True) as bar:
        task = bar.add_task(label, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
