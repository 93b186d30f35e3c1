"""The people: whose ratings count, how often they agree and are right, how long they take, and who decided."""

from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from weakhitl.agreement import percent_agreement
from weakhitl.annotation import ADJUDICATOR, ANNOTATOR
from weakhitl.annotation.counting import COUNTED
from weakhitl.annotation.people_quality import AGAINST_OTHERS, quantile_estimate, share_estimate
from weakhitl.annotation.people_ratings import Answers, read_answers
from weakhitl.gate import Assessment
from weakhitl.gold import gold_names
from weakhitl.schema import ABSTAIN
from weakhitl.votes import Votes

FEWEST = 5
"""Ratings from which a figure of one person is given."""


def annotators_content(assessment: Assessment) -> list[dict[str, Any]]:
    """One row a person, by name: ratings that count, figures on these, and what the pilot said."""
    table = assessment.counted.ratings
    counted = table[table["fate"] == COUNTED]["annotator"].value_counts()
    measured = _measures(assessment)
    nothing = _figures(None, np.zeros(0, dtype=np.int64))
    rows = []
    for name in sorted(table["annotator"].unique()):
        row: dict[str, Any] = {"annotator": name, "counted": int(counted.get(name, 0))}
        if name in assessment.counted.excluded:
            row["excluded"] = assessment.counted.excluded[name]
        rows.append(row | measured.get(name, nothing) | _pilot(assessment.counted.annotators, name))
    return rows


def _pilot(pilot: pd.DataFrame | None, name: str) -> dict[str, Any]:
    if pilot is None:
        return {}
    there = name in pilot.index
    row: dict[Any, Any] = pilot.loc[name].to_dict() if there else dict.fromkeys(pilot.columns, 0) | {"agreement": None}
    return {
        "pilot_ratings": int(row["ratings"]),
        "pilot_agreement": None if pd.isna(row["agreement"]) else float(row["agreement"]),
        "qualified": bool(row["qualified"]),
    }


def counting_ratings(assessment: Assessment) -> pd.DataFrame:
    """Give the ratings that count as they were stored, in order of arrival."""
    ratings = assessment.evidence.ratings
    own = ratings[(ratings["role"] == ANNOTATOR).to_numpy()]
    return own[(assessment.counted.ratings["fate"] == COUNTED).to_numpy()]


def _measures(assessment: Assessment) -> dict[str, dict[str, Any]]:
    """Person -> agreement with the others and seconds on what counts, and accuracy on the decided audit."""
    schema = assessment.evidence.schema
    answers = read_answers(counting_ratings(assessment), schema, gold_names(assessment.decided_audit, schema))
    rows = answers.rows_of_people()
    return {name: _figures(answers, own) for name, own in zip(answers.people, rows, strict=True)}


def _figures(answers: Answers | None, rows: Any) -> dict[str, Any]:
    label, gold = (
        np.zeros(0, dtype=np.int64) if answers is None else getattr(answers, name)[rows] for name in ("label", "gold")
    )
    told, agrees = (np.zeros(0),) * 2 if answers is None else answers.told_by_others(rows)
    share = partial(share_estimate, needed=FEWEST, confidence=0.95)
    known = gold != ABSTAIN
    timed = answers is not None and answers.seconds is not None
    seconds = answers.seconds[rows] if answers is not None and answers.seconds is not None else np.zeros(0)
    return {
        "agreement": share(float(agrees.sum()), int(told.sum()), **AGAINST_OTHERS).to_dict(),
        "accuracy": share(
            int((label == gold)[known].sum()),
            int(known.sum()),
            what=("rating on a decided audited item", "ratings on decided audited items"),
            method="share of ratings that say what was decided",
        ).to_dict(),
        "seconds": quantile_estimate(
            seconds[~np.isnan(seconds)],
            0.5,
            needed=FEWEST,
            confidence=0.95,
            missing="" if timed or answers is None else "the ratings carry no times",
        ).to_dict(),
    }


def adjudication_content(assessment: Assessment) -> dict[str, Any]:
    """Count what was decided, and say how far adjudicators agree: what is known of the decisions' own error."""
    evidence = assessment.evidence
    table = evidence.ratings[evidence.ratings["role"] == ADJUDICATOR]
    votes = Votes.from_long(table, evidence.schema, items=pd.Index(table["item"].unique(), dtype=object))
    agreement = percent_agreement(votes, seed=evidence.config.routing.seed)
    said = assessment.decisions[~assessment.decisions.index.isin(evidence.recalled_items)]
    return {
        "decided": int((said != ABSTAIN).sum()),
        "could_not_tell": int((said == ABSTAIN).sum()),
        "waiting": len(assessment.adjudication_queue),
        "independent": evidence.config.annotation.adjudicator_independent,
        "decided_twice": agreement.n_pairable,
        "agreement": agreement.to_dict(),
    }
