"""What changes in a project's ratings as time goes by: how people agree, how fast they are, and the audit."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from weakhitl.annotation import ADJUDICATOR, ANNOTATOR
from weakhitl.annotation.counting import COUNTED
from weakhitl.gate import Assessment
from weakhitl.monitor.stream import Change, joined, stream_changes
from weakhitl.pipeline.workspace import Workspace
from weakhitl.schema import ABSTAIN

_FEWEST = 100
"""Values without which a stream is not looked at."""


@dataclass(frozen=True)
class Watched:
    """A stream that was looked at.

    Attributes
    ----------
    name
        What is in it.
    n
        How many values.
    changes
        Where its mean changed.
    times
        For each change, when the first value of what is new was given.
    scale
        What its means are multiplied with to have units: 1 for shares, seconds for times.

    """

    name: str
    n: int
    changes: tuple[Change, ...]
    times: tuple[str, ...]
    scale: float = 1.0

    def to_dict(self) -> dict[str, Any]:
        """Give everything, ready for JSON."""
        return asdict(self)


def watch(workspace: Workspace) -> list[Watched]:
    """Look for changes in the ratings that count, in the order in which they were given, by ADWIN.

    The streams: whether ratings agree with the label that the item has now, of all people and of each; their seconds
    (up to ``[annotation] idle``); whether the functions were right on the audited items, in the order of the
    decisions. Each stream holds at least 100 values.
    """
    found = []
    for name, table, scale in _streams(workspace.assess()):
        if len(table) >= _FEWEST:
            values = table["value"].to_numpy(dtype=np.float64)
            changes = joined(stream_changes(values), values)
            times = tuple(str(table["time"].iloc[one.at]) for one in changes)
            found.append(Watched(name, len(table), changes, times, scale))
    return found


def _streams(assessment: Assessment) -> Iterator[tuple[str, pd.DataFrame, float]]:
    """Give the streams: name; ``time`` and ``value`` (0 to 1) in order; the scale of the values."""
    evidence, schema = assessment.evidence, assessment.evidence.config.schema_
    counted = assessment.counted.ratings
    counted = counted.loc[(counted["fate"] == COUNTED).to_numpy(), ["item", "annotator", "label"]]
    given_by = evidence.ratings[evidence.ratings["role"] == ANNOTATOR].drop(columns=["label", "role"])
    ratings = _in_order(counted.merge(given_by, on=["item", "annotator"]))
    final = pd.Series(assessment.final.labels, index=evidence.items)
    labels = final.reindex(ratings["item"]).to_numpy()
    given = np.array([schema.encode(label) for label in ratings["label"]], dtype=np.int64)
    both = (labels != ABSTAIN) & (given != ABSTAIN)
    agrees = pd.DataFrame({"time": ratings["time"], "who": ratings["annotator"], "value": labels == given})[both]
    yield "agreement of all", agrees, 1.0
    for who, table in agrees.groupby("who", sort=True):
        yield f"agreement of {who!s}", table, 1.0
    if "seconds" in ratings:
        idle = evidence.config.annotation.idle
        seconds = pd.to_numeric(ratings["seconds"], errors="coerce")
        pace = pd.DataFrame(
            {"time": ratings["time"], "who": ratings["annotator"], "value": seconds.clip(0, idle) / idle}
        )
        for who, table in pace.dropna().groupby("who", sort=True):
            yield f"seconds of {who!s}", table, idle
    yield "functions right on the audit", _audit(assessment), 1.0


def _audit(assessment: Assessment) -> pd.DataFrame:
    """Say whether the functions were right, in the order of the decisions."""
    evidence, decided = assessment.evidence, assessment.decided_audit
    last = _in_order(evidence.ratings[evidence.ratings["role"] == ADJUDICATOR]).drop_duplicates("item", keep="last")
    last = last[last["item"].isin(decided.index)]
    at = evidence.items.get_indexer(pd.Index(last["item"]))
    truth = decided.reindex(last["item"]).to_numpy(dtype=np.int64)
    return pd.DataFrame({"time": last["time"].to_numpy(), "value": assessment.automatic.labels[at] == truth})


def _in_order(ratings: pd.DataFrame) -> pd.DataFrame:
    """Sort by time, those without one first; of the same moment as they came."""
    times = pd.to_datetime(ratings["time"], utc=True, errors="coerce", format="ISO8601")
    return ratings.iloc[np.argsort(times.to_numpy(), kind="stable")]
