"""Which column of the data is its text."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from weakhitl.pipeline.workspace import Workspace

TEXT = "text"
"""What a column of texts is usually called."""


def text_column(workspace: "Workspace") -> str | None:
    """Name the column that people read first: the configuration's, or the likeliest; None where there are ids alone."""
    if workspace.config.annotation.text:
        return workspace.config.annotation.text[0]
    return likely_text(workspace.items.drop(columns=workspace.config.data.id, errors="ignore"))


def likely_text(table: "pd.DataFrame") -> str | None:
    """Name the column that is called text, or holds most of it; without any text the first, None without a column."""
    names = [str(name) for name in table.columns]
    if TEXT in names:
        return TEXT
    lengths = [sum(len(cell) for cell in column if isinstance(cell, str)) for _, column in table.items()]
    return names[lengths.index(max(lengths))] if names else None
