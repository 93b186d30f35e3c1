"""Which labels need no person."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from weakhitl.brief import Brief
from weakhitl.errors import DataError, SchemaError
from weakhitl.feedback import ErrorThreshold, accepted_items, thresholds
from weakhitl.feedback.threshold import Claims
from weakhitl.files import raise_row_faults, read_table, require_columns
from weakhitl.pipeline.workspace import Workspace
from weakhitl.schema import ABSTAIN, LabelSchema
from weakhitl.vote_names import positions
from weakhitl.vote_table import with_names


@dataclass(frozen=True, repr=False)
class Accepted(Brief):
    """What a random audit allows to be accepted without a person.

    Attributes
    ----------
    thresholds
        ``all`` -> the threshold, or class name -> its own.
    table
        The accepted items that nobody has looked at: item, label, confidence.
    late
        How many items came into the dataset after the audit was drawn, so that it says nothing of them.
    seen
        How many audited items were decided on before the functions, whose labels these are, changed their votes there.

    """

    thresholds: dict[str, ErrorThreshold]
    table: pd.DataFrame
    late: int = 0
    seen: int = 0


def threshold(
    workspace: Workspace,
    *,
    scores: Path | str | None = None,
    error: float = 0.02,
    confidence: float = 0.95,
    by_class: bool = False,
) -> Accepted:
    """Find from which confidence on at most a share ``error`` of the labels is wrong, and whose labels those are.

    The labels are those that functions give, or those of a file: item, label and confidence, or item and ``p:CLASS``
    for each class, as ``weakhitl train`` writes them.
    """
    assessment = workspace.assess()
    items, schema = assessment.evidence.items, assessment.evidence.schema
    claims = None if scores is None else _claims(Path(scores), items, schema)
    found = thresholds(assessment, claims, error=error, confidence=confidence, by_class=by_class)
    at = accepted_items(assessment, found, claims).nonzero()[0]
    labels, sure = claims or (assessment.automatic.labels, assessment.automatic.confidence)
    names = [str(schema.name(int(code))) for code in labels[at]]
    table = pd.DataFrame({"item": items[at], "label": names, "confidence": sure[at]})
    evidence = assessment.evidence
    looked_at = evidence.audited.append(evidence.recalled_items)
    table = table[~table["item"].isin(looked_at)].reset_index(drop=True)
    seen = evidence.context.decided_before_change if scores is None else 0
    return Accepted(found, table, evidence.since_audit, seen)


def _claims(path: Path, items: pd.Index, schema: LabelSchema) -> Claims:
    """Read what a model says of the items. Raises ``DataError`` naming every row that cannot be used."""
    table = read_table(path)
    shares = [f"p:{name}" for name in schema.classes]
    wide = set(shares) <= {*map(str, table.columns)}
    require_columns(table, ["item", *(shares if wide else ["label", "confidence"])], str(path))
    table = with_names(table, ["item"] if wide else ["item", "label"], schema.classes, str(path))
    if wide:
        given = table[shares].apply(pd.to_numeric, errors="coerce").to_numpy(dtype=np.float64)
        codes, sure = given.argmax(axis=1), given.max(axis=1)
    else:
        codes = np.array([_code(schema, label) for label in table["label"]], dtype=np.int64)
        sure = pd.to_numeric(table["confidence"], errors="coerce").to_numpy(dtype=np.float64)
    at = positions(items, pd.Index(table["item"], dtype=object))
    twice = table["item"].duplicated().to_numpy()
    checks = [
        (codes == _UNKNOWN, "its label is no class"),
        (~((sure >= 0) & (sure <= 1)), "its confidence is no number from 0 to 1"),
        (twice, "its item occurs twice"),
    ]
    faults = [(int(row), what) for wrong, what in checks for row in np.flatnonzero(wrong)]
    raise_row_faults(path, sorted(faults))
    known = at >= 0
    if not known.any():
        raise DataError(str(path), "holds none of the project's items")
    label, confidence = np.full(len(items), ABSTAIN), np.zeros(len(items))
    label[at[known]], confidence[at[known]] = codes[known], sure[known]
    return label, confidence


_UNKNOWN = -2


def _code(schema: LabelSchema, label: str) -> int:
    try:
        return ABSTAIN if label == "" else schema.encode(label)
    except SchemaError:
        return _UNKNOWN
