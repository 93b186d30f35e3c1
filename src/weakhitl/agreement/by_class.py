"""Agreement on one class against the rest."""

import numpy as np
import numpy.typing as npt

from weakhitl.agreement.coefficients import krippendorff_alpha
from weakhitl.estimate import Estimate
from weakhitl.schema import LabelSchema
from weakhitl.votes import Votes


def alpha_by_class(
    votes: Votes, *, weights: npt.ArrayLike | None = None, confidence: float = 0.95, seed: int = 0
) -> dict[str, Estimate]:
    """Krippendorff's nominal alpha of every class against all others together.

    Source: K. Krippendorff (2018), Content Analysis, 4th edition, section 12.3 (dichotomised categories).
    """
    row, column, label = votes.entries()
    schema = LabelSchema(["other", "this class"])
    binary = [
        Votes.from_entries((row, column, (label == c).astype(np.int64)), schema, votes.items, votes.sources)
        for c in range(len(votes.schema))
    ]
    return {
        name: krippendorff_alpha(one, weights=weights, confidence=confidence, seed=seed)
        for name, one in zip(votes.schema.classes, binary, strict=True)
    }
