"""Time and money: what the ratings took."""

from typing import Any

import numpy as np
import pandas as pd

from weakhitl.annotation import ADJUDICATOR, ANNOTATOR
from weakhitl.annotation.people_quality import quantile_estimate
from weakhitl.gate import Assessment
from weakhitl.release.report.content.people import FEWEST


def cost_content(assessment: Assessment, released: int) -> dict[str, Any]:
    """Add up active time by role; where only some ratings carry times, the sum is of these, and says so."""
    annotation = assessment.evidence.config.annotation
    ratings = assessment.evidence.ratings
    roles = {name: _role(ratings[(ratings["role"] == name).to_numpy()]) for name in (ANNOTATOR, ADJUDICATOR)}
    others = ratings[~ratings["role"].isin(list(roles)).to_numpy()]
    roles["test"] = _role(others)
    hours = sum(role["hours"] for role in roles.values())
    timed = sum(role["timed"] for role in roles.values())
    whole = timed == len(ratings) and timed > 0
    money = None if annotation.cost_per_hour is None or not timed else hours * annotation.cost_per_hour
    return {
        "roles": roles,
        "ratings": len(ratings),
        "timed": timed,
        "complete": whole,
        "hours": hours if timed else None,
        "hours_per_released": hours / released if timed and released else None,
        "cost_per_hour": annotation.cost_per_hour,
        "currency": annotation.currency,
        "judges": dict(assessment.evidence.context.spent),
        "cost": money,
        "cost_per_released": None if money is None or not released else money / released,
    }


def _role(ratings: pd.DataFrame) -> dict[str, Any]:
    """Count the answers of one role, and the seconds of those that carry them."""
    missing = "the ratings carry no times"
    seconds = np.zeros(0)
    if "seconds" in ratings:
        read = pd.to_numeric(ratings["seconds"], errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
        seconds = read[np.isfinite(read)]
    return {
        "ratings": len(ratings),
        "timed": len(seconds),
        "hours": float(seconds.sum() / 3600),
        "seconds": quantile_estimate(
            seconds, 0.5, needed=FEWEST, confidence=0.95, missing="" if len(seconds) or not len(ratings) else missing
        ).to_dict(),
    }
