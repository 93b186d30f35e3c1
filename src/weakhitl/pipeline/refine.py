"""Refine a project's functions by what people said: findings, proposals with previews, patches to apply by hand."""

import inspect
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from difflib import unified_diff
from pathlib import Path
from textwrap import dedent
from typing import Any

import numpy as np
import pandas as pd

from weakhitl.config import CONFIG_NAME
from weakhitl.errors import StateError, UsageError
from weakhitl.estimate import Estimate
from weakhitl.feedback.human_labels import HumanLabels, human_labels
from weakhitl.feedback.refine import Candidate, FunctionErrors, candidates, class_recall, function_errors
from weakhitl.files import write_text
from weakhitl.gate import Assessment, assess
from weakhitl.gate.accuracy import release_accuracy
from weakhitl.labeling import LabelingFunction, apply, coverage_gaps, lf_pairs
from weakhitl.monitor.drift import column_kind
from weakhitl.monitor.shifts import cells
from weakhitl.pipeline.functions import project_functions
from weakhitl.pipeline.workspace import Workspace
from weakhitl.schema import ABSTAIN

FOLDER = "refinements"
PATCH = "refine.patch"
_REPEATS = 0.95


@dataclass(frozen=True)
class Preview:
    """What would be other with one more rule.

    Attributes
    ----------
    changed, labelled
        Items whose label becomes another class, and items that have none now and would.
    coverage
        Share of the items that would be released, now and then.
    accuracy
        Accuracy of the release by the audit, now and then.

    """

    changed: int
    labelled: int
    coverage: tuple[float, float]
    accuracy: tuple[Estimate, Estimate]


@dataclass(frozen=True)
class Refined:
    """What human labels say about the functions.

    Attributes
    ----------
    people
        The labels: which were learned from, which measured on.
    functions
        Each function's errors, those overturned most first.
    recall
        Class name -> share of its items on which some function votes it.
    repeats
        Pairs of functions of which one says nothing new: first, second, both, conflict, repeats.
    gaps
        Words that items without any vote hold more often than others.
    candidates
        Rules that are proposed, each with its preview.

    """

    people: HumanLabels
    functions: list[FunctionErrors]
    recall: dict[str, Estimate]
    repeats: pd.DataFrame
    gaps: pd.DataFrame
    candidates: list[tuple[Candidate, Preview]]

    def to_dict(self) -> dict[str, Any]:
        """Give all of it, ready for JSON."""
        return {
            "labels": len(self.people),
            "measured_on": int(self.people.measured.sum()),
            "random_audit": self.people.random,
            "functions": [asdict(one) for one in self.functions],
            "recall": {name: one.to_dict() for name, one in self.recall.items()},
            "repeats": self.repeats.to_dict("records"),
            "gaps": self.gaps.to_dict("records"),
            "candidates": [asdict(one) | {"preview": asdict(preview)} for one, preview in self.candidates],
        }


def refine(workspace: Workspace, *, most: int = 10, seed: int = 0) -> Refined:
    """Look for what people overturned, what nobody covers, and which rules their labels suggest.

    Nothing of the project changes. Raises ``StateError`` where people have labelled nothing yet.
    """
    assessment = workspace.assess()
    people = human_labels(assessment, seed)
    if not len(people):
        raise StateError("nobody has labelled anything yet: `weakhitl status` says what comes next")
    votes = assessment.evidence.functions
    items = workspace.items.loc[votes.items].drop(columns=workspace.config.data.id, errors="ignore")
    column = _text_column(workspace, items)
    texts = cells(items[column]) if column else pd.Series([""] * len(items))
    pairs = lf_pairs(votes)
    found = candidates(votes, people, items, most=most)
    taken = set(votes.sources)
    named = [one if one.name not in taken else replace(one, name=f"{one.name}_2") for one in found]
    return Refined(
        people,
        function_errors(votes, people, texts),
        class_recall(votes, people),
        pairs[(pairs["repeats"] >= _REPEATS) & (pairs["conflict"] < 1 - _REPEATS)].reset_index(drop=True),
        coverage_gaps(votes, items, column).head(10) if column else pd.DataFrame(columns=["value", "items"]),
        [(one, preview(assessment, one, items)) for one in named],
    )


def preview(assessment: Assessment, candidate: Candidate, items: pd.DataFrame) -> Preview:
    """Label everything again with one more rule, and compare."""
    evidence = assessment.evidence
    added = apply([candidate.rule()], items, evidence.schema)
    then = assess(replace(evidence, functions=evidence.functions.join(added)))
    before, after = assessment.final.labels, then.final.labels
    return Preview(
        int(((before != ABSTAIN) & (after != before)).sum()),
        int(((before == ABSTAIN) & (after != ABSTAIN)).sum()),
        (float(np.mean(assessment.released)), float(np.mean(then.released))),
        (release_accuracy(assessment), release_accuracy(then)),
    )


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
    before = path.read_text(encoding="utf-8")
    gap = "" if before.endswith("\n\n") else "\n" if before.endswith("\n") else "\n\n"
    after = before + gap + "\n".join(one.toml() for one in chosen)
    sides = [text.splitlines(keepends=True) for text in (before, after)]
    lines = unified_diff(sides[0], sides[1], f"a/{CONFIG_NAME}", f"b/{CONFIG_NAME}")
    text = "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)
    target = workspace.root / FOLDER / PATCH
    target.parent.mkdir(exist_ok=True)
    write_text(target, text)
    return target


def write_stub(workspace: Workspace, errors: FunctionErrors) -> Path:
    """Write a function that abstains where another one errs, for a person to edit; give where it is.

    Raises ``UsageError`` where nothing sets its errors apart.
    """
    if not errors.words:
        raise UsageError(f"no words set the errors of {errors.name} apart: look at them with `weakhitl lfs --item`")
    items = workspace.items.drop(columns=workspace.config.data.id, errors="ignore")
    name = re.sub(r"[^0-9A-Za-z_]+", "_", errors.name)
    words = "|".join(re.escape(word) for word, *_ in errors.words)
    facts = "; ".join(f"{word}: {wrong} wrong, {right} right" for word, wrong, right, _ in errors.words)
    text = _STUB.format(
        old=errors.name,
        name=name,
        facts=facts,
        pattern=rf"\b({words})\b",
        wrong=errors.wrong,
        judged=errors.judged,
        column=_text_column(workspace, items) or "text",
        body=_source(workspace, errors.name),
    )
    target = workspace.root / FOLDER / f"{name}.py"
    target.parent.mkdir(exist_ok=True)
    write_text(target, text)
    return target


_STUB = '''"""A narrower {old}: edit it, try it, and put it in place of the old one."""

import re

from weakhitl import ABSTAIN, labeling_function

# Words of the votes that people overturned ({facts}).
_ERRS = re.compile(r"{pattern}", re.IGNORECASE)


{body}


@labeling_function
def {name}_narrower(x):
    """People overturned {wrong} of {judged} votes of {old}."""
    return ABSTAIN if _ERRS.search(str(x["{column}"])) else _before(x)
'''


def _source(workspace: Workspace, name: str) -> str:
    """Give the function's own code under the name of ``_before``; for a rule, a place for it."""
    function = next((one for one in project_functions(workspace) if one.name == name), None)
    if isinstance(function, LabelingFunction):
        with suppress(OSError, TypeError):
            code = dedent(inspect.getsource(function.function))
            return re.sub(r"\A.*?^def \w+", "def _before", code, flags=re.DOTALL | re.MULTILINE).rstrip()
    return f'def _before(x):\n    raise NotImplementedError("put here what {name} does")'


def _text_column(workspace: Workspace, items: pd.DataFrame) -> str | None:
    """Name the column that people read, or the first that holds text."""
    named = workspace.config.annotation.text
    texts = [str(name) for name in items.columns if column_kind(cells(items[name])) == "text"]
    return named or (texts[0] if texts else str(items.columns[0]) if len(items.columns) else None)
