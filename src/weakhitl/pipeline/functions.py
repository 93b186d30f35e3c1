"""The functions of a project: those in its files, then those that its configuration declares."""

from pathlib import Path

from weakhitl.config import RuleSection
from weakhitl.errors import ConfigError, DataError, LabelingFunctionError
from weakhitl.files import read_table, require_columns
from weakhitl.labeling import LabelingFunction, Rule, discover, gazetteer, keyword, lookup, regex, threshold
from weakhitl.pipeline.workspace import Workspace


def project_functions(workspace: Workspace) -> list[LabelingFunction | Rule]:
    """Give all functions in their order. Raises ``ConfigError`` with every rule that cannot be made."""
    found = discover(*workspace.function_paths) if workspace.function_paths else []
    faults = []
    for section in workspace.config.labeling.rule:
        try:
            found.append(_rule(section, workspace.root))
        except (LabelingFunctionError, DataError) as error:
            faults.append(f"labeling.rule {section.name!r}: {'; '.join(error.faults)}")
    if faults:
        raise ConfigError("weakhitl.toml", faults)
    return found


def _rule(section: RuleSection, root: Path) -> Rule:
    name, label, column = section.name, section.label or "", section.column
    if section.kind == "keyword":
        return keyword(name, section.words, label=label, column=column, whole_words=section.whole_words)
    if section.kind == "regex":
        return regex(name, section.pattern or "", label=label, column=column)
    if section.kind == "threshold":
        return threshold(name, column, label=label, above=section.above, below=section.below)
    path = root / (section.file or "")
    if section.kind == "gazetteer":
        return gazetteer(name, _lines(path), label=label, column=column, whole_words=section.whole_words)
    table = read_table(path)
    require_columns(table, ["key", "label"], str(path))
    if repeated := table["key"][table["key"].duplicated()].unique().tolist():
        raise DataError(str(path), f"key {repeated[0]!r} occurs twice")
    return lookup(name, dict(zip(table["key"], table["label"], strict=True)), column=column)


def _lines(path: Path) -> list[str]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(str(path), f"cannot be read as a list of terms ({error})") from error
    return [line.strip() for line in lines if line.strip()]
