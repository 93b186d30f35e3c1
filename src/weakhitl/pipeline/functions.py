"""The functions of a project: those in its files, then those that its configuration declares."""

from weakhitl.errors import ConfigError, DataError, LabelingFunctionError
from weakhitl.labeling import LabelingFunction, Rule, discover
from weakhitl.labeling.declared import declared
from weakhitl.pipeline.workspace import Workspace


def project_functions(workspace: Workspace) -> list[LabelingFunction | Rule]:
    """Give all functions in their order. Raises ``ConfigError`` with every rule that cannot be made."""
    found = discover(*workspace.function_paths) if workspace.function_paths else []
    faults = []
    for section in workspace.config.labeling.rule:
        try:
            found.append(declared(section, workspace.root / section.file if section.file else None))
        except (LabelingFunctionError, DataError) as error:
            faults.append(f"labeling.rule {section.name!r}: {'; '.join(error.faults)}")
    if faults:
        raise ConfigError("weakhitl.toml", faults)
    return found
