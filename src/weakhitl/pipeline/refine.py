"""Refine a project's functions by what people said: findings, and proposals with previews."""

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from weakhitl.brief import Brief
from weakhitl.errors import StateError
from weakhitl.estimate import Estimate
from weakhitl.feedback.candidates import Candidate, candidates
from weakhitl.feedback.function_errors import FunctionErrors, class_recall, function_errors
from weakhitl.feedback.human_labels import HumanLabels, human_labels
from weakhitl.gate import Assessment, assess
from weakhitl.gate.accuracy import release_accuracy
from weakhitl.labeling import apply, coverage_gaps, lf_pairs
from weakhitl.monitor.shifts import cells
from weakhitl.notebook import html_table
from weakhitl.pipeline.texts import text_column
from weakhitl.pipeline.workspace import Workspace
from weakhitl.schema import ABSTAIN
from weakhitl.votes import Votes
from weakhitl.wording import a_few, number_of

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


@dataclass(frozen=True, repr=False)
class Refined(Brief):
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

    def _repr_html_(self) -> str:
        """Show the functions' errors in a notebook, those overturned most first, and how many rules are proposed."""
        rows = [
            (one.name, f"{one.wrong:,} of {one.judged:,}", one.accuracy, a_few([*one.instead], most=3))
            for one in self.functions
        ]
        title = f"Functions against {number_of(len(self.people), 'label')} of people"
        note = f"{number_of(len(self.candidates), 'rule')} proposed: see candidates; also here: recall, repeats, gaps"
        return html_table(["function", "wrong", "accuracy", "people say"], rows, title, note)

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
        raise StateError(
            "there is no label by people yet, neither gold nor an item whose ratings settle it: `weakhitl status` says "
            "what comes next"
        )
    votes = assessment.evidence.functions
    items = workspace.items.loc[votes.items].drop(columns=workspace.config.data.id, errors="ignore")
    column = text_column(workspace)
    texts = cells(items[column]) if column else pd.Series([""] * len(items))
    found = candidates(votes, people, items, most=most)
    return Refined(
        people,
        function_errors(votes, people, texts),
        class_recall(votes, people),
        repeating(votes),
        coverage_gaps(votes, items, column).head(10) if column else pd.DataFrame(columns=["value", "items"]),
        [(one, preview(assessment, one, items)) for one in found],
    )


def repeating(votes: Votes) -> pd.DataFrame:
    """Give the pairs of which one says nothing new, among sources that vote the same classes.

    Where a source of one class and one of several, such as a judge, say the same, both may simply be right.
    """
    _, source, label = votes.entries()
    classes = [frozenset(label[source == number].tolist()) for number in range(len(votes.sources))]
    voted = dict(zip(votes.sources, classes, strict=True))
    pairs = lf_pairs(votes)
    pairs = pairs[(pairs["repeats"] >= _REPEATS) & (pairs["conflict"] < 1 - _REPEATS)]
    alike = [voted[one] == voted[other] for one, other in zip(pairs["first"], pairs["second"], strict=True)]
    return pairs[np.array(alike, dtype=bool)].reset_index(drop=True)


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
