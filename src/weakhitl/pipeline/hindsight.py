"""Whether functions changed after their audit had been decided: what somebody has seen of it flatters the figure."""

import hashlib
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from weakhitl.annotation import ADJUDICATOR, AnnotationStore, Event
from weakhitl.routing import Batch
from weakhitl.vote_names import positions
from weakhitl.votes import Votes

_KIND = "votes"


def note_votes(store: AnnotationStore, votes: Votes) -> None:
    """Keep how functions vote on what each batch's audit drew, where that has changed; nothing before there is one."""
    store.note(votes_events(store, store.batches(), votes))


def votes_events(store: AnnotationStore, batches: Sequence[Batch], votes: Votes) -> list[Event]:
    """Say how functions vote on what the audits of these batches drew: one event, none if that is known or no audit."""
    if not any(len(batch.drawn_for_audit) for batch in batches):
        return []
    now = [_digest(votes, batch.drawn_for_audit) for batch in batches]
    told = store.told(_KIND)
    return [Event(_KIND, body={"audits": now})] if not told or told[-1][1]["audits"] != now else []


def decided_before_change(store: AnnotationStore) -> int:
    """Count the audited items that were decided on before functions last changed their votes on that audit."""
    told = store.told(_KIND)
    if len(told) < 2:
        return 0
    said = store.ratings()
    decided = said[said["role"] == ADJUDICATOR].groupby("item")["number"].min()
    seen = 0
    for place, batch in enumerate(store.batches()):
        known = [(number, body["audits"][place]) for number, body in told if place < len(body["audits"])]
        changes = [number for (_, before), (number, now) in pairwise(known) if before != now]
        first = decided.reindex(batch.drawn_for_audit).dropna()
        seen += int((first < max(changes, default=0)).sum())
    return seen


def _digest(votes: Votes, items: pd.Index) -> str:
    """Hash what is voted on items, whatever the sources are called; those that say nothing of them do not matter.

    Nor does it matter where classes stand, and whether one has another name now.
    """
    at = positions(votes.items, items)
    matrix = votes.take_items(at[at >= 0]).to_matrix()
    first: dict[str, str] = {}
    for old, now in votes.schema.former.items():
        first.setdefault(now, old)
    numbers = [_number(first.get(name, name)) for name in votes.schema.classes]
    columns = sorted(
        np.array([*numbers, 0], dtype=np.uint64)[column].tobytes() for column in matrix.T if (column >= 0).any()
    )
    return hashlib.sha256(b"".join(columns)).hexdigest()


def _number(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8])
