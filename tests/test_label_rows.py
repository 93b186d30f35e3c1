"""How label models read vote rows: grouped, numbered, or as they are."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

import weakhitl as wh
from weakhitl.errors import DataError
from weakhitl.label_model.indicator import Indicator
from weakhitl.label_model.rows import Rows, rows_to_label, vote_rows
from weakhitl.vote_rows import group_weighted

SHAPES = st.tuples(st.integers(1, 40), st.integers(1, 17), st.integers(2, 6))


def random_matrix(shape: tuple[int, int, int], seed: int = 0) -> np.ndarray:
    n, m, k = shape
    return np.random.default_rng(seed).integers(-1, k, size=(n, m))


def one_hot(matrix: np.ndarray, k: int) -> np.ndarray:
    """``cells[row, source * k + voted]``, written out."""
    return (matrix[:, :, None] == np.arange(k)).astype(float).reshape(len(matrix), -1)


def votes_of(matrix: np.ndarray, k: int) -> wh.Votes:
    return wh.Votes.from_matrix(matrix, wh.LabelSchema.numbered(k))


def item_cells(rows: Rows) -> np.ndarray:
    return rows.of_items(rows.cells.table().toarray())


@given(SHAPES, st.integers(0, 2**32 - 1))
def test_rows_with_weights_are_grouped_as_numpy_groups_rows_of_floats(shape: tuple[int, int, int], seed: int) -> None:
    matrix = random_matrix(shape, seed) // 2
    weights = np.random.default_rng(seed).choice([0.1, 1 / 3, 2.0], len(matrix))
    rows, weight, counts = group_weighted(matrix, shape[2] + 1, weights)
    found, times = np.unique(np.column_stack([matrix, weights]), axis=0, return_counts=True)
    assert np.array_equal(np.column_stack([rows, weight]), found)
    assert np.array_equal(counts, times)


@given(SHAPES, st.integers(0, 2**32 - 1))
def test_an_indicator_is_the_matrix_that_it_stands_for(shape: tuple[int, int, int], seed: int) -> None:
    """Products, sums, pairs and parts are those of the written-out matrix of zeros and ones, numbered or not."""
    n, m, k = shape
    rows = vote_rows(votes_of(random_matrix(shape, seed), k))
    table = rows.cells.table().toarray()
    rng = np.random.default_rng(seed)
    weights, values = rng.normal(size=(m * k, 2)), rng.normal(size=(len(table), 3))
    assert len(rows.cells) == len(table)
    assert np.allclose(rows.cells @ weights, table @ weights)
    assert np.allclose(rows.cells @ weights[:, 0], table @ weights[:, 0])
    assert np.allclose(rows.cells.sums(values), table.T @ values)
    assert np.allclose(rows.cells.sums(values[:, 0]), table.T @ values[:, 0])
    assert np.array_equal(rows.cells.n_votes, table.sum(axis=1))
    assert np.allclose(rows.cells.pairs(rows.counts).toarray(), table.T @ np.diag(rows.counts) @ table)
    mask = rng.random(m * k) < 0.5
    assert np.array_equal(rows.cells.of_cells(mask).table().toarray(), table[:, mask])
    at = rng.integers(0, len(table), size=5)
    assert np.array_equal(rows.cells.take(at).toarray(), table[at])
    assert n == rows.counts.sum()


@pytest.mark.parametrize(
    ("shape", "voting"),
    [
        ((30, 13, 2), 1.0),
        ((500, 5, 2), 1.0),
        ((700, 3, 3), 1.0),
        ((40, 2, 77), 1.0),
        ((1200, 60, 4), 1.0),
        ((1200, 60, 4), 0.1),
        ((1200, 14, 2), 0.02),
    ],
    ids=["sorted", "counted", "many items", "many classes", "many votes each", "few votes each", "grouped"],
)
def test_every_item_finds_its_row(shape: tuple[int, int, int], voting: float) -> None:
    """However rows are grouped: each item has the votes of its row, all of them and single ones."""
    n, _, k = shape
    matrix = np.where(np.random.default_rng(1).random(shape[:2]) < voting, random_matrix(shape), -1)
    for votes in (votes_of(matrix, k), wh.Votes.from_matrix(matrix, wh.LabelSchema.numbered(k), copy=False)):
        for rows in (vote_rows(votes), rows_to_label(votes)):
            assert np.array_equal(item_cells(rows), one_hot(matrix, k))
            at = np.array([0, n - 1, n // 2])
            assert np.array_equal(rows.cells.take(rows.locate(at)).toarray(), one_hot(matrix[at], k))


@pytest.mark.parametrize("shape", [(30, 13, 2), (500, 5, 2), (1200, 60, 4)], ids=["sorted", "counted", "as they are"])
def test_weights_count_items(shape: tuple[int, int, int]) -> None:
    """An item with weight 3 counts as three, one with weight 0 not at all, and it still finds its row."""
    matrix, times = random_matrix(shape), np.arange(shape[0]) % 4
    rows, repeated = (
        vote_rows(votes_of(matrix, shape[2]), times),
        vote_rows(votes_of(matrix.repeat(times, axis=0), shape[2])),
    )
    assert np.allclose(rows.votes_by_class(), repeated.votes_by_class())
    assert rows.counts.sum() == times.sum()
    assert np.array_equal(item_cells(rows), one_hot(matrix, shape[2]))


def test_sparse_votes_have_the_numbers_of_dense_ones() -> None:
    """Numbers do not depend on how votes are kept."""
    matrix = np.full((3000, 6), -1)
    matrix[::50, 2], matrix[7::60, 5] = 1, 0
    sparse, dense = votes_of(matrix, 2), wh.Votes.from_matrix(matrix, wh.LabelSchema.numbered(2), copy=False)
    assert np.array_equal(sparse.row_keys(slice(5, 2000)), dense.row_keys(slice(5, 2000)))
    at = np.array([2999, 7, 50])
    assert np.array_equal(sparse.row_keys(at), dense.row_keys(at))


def test_labels_of_an_item_do_not_depend_on_how_many_there_are() -> None:
    """One item alone, few items and very many get the same probabilities to the last digit."""
    matrix = random_matrix((3000, 4, 2))
    model = wh.DawidSkene().fit(matrix)
    many = model.predict_proba(matrix)
    assert np.array_equal(model.predict_proba(matrix[:20]), many[:20])
    assert np.array_equal(np.vstack([model.predict_proba(matrix[at : at + 1]) for at in range(20)]), many[:20])
    assert np.array_equal(model.predict(matrix)[:20], model.predict(matrix[:20]))


def test_a_fitted_model_does_not_change_with_the_matrix() -> None:
    """A matrix is not copied, but nothing of it is kept: what a caller does with it later has no effect."""
    matrix = random_matrix((400, 5, 2))
    model, streamed = wh.LabelModel().fit(matrix), wh.DawidSkene().partial_fit(matrix)
    before, other = model.predict_proba(matrix), random_matrix((400, 5, 2), seed=1)
    kept = matrix.copy()
    matrix[:] = 0
    assert np.array_equal(model.predict_proba(kept), before)
    again = wh.DawidSkene().fit(np.vstack([kept, other]))
    assert np.allclose(streamed.partial_fit(other).confusion_, again.confusion_, atol=1e-6)


def test_votes_share_a_matrix_only_if_asked_to() -> None:
    """By default a matrix is copied; without a copy it stays writeable for its owner, and wrong labels are named."""
    matrix = random_matrix((50, 3, 2))
    shared, own = wh.Votes.from_matrix(matrix, copy=False), wh.Votes.from_matrix(matrix)
    assert shared == own
    matrix[0] = np.where(matrix[0] == 0, 1, 0)
    assert shared != own
    with pytest.raises(DataError, match="voted 7"):
        wh.Votes.from_matrix(np.array([[0, 7]]), wh.LabelSchema.numbered(2), copy=False)


def test_an_indicator_of_no_sources_has_rows() -> None:
    """Items without any source are one row without votes."""
    cells = Indicator.of_keys(np.zeros(3, dtype=np.int64), 0, 2)
    assert len(cells) == 3
    assert not cells.n_votes.any()
