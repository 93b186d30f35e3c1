"""The functions of a project: those in its files, those that its configuration declares, then its judges' votes."""

from weakhitl.errors import ConfigError, DataError, LabelingFunctionError, StateError
from weakhitl.labeling import LabelingFunction, Rule, discover
from weakhitl.labeling.declared import declared
from weakhitl.pipeline.judges import judge_rules
from weakhitl.pipeline.workspace import Workspace


def project_functions(workspace: Workspace) -> list[LabelingFunction | Rule]:
    """Give all functions in their order; none where people label everything.

    Raises ``ConfigError`` with every rule that cannot be made, ``StateError`` where all is left to judges and none has
    voted.
    """
    found = discover(*workspace.function_paths) if workspace.function_paths else []
    faults = []
    for section in workspace.config.labeling.rule:
        try:
            found.append(declared(section, workspace.root / section.file if section.file else None))
        except (LabelingFunctionError, DataError) as error:
            faults.append(f"labeling.rule {section.name!r}: {'; '.join(error.faults)}")
    if faults:
        raise ConfigError("weakhitl.toml", faults)
    found += judge_rules(workspace)
    if not found and workspace.config.judge:
        raise StateError(f"no judge has voted yet: run `weakhitl judge run {workspace.config.judge[0].name}`")
    return found
