"""Items without votes, as in ``snorkel.labeling.utils``."""

import numpy as np
import pandas as pd

__all__ = ["filter_unlabeled_dataframe"]


def filter_unlabeled_dataframe(X: pd.DataFrame, y: np.ndarray, L: np.ndarray) -> tuple[pd.DataFrame, np.ndarray]:
    """Keep the rows, and the probabilities, of items on which a function votes."""
    voted = (L != -1).any(axis=1)
    return X[voted], y[voted]
