"""Licences: in which classes or slices a judge may stand in for people."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from weakhitl.config.judge import JudgeSection
from weakhitl.errors import StateError, UsageError
from weakhitl.estimate import Estimate, exact_share
from weakhitl.files import read_table, require_columns, write_json
from weakhitl.gate import FUNCTION
from weakhitl.labeling.judge import Ledger
from weakhitl.pipeline.clock import moment
from weakhitl.pipeline.judges import judge_asker, judge_section
from weakhitl.pipeline.workspace import Workspace
from weakhitl.ranges import require_share
from weakhitl.votes import IntArray


@dataclass(frozen=True)
class Cell:
    """A class, within a slice or not, and how often the judge was right where it voted it.

    Attributes
    ----------
    label
        The class.
    part
        Value of the slice's column; None where there is no slice.
    n, right
        Audited items on which the judge voted it, and those on which it was right.
    accuracy
        With bounds that hold for all cells at once.
    licensed
        Whether the lower bound clears the bar.

    """

    label: str
    part: str | None
    n: int
    right: int
    accuracy: Estimate
    licensed: bool


@dataclass(frozen=True)
class Licence:
    """What the audit says of a judge.

    Attributes
    ----------
    judge
        Its name.
    identity
        Hash of its model, prompt and examples: the licence is void when it changes.
    at_least, confidence
        The bar, and the confidence with which all lower bounds hold together.
    by
        The slice's column.
    cells
        Every class (in every part) on which the judge voted.

    """

    judge: str
    identity: str
    at_least: float
    confidence: float
    by: str | None
    cells: tuple[Cell, ...]

    def to_dict(self) -> dict[str, Any]:
        """Give everything, ready for JSON."""
        return asdict(self)


def licence(
    workspace: Workspace, name: str, *, at_least: float, confidence: float = 0.95, by: str | None = None
) -> Licence:
    """Measure a judge on the audit, and license it where the lower bound of its accuracy clears the bar.

    As for the gate, an audited item that waits for its decision, or of which nothing can be told, counts as an error.
    The bounds are Clopper and Pearson's, one-sided, by Bonferroni for all cells together. Items that were shown to the
    judge as examples have no vote of it. The licence is kept beside its votes.

    Raises
    ------
    StateError
        The judge has not voted, or changed since; or no audited item is decided.
    UsageError
        The bar or the confidence is out of range.

    """
    require_share("at_least", at_least, such_as=0.9)
    if not 0.5 <= confidence < 1:
        raise UsageError(f"the confidence is {confidence:g}; expected a number from 0.5 to 1")
    identity = judge_asker(workspace, judge_section(workspace, name)).identity
    if name not in workspace.judge_votes:
        raise StateError(f"judge {name!r} has not voted yet: run `weakhitl judge run {name}`")
    if workspace.judge_state(name).get("identity") != identity:
        raise StateError(f"judge {name!r} was changed after it voted: run `weakhitl judge run {name}`")
    table = _audited_votes(workspace, name, by)
    cells = license_cells(table, at_least, confidence)
    found = Licence(name, identity, at_least, confidence, by, cells)
    granted = [{"label": cell.label, "part": cell.part} for cell in cells if cell.licensed]
    facts = {"identity": identity, "at_least": at_least, "confidence": confidence, "by": by, "granted": granted}
    write_json(_path(workspace, name), facts | {"at": moment().isoformat(), "cells": [asdict(cell) for cell in cells]})
    return found


def license_cells(table: pd.DataFrame, at_least: float, confidence: float = 0.95) -> tuple[Cell, ...]:
    """Judge each class that was voted, in each part, by the lower bound of its accuracy; all bounds hold together.

    Parameters
    ----------
    table
        A row per vote: ``voted`` and ``truth``, class names; ``part``, a value of the slice's column, or empty.
    at_least
        The bar.
    confidence
        One-sided, of all bounds together.

    Examples
    --------
    >>> rows = pd.DataFrame({"voted": ["a"] * 40, "truth": ["a"] * 39 + ["b"], "part": ""})
    >>> [(cell.label, round(cell.accuracy.low, 3), cell.licensed) for cell in license_cells(rows, 0.85)]
    [('a', 0.887, True)]

    """
    groups = list(table.groupby(["part", "voted"], sort=True))
    two_sided = 1 - 2 * (1 - confidence) / max(len(groups), 1)
    cells = []
    for (part, label), rows in groups:
        n, right = len(rows), int((rows["voted"] == rows["truth"]).sum())
        method = f"Clopper-Pearson, Bonferroni over {len(groups)}"
        accuracy = exact_share(right, n, "no vote", confidence=two_sided, method=method)
        cells.append(Cell(str(label), str(part) or None, n, right, accuracy, (accuracy.low or 0) >= at_least))
    return tuple(cells)


def licensed_items(workspace: Workspace, items: pd.Index) -> np.ndarray:
    """``mask[item]``: those whose class a judge with a standing licence has voted; people need not label them."""
    found = np.zeros(len(items), dtype=bool)
    recalled = workspace.recalled(FUNCTION)
    for name in workspace.judge_votes:
        facts = None if name in recalled else standing_licence(workspace, name)
        if facts is None or not facts["granted"]:
            continue
        votes = _votes(workspace, name).reindex(items)
        by = facts["by"]
        parts = workspace.items[by].reindex(items).astype(str) if by else pd.Series("", index=items)
        granted = {(one["part"] or "", one["label"]) for one in facts["granted"]}
        found |= np.array([pair in granted for pair in zip(parts, votes, strict=True)], dtype=bool)
    return found


def standing_licence(workspace: Workspace, name: str) -> dict[str, Any] | None:
    """Give a judge's licence; None where it has none, has changed since, or its votes are of before a change."""
    try:
        facts = json.loads(_path(workspace, name).read_text(encoding="utf-8"))
        identity, by, _ = facts["identity"], facts["by"], facts["granted"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if by is not None and by not in workspace.items.columns:
        return None
    now = judge_asker(workspace, judge_section(workspace, name)).identity
    return dict(facts) if identity == now == workspace.judge_state(name).get("identity") else None


def _audited_votes(workspace: Workspace, name: str, by: str | None) -> pd.DataFrame:
    """Give the judge's votes on the audited items, with the truth (None where it is not known) and the slice."""
    assessment = workspace.assess()
    if assessment.decided_audit.empty:
        raise StateError("no audited item has been adjudicated: a licence rests on the random audit alone")
    if by is not None:
        require_columns(workspace.items, [by], str(workspace.data_path))
    schema, audited = workspace.config.schema_, assessment.evidence.audited.unique()
    truth = assessment.decided_audit.map(lambda code: str(schema.name(int(code)))).reindex(audited)
    parts = workspace.items.loc[audited, by].astype(str).tolist() if by else ""
    table = pd.DataFrame({"voted": _votes(workspace, name).reindex(audited), "truth": truth, "part": parts})
    return table.dropna(subset=["voted"])


def _votes(workspace: Workspace, name: str) -> "pd.Series[Any]":
    table = read_table(workspace.judge_votes[name])
    return pd.Series(table["label"].to_numpy(dtype=object), index=pd.Index(table["key"], dtype=object))


def _path(workspace: Workspace, name: str) -> Path:
    return workspace.judges / f"{name}.licence.json"


def licensed_last(workspace: Workspace, items: pd.Index, order: IntArray) -> IntArray:
    """Put items that a judge is licensed for behind all others, each part in its order."""
    spared = licensed_items(workspace, items)[order]
    return np.concatenate([order[~spared], order[spared]])


def judge_list(workspace: Workspace) -> list[dict[str, Any]]:
    """Say of each judge of the configuration what it voted, what it cost, and what it is licensed for."""
    return [_standing(workspace, section) for section in workspace.config.judge]


def _standing(workspace: Workspace, section: JudgeSection) -> dict[str, Any]:
    name, identity = section.name, workspace.judge_state(section.name).get("identity")
    facts = standing_licence(workspace, name)
    state = "voted" if identity == judge_asker(workspace, section).identity else "changed" if identity else "new"
    return {
        "name": name,
        "model": section.model or section.function,
        "state": state,
        "votes": len(_votes(workspace, name)) if name in workspace.judge_votes else 0,
        "spent": asdict(Ledger(workspace.judges / f"{name}.jsonl").spent()),
        "budget": section.budget,
        "licensed": [" ".join(filter(None, (one["label"], one["part"]))) for one in facts["granted"]] if facts else [],
        "licence": "standing" if facts else "void" if _path(workspace, name).exists() else "none",
    }
