"""Train the end model on a project's labels."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from weakhitl import __version__
from weakhitl.errors import StateError
from weakhitl.estimate import Estimate, exact_share, paired_difference
from weakhitl.feedback.columns import usable_columns
from weakhitl.feedback.end_model import EndModel, estimator_name
from weakhitl.files import require_columns, write_table
from weakhitl.gate import FUNCTION, Assessment, Evidence, assess
from weakhitl.pipeline.workspace import Workspace
from weakhitl.ranges import require_share
from weakhitl.votes import FloatArray

OUT_OF_FOLD, VOTES = "out_of_fold.parquet", "votes.csv"
SOURCE = "end_model"
"""The name under which the model's own votes may come back as a rule; it never learns from them."""


@dataclass(frozen=True)
class Trained:
    """What training came to.

    Attributes
    ----------
    model
        The fitted model.
    items
        How many items it learned from.
    accuracy, labels, gain
        On the decided audit: its out-of-fold accuracy, that of the labels which functions alone give (an item without
        one counts as wrong), and the difference of the two.
    votes
        How many out-of-fold votes were written to be a source of their own; None where none were asked for.
    folder
        Where all that is.

    """

    model: EndModel
    items: int
    accuracy: Estimate
    labels: Estimate
    gain: Estimate
    votes: int | None
    folder: Path

    def to_dict(self) -> dict[str, Any]:
        """Give the figures, ready for JSON."""
        figures = {name: getattr(self, name).to_dict() for name in ("accuracy", "labels", "gain")}
        return {"items": self.items, **figures, "votes": self.votes, "folder": str(self.folder)}


def train(
    workspace: Workspace,
    *,
    columns: str | Sequence[str] = (),
    estimator: Any = None,
    folds: int = 5,
    seed: int = 0,
    votes_above: float | None = None,
    out: Path | None = None,
) -> Trained:
    """Fit a model of the items on their class probabilities, and write it with its out-of-fold probabilities.

    Parameters
    ----------
    workspace
        The project.
    columns
        What it reads, one or several; without, all columns but ids.
    estimator
        A classifier of scikit-learn's kind, its class, or its import path; without, logistic regression.
    folds, seed
        Of the cross-fitting.
    votes_above
        Also write the out-of-fold votes from this probability on, as a table for a ``lookup`` rule.
    out
        Folder; without, ``models`` in the project.

    Raises
    ------
    StateError
        No item has a label.
    UsageError
        ``votes_above`` is no share.

    """
    if votes_above is not None:
        require_share("votes_above", votes_above, such_as=0.8, ends=True)
    folder = workspace.root / "models" if out is None else out
    assessment = _without_itself(workspace.evidence())
    table, target = _learning_set(workspace, assessment, [columns] if isinstance(columns, str) else columns)
    known = ~np.isnan(target).any(axis=1)
    classes = [str(name) for name in workspace.config.schema_.classes]
    model = EndModel(classes, estimator, folds, seed)
    model.fit(table, target)
    accuracy, labels, gain = _on_the_audit(assessment, model.out_of_fold_)
    facts = {
        "items": int(known.sum()), "folds": folds, "seed": seed, "estimator": estimator_name(estimator),
        "weakhitl": __version__, "guideline": assessment.evidence.context.guideline, "accuracy": accuracy.to_dict(),
    }  # fmt: skip
    model.save(folder, facts)
    probabilities = pd.DataFrame(model.out_of_fold_, columns=[f"p:{name}" for name in classes])
    write_table(folder / OUT_OF_FOLD, pd.DataFrame({"item": assessment.evidence.items}).join(probabilities))
    votes = None if votes_above is None else _write_votes(folder / VOTES, assessment, model, votes_above)
    return Trained(model, int(known.sum()), accuracy, labels, gain, votes, folder)


def learning_set(
    workspace: Workspace, evidence: Evidence, columns: Sequence[str] = ()
) -> tuple[pd.DataFrame, FloatArray]:
    """Give what a model of the items learns from: their columns, and ``probabilities[item, class]`` or nan.

    Raises ``StateError`` where no item has a label.
    """
    return _learning_set(workspace, _without_itself(evidence), columns)


def _learning_set(
    workspace: Workspace, assessment: Assessment, columns: Sequence[str]
) -> tuple[pd.DataFrame, FloatArray]:
    items = workspace.items.loc[assessment.evidence.items]
    names = list(columns) or usable_columns(items.drop(columns=workspace.config.data.id, errors="ignore"))
    require_columns(items, names, str(workspace.data_path))
    target = np.where(assessment.final.known[:, None], assessment.final.probabilities, np.nan)
    if np.isnan(target).any(axis=1).all():
        raise StateError("no item has a label to learn from: `weakhitl lfs` says what the functions cover")
    return items[names].reset_index(drop=True), target


def _without_itself(evidence: Evidence) -> Assessment:
    """Leave out the model's own votes: what it learned from them, it would have told itself."""
    if SOURCE in evidence.functions.sources:
        evidence = evidence.without(f"{FUNCTION}:{SOURCE}", "the model does not learn from itself")
    return assess(evidence)


def _write_votes(path: Path, assessment: Assessment, model: EndModel, above: float) -> int:
    sure = model.out_of_fold_.max(axis=1) >= above
    names = np.array(model.classes, dtype=object)[model.out_of_fold_.argmax(axis=1)]
    write_table(path, pd.DataFrame({"key": assessment.evidence.items[sure], "label": names[sure]}))
    return int(sure.sum())


def _on_the_audit(assessment: Assessment, probabilities: FloatArray) -> tuple[Estimate, Estimate, Estimate]:
    """Compare the model and the functions' labels with what the adjudicator decided on the random sample."""
    items = assessment.evidence.items
    decided = assessment.decided_audit
    if decided.empty:
        nothing = Estimate(None, reason="no audited item has been adjudicated", kind="nothing-measured")
        return nothing, nothing, nothing
    at = items.get_indexer(decided.index)
    truth = decided.to_numpy(dtype=np.int64)
    model = probabilities[at].argmax(axis=1) == truth
    if not assessment.evidence.functions.sources:
        nothing = Estimate(None, reason="there are no labeling functions", kind="nothing-measured")
        return _share(model), nothing, nothing
    labels = assessment.automatic.labels[at] == truth
    return _share(model), _share(labels), paired_difference(model, labels)


def _share(right: np.ndarray) -> Estimate:
    method = "audited items, Clopper-Pearson"
    return exact_share(int(right.sum()), len(right), "no audited item has been adjudicated", method=method)
