"""The table of file formats that other annotation tools read and write.

>>> [(name, found.suffix) for name, found in FORMATS.items()][:3]
[('long', '.csv'), ('label-studio', '.json'), ('prodigy', '.jsonl')]
"""

from weakhitl.annotation.formats import argilla, doccano, label_studio, long, mturk, prodigy, sagemaker
from weakhitl.annotation.formats.content import Exchange, Format, Layout
from weakhitl.annotation.formats.label_studio import labeling_config
from weakhitl.errors import UsageError

FORMATS: dict[str, Format] = {
    module.FORMAT.name: module.FORMAT for module in (long, label_studio, prodigy, argilla, doccano, mturk, sagemaker)
}


def format_named(name: str) -> Format:
    """Give a format. Raises ``UsageError`` for one that there is not."""
    if name not in FORMATS:
        raise UsageError(f"there is no format {name!r}; the formats are {', '.join(FORMATS)}")
    return FORMATS[name]


__all__ = ["FORMATS", "Exchange", "Format", "Layout", "format_named", "labeling_config"]
