"""Labeling functions that a configuration declares."""

from pathlib import Path

from weakhitl.config import RuleSection
from weakhitl.errors import DataError
from weakhitl.labeling.rule import Rule, gazetteer, keyword, lookup, regex, threshold
from weakhitl.vote_table import read_names


def declared(section: RuleSection, file: Path | None) -> Rule:
    """Make the rule of a section; ``file`` is where its terms or its table are.

    Raises ``LabelingFunctionError`` or ``DataError`` where it cannot be made.
    """
    name, label, column = section.name, section.label or "", section.column
    if section.kind == "keyword":
        return keyword(name, section.words, label=label, column=column, whole_words=section.whole_words)
    if section.kind == "regex":
        return regex(name, section.pattern or "", label=label, column=column)
    if section.kind == "threshold":
        return threshold(name, column, label=label, above=section.above, below=section.below)
    path = file or Path()
    if section.kind == "gazetteer":
        return gazetteer(name, _lines(path), label=label, column=column, whole_words=section.whole_words)
    table = read_names(path, ["key", "label"])
    if repeated := table["key"][table["key"].duplicated()].unique().tolist():
        raise DataError(str(path), f"key {repeated[0]!r} occurs twice")
    return lookup(name, dict(zip(table["key"], table["label"], strict=True)), column=column)


def _lines(path: Path) -> list[str]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(str(path), f"cannot be read as a list of terms ({error})") from error
    return [line.strip() for line in lines if line.strip()]
