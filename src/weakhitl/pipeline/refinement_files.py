"""Write what was chosen of a refinement, for a person to look at and to apply: a patch, and a narrower function."""

from collections.abc import Sequence
from difflib import unified_diff
from pathlib import Path

from weakhitl.config import CONFIG_NAME, RuleSection
from weakhitl.errors import UsageError
from weakhitl.feedback.candidates import Candidate
from weakhitl.feedback.function_errors import FunctionErrors
from weakhitl.files import write_text
from weakhitl.labeling import LabelingFunction
from weakhitl.labeling.standalone import standalone_source
from weakhitl.pipeline.functions import project_functions
from weakhitl.pipeline.refine import Refined
from weakhitl.pipeline.texts import text_column
from weakhitl.pipeline.workspace import Workspace
from weakhitl.words import alone_in_python, name_of

FOLDER = "refinements"
PATCH = "refine.patch"


def write(workspace: Workspace, found: Refined, numbers: Sequence[int], stub: str | None) -> list[Path]:
    """Write what was chosen: proposals by their numbers from 1, and the function for which a stub is wanted.

    Raises ``UsageError`` for a number or a function that is not there.
    """
    if wrong := [number for number in numbers if not 1 <= number <= len(found.candidates)]:
        raise UsageError(f"there is no proposal {', '.join(map(str, wrong))}; there are {len(found.candidates)}")
    named = [one for one in found.functions if one.name == stub]
    if stub is not None and not named:
        raise UsageError(f"there is no function {stub!r}; there are {', '.join(one.name for one in found.functions)}")
    chosen = [found.candidates[number - 1][0] for number in dict.fromkeys(numbers)]
    written = [write_stub(workspace, one) for one in named]
    return [*([write_patch(workspace, chosen)] if chosen else []), *written]


def write_patch(workspace: Workspace, chosen: Sequence[Candidate]) -> Path:
    """Write a patch that adds rules to ``weakhitl.toml``; give where it is. Nothing is applied."""
    path = workspace.root / CONFIG_NAME
    before = path.read_bytes().decode("utf-8")
    end = "\r\n" if "\r\n" in before else "\n"
    gap = "" if before.endswith(2 * end) else end if before.endswith(end) else 2 * end
    after = before + gap + "\n".join(one.toml() for one in chosen).replace("\n", end)
    sides = [text.splitlines(keepends=True) for text in (before, after)]
    lines = unified_diff(sides[0], sides[1], f"a/{CONFIG_NAME}", f"b/{CONFIG_NAME}")
    text = "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)
    target = workspace.root / FOLDER / PATCH
    target.parent.mkdir(exist_ok=True)
    write_text(target, text)
    return target


def write_stub(workspace: Workspace, errors: FunctionErrors) -> Path:
    """Write a function that abstains where another one errs, for a person to edit; give where it is.

    Raises ``UsageError`` where nothing sets its errors apart, and where its code cannot be taken out of its file.
    """
    if not errors.words:
        raise UsageError(f"no words set the errors of {errors.name} apart: look at them with `weakhitl lfs --item`")
    before = _before(workspace, errors.name)
    words = "; ".join(f"{word}: {wrong} wrong, {right} right" for word, wrong, right, _ in errors.words)
    if before is None:
        raise UsageError(
            f"the code of {errors.name} does not stand alone (a table or terms from a file, resources, preprocessors, "
            f"other functions): narrow it where it is; it errs where items hold {words}"
        )
    name = name_of(errors.name)
    name = name if name.isidentifier() and not name.startswith("_") else f"rule_{name}"
    text = _STUB.format(
        old=errors.name,
        name=name,
        words=words,
        pattern=alone_in_python(word for word, *_ in errors.words),
        wrong=errors.wrong,
        judged=errors.judged,
        column=text_column(workspace) or "text",
        before=before,
    )
    target = workspace.root / FOLDER / f"{name}.py"
    target.parent.mkdir(exist_ok=True)
    write_text(target, text)
    return target


_STUB = '''"""A narrower {old}: edit it, try it, and put it in place of the old one."""

import re

from weakhitl import ABSTAIN, labeling_function

# Words of the votes that people overturned ({words}).
_ERRS = re.compile(r"{pattern}", re.IGNORECASE)


{before}


@labeling_function
def {name}_narrower(x):
    """People overturned {wrong} of {judged} votes of {old}."""
    return ABSTAIN if _ERRS.search(str(x[{column!r}])) else _before(x)
'''


def _before(workspace: Workspace, name: str) -> str | None:
    """Give code that makes ``_before``, which votes as the function does; None where it cannot be written down."""
    function = next((one for one in project_functions(workspace) if one.name == name), None)
    if isinstance(function, LabelingFunction):
        return standalone_source(function, "_before")
    section = next((one for one in workspace.config.labeling.rule if one.name == name), None)
    return None if section is None else _declared(section)


def _declared(section: RuleSection) -> str | None:
    """Give code that makes a declared rule; None for one that reads a file."""
    given: dict[str, object] = {"label": section.label, "column": section.column}
    if section.kind == "keyword":
        first = repr(section.words)
        given["whole_words"] = section.whole_words
    elif section.kind == "regex":
        first = repr(section.pattern)
    elif section.kind == "threshold":
        first = repr(section.column)
        given = {"label": section.label, "above": section.above, "below": section.below}
    else:
        return None
    options = ", ".join(f"{key}={value!r}" for key, value in given.items())
    return f"import weakhitl as wh\n\n_before = wh.{section.kind}({section.name!r}, {first}, {options})"
