"""Hypothesis strategies that the tests share."""

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from weakhitl import LabelSchema, Votes

CLASSES = ("first", "second", "third", "fourth", "fifth")


def schemas(min_classes: int = 2, max_classes: int = 4) -> st.SearchStrategy[LabelSchema]:
    """Label schemas of named classes, nominal."""
    return st.integers(min_classes, max_classes).map(lambda k: LabelSchema(CLASSES[:k]))


@st.composite
def vote_matrices(draw, k: int, items=(1, 12), sources=(1, 5)) -> np.ndarray:
    """(n, m) class indices below ``k``, -1 abstains; ``items`` and ``sources`` bound n and m."""
    shape = draw(st.integers(*items)), draw(st.integers(*sources))
    return draw(hnp.arrays(np.int64, shape, elements=st.integers(-1, k - 1)))


@st.composite
def votes(draw, items=(1, 12), sources=(1, 5), max_classes: int = 4) -> Votes:
    """Votes over a random schema."""
    schema = draw(schemas(max_classes=max_classes))
    return Votes.from_matrix(draw(vote_matrices(len(schema), items, sources)), schema)
