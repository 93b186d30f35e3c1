"""Keep copies of what people said."""

from pathlib import Path

from weakhitl.annotation.store.backup import backup as copy_out, restore as copy_in
from weakhitl.pipeline.workspace import Workspace


def backup(workspace: Workspace, out: Path) -> int:
    """Copy the store into a file, while people go on; give how many events it holds."""
    return copy_out(workspace.store, out)


def restore(workspace: Workspace, file: Path, *, replace: bool = False) -> tuple[int, Path | None]:
    """Copy a backup into the store; give how many events it holds, and where the old store is now."""
    found = copy_in(workspace.store, file, replace=replace)
    workspace.__dict__.pop("store", None)
    workspace.desk.settle()
    return found
