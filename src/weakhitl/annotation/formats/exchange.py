"""The table of file formats that other annotation tools read and write.

>>> [(name, found.suffix) for name, found in FORMATS.items()][:3]
[('long', '.csv'), ('label-studio', '.json'), ('prodigy', '.jsonl')]
"""

from pathlib import Path

from weakhitl.annotation.formats import argilla, doccano, label_studio, long, mturk, prodigy, sagemaker
from weakhitl.annotation.formats.content import Exchange, Format, Layout
from weakhitl.annotation.formats.label_studio import labeling_config
from weakhitl.errors import DataError, UsageError

FORMATS: dict[str, Format] = {
    module.FORMAT.name: module.FORMAT for module in (long, label_studio, prodigy, argilla, doccano, mturk, sagemaker)
}


def format_named(name: str) -> Format:
    """Give a format. Raises ``UsageError`` for one that there is not."""
    if name not in FORMATS:
        raise UsageError(f"there is no format {name!r}; the formats are {', '.join(FORMATS)}")
    return FORMATS[name]


def refuse_json(path: Path) -> None:
    """Raise ``DataError`` for a JSON file that is to be read as a table: most likely another tool wrote it."""
    if path.suffix.lower() == ".json":
        tools = ", ".join(name for name in FORMATS if name != "long")
        raise DataError(str(path), f"is no table; if another tool wrote it, say which with --from: {tools}")


__all__ = ["FORMATS", "Exchange", "Format", "Layout", "format_named", "labeling_config", "refuse_json"]
