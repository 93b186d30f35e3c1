"""``weakhitl.snorkel``: Snorkel's names do what Snorkel's do, without Snorkel."""

import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import weakhitl as wh
from weakhitl import snorkel as ours
from weakhitl.snorkel.analysis import METRICS, metric_score
from weakhitl.snorkel.labeling.apply.core import ApplierMetadata
from weakhitl.snorkel.map.core import get_hashable

NUMBERS = [3, 43, 12, 9, 3]


@ours.preprocessor()
def squared(x):
    x.square = x.num**2
    return x


@ours.labeling_function()
def big(x):
    return 0 if x.num > 42 else -1


@ours.labeling_function(pre=[squared], resources={"bar": 100})
def big_square(x, bar):
    return 1 if x.square > bar else -1


@ours.labeling_function()
def fragile(x):
    return 1 // (x.num - 9)


POINTS = [SimpleNamespace(num=number) for number in NUMBERS]
EXPECTED = [[-1, -1], [0, 1], [-1, 1], [-1, -1], [-1, -1]]


def test_the_names_need_neither_snorkel_nor_torch():
    code = "import sys, weakhitl.snorkel as s; assert not {'snorkel', 'torch'} & {*sys.modules}; print(*s.__all__)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert found == ours.__all__


def test_every_applier_gives_the_same_matrix():
    table = pd.DataFrame({"num": NUMBERS}, index=list("ebcad"))
    functions = [big, big_square]
    assert ours.LFApplier(functions).apply(POINTS).tolist() == EXPECTED
    assert ours.LFApplier(functions).apply(iter(POINTS)).tolist() == EXPECTED
    assert ours.PandasLFApplier(functions).apply(table, progress_bar=False).tolist() == EXPECTED
    for scheduler in ("processes", "threads"):
        parallel = ours.PandasParallelLFApplier(functions).apply(table, n_parallel=2, scheduler=scheduler)
        assert parallel.tolist() == EXPECTED
    with pytest.raises(ValueError, match="n_parallel = 1; expected at least 2"):
        ours.PandasParallelLFApplier(functions).apply(table, n_parallel=1)
    assert POINTS[0] == SimpleNamespace(num=3), "preprocessors change a copy"


def test_an_array_is_labelled_row_by_row():
    first = ours.LabelingFunction("first", lambda x: 1 if x[0] > 42 else 0)
    assert ours.LFApplier([first]).apply(np.array([[10], [100]])).tolist() == [[0], [1]]


@pytest.mark.parametrize("applier", ["LFApplier", "PandasLFApplier"])
def test_faults_are_raised_or_counted(applier):
    items = POINTS if applier == "LFApplier" else pd.DataFrame({"num": NUMBERS})
    runner = getattr(ours, applier)([fragile, big])
    with pytest.raises(ZeroDivisionError):
        runner.apply(items, progress_bar=False)
    matrix, meta = runner.apply(items, progress_bar=False, fault_tolerant=True, return_meta=True)
    assert meta == ApplierMetadata({"fragile": 1})
    assert matrix[:, 0].tolist() == [-1, 0, 0, -1, -1]
    with pytest.raises(ValueError, match="occur twice: big"):
        getattr(ours, applier)([big, big])


def test_a_bare_next_that_finds_nothing_is_a_fault_of_its_point():
    """Its StopIteration would end a ``map`` in silence."""
    first = ours.LabelingFunction("first", lambda x: next(label for least, label in ((40, 1), (5, 0)) if x.num > least))
    matrix, meta = ours.LFApplier([first, big]).apply(POINTS, fault_tolerant=True, return_meta=True)
    few = [number <= 5 for number in NUMBERS]
    assert any(few)
    assert (matrix[:, 0] == -1).tolist() == few
    assert meta == ApplierMetadata({"first": sum(few)})


def test_a_row_of_a_dataframe_answers_like_a_series():
    table = pd.DataFrame({"text": ["a"], "num": [1]}, index=["seven"])
    seen = []
    asks = ours.LabelingFunction(
        "asks",
        lambda x: (
            seen.append((x.text, x["num"], x.get("no", 5), x.name, "num" in x, len(x), list(x), x.to_dict())) or 0
        ),
    )
    ours.PandasLFApplier([asks]).apply(table, progress_bar=False)
    assert seen == [("a", 1, 5, "seven", True, 2, ["a", 1], {"text": "a", "num": 1})]
    with pytest.raises(AttributeError):
        ours.PandasLFApplier([ours.LabelingFunction("f", lambda x: x.missing)]).apply(table)


def test_memoized_preprocessors_run_once_for_equal_points():
    calls = []

    @ours.preprocessor(memoize=True)
    def counts(x):
        calls.append(x.num)
        x.seen = len(calls)
        return x

    function = ours.LabelingFunction("f", lambda x: x.seen, pre=[counts])
    assert ours.LFApplier([function]).apply(POINTS)[:, 0].tolist() == [1, 2, 3, 4, 1]
    assert ours.PandasLFApplier([function]).apply(pd.DataFrame({"num": NUMBERS}))[:, 0].tolist() == [1, 2, 3, 4, 1]
    assert calls == [3, 43, 12, 9]
    counts.reset_cache()
    counts(POINTS[0])
    assert calls[4:] == [3]


def test_a_mapper_takes_and_gives_fields_under_other_names():
    class Split(ours.Preprocessor):
        def __init__(self, name, **settings):
            super().__init__(name, **settings)

        def run(self, text):
            return {"words": text.split()} if text else None

    split = Split("split", field_names={"text": "body"}, mapped_field_names={"words": "parts"})
    assert split(SimpleNamespace(body="a b")).parts == ["a", "b"]
    function = ours.LabelingFunction("f", lambda x: 0, pre=[split])
    with pytest.raises(ValueError, match="the preprocessor 'split' gave None"):
        function(SimpleNamespace(body=""))
    for decorator in (ours.labeling_function, ours.preprocessor):
        with pytest.raises(ValueError, match="missing parentheses"):
            decorator(lambda x: x)


def test_our_own_functions_and_apply_work_with_theirs():
    votes = wh.apply([big, big_square], pd.DataFrame({"num": NUMBERS}), wh.LabelSchema(["a", "b"]))
    assert votes.to_matrix().tolist() == EXPECTED
    own = wh.LabelingFunction("own", lambda x: 0 if x.num > 42 else -1)
    assert ours.LFApplier([own]).apply(POINTS)[:, 0].tolist() == [row[0] for row in EXPECTED]


def matrices():
    rng = np.random.default_rng(0)
    for seed in range(12):
        matrix = rng.integers(-1, 3, (40, 5))
        matrix[:, 3] = -1 if seed % 3 == 0 else matrix[:, 3]
        matrix[: seed % 5] = -1
        yield matrix, rng.integers(0, 3, 40)


@pytest.mark.current
@pytest.mark.filterwarnings("ignore")
def test_the_analysis_is_snorkels():
    from snorkel.labeling import LFAnalysis

    functions = [ours.LabelingFunction(f"f{j}", lambda x: -1) for j in range(5)]
    for matrix, gold in matrices():
        for named in (None, functions):
            mine, theirs = ours.LFAnalysis(matrix, named), LFAnalysis(matrix, named)
            for name in ("label_coverage", "label_overlap", "label_conflict", "lf_polarities"):
                assert getattr(mine, name)() == getattr(theirs, name)()
            for normalized in (False, True):
                assert np.allclose(mine.lf_overlaps(normalized), theirs.lf_overlaps(normalized))
                assert np.allclose(mine.lf_conflicts(normalized), theirs.lf_conflicts(normalized))
            assert np.allclose(mine.lf_empirical_probs(gold, 3), theirs.lf_empirical_probs(gold, 3))
            weights = np.arange(5) / 5
            pd.testing.assert_frame_equal(mine.lf_summary(gold, weights), theirs.lf_summary(gold, weights))
            pd.testing.assert_frame_equal(mine.lf_summary(), theirs.lf_summary())


@pytest.mark.current
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("policy", ["abstain", "random"])
def test_voters_and_their_ties_are_snorkels(policy):
    from snorkel.labeling import model as theirs

    for matrix, gold in matrices():
        mine, other = ours.MajorityLabelVoter(3), theirs.MajorityLabelVoter(3)
        assert np.allclose(mine.predict_proba(matrix), other.predict_proba(matrix))
        assert np.array_equal(
            mine.predict(matrix, tie_break_policy=policy), other.predict(matrix, tie_break_policy=policy)
        )
        wanted = ["accuracy", "coverage", "f1_macro", "matthews_corrcoef"]
        scores = other.score(matrix, gold, wanted, tie_break_policy=policy)
        assert mine.score(matrix, gold, wanted, tie_break_policy=policy) == pytest.approx(scores)
        mine, other = ours.MajorityClassVoter(3), theirs.MajorityClassVoter(3)
        for voter in (mine, other):
            voter.fit(balance=np.array([0.4, 0.2, 0.4]))
        assert np.array_equal(mine.predict_proba(matrix), other.predict_proba(matrix))
        np.random.seed(1)  # noqa: NPY002 - the generator that both use
        given = ours.RandomVoter(3).predict_proba(matrix)
        np.random.seed(1)  # noqa: NPY002
        assert np.array_equal(given, theirs.RandomVoter(3).predict_proba(matrix))


@pytest.mark.current
@pytest.mark.filterwarnings("ignore")
def test_metrics_are_snorkels():
    from snorkel.analysis import metric_score as theirs

    rng = np.random.default_rng(0)
    gold, said = rng.integers(0, 2, 60), rng.integers(-1, 2, 60)
    probs = rng.dirichlet([1, 1], 60)
    for name in METRICS.keys() - {"fbeta"}:  # Snorkel's no longer runs: scikit-learn wants its beta
        unwanted = None if name == "coverage" else {"golds": [-1], "preds": [-1]}
        expected = theirs(gold, said, probs, name, unwanted)
        assert metric_score(gold, said, probs, name, unwanted) == pytest.approx(expected), name
    with pytest.raises(ValueError, match="no metric 'kappa'; the metrics are accuracy"):
        metric_score(gold, said, metric="kappa")


@pytest.mark.current
@pytest.mark.filterwarnings("ignore")
def test_objects_made_with_snorkel_run_here():
    from snorkel.labeling import labeling_function
    from snorkel.preprocess import preprocessor

    @preprocessor(memoize=True)
    def doubled(x):
        x.double = x.num * 2
        return x

    @labeling_function(pre=[doubled])
    def twice(x):
        return 1 if x.double > 20 else -1

    table = pd.DataFrame({"num": NUMBERS})
    expected = [-1, 1, 1, -1, -1]
    assert wh.apply([twice], table, wh.LabelSchema(["a", "b"])).to_matrix()[:, 0].tolist() == expected
    assert ours.PandasLFApplier([twice]).apply(table)[:, 0].tolist() == expected
    assert ours.LFApplier([twice]).apply(POINTS)[:, 0].tolist() == expected


def test_labels_convert_and_filter():
    probs = np.array([[0.5, 0.5], [0.9, 0.1], [0.5, 0.5]])
    assert ours.probs_to_preds(probs, "abstain").tolist() == [-1, 0, -1]
    assert set(ours.probs_to_preds(probs, "true-random").tolist()) <= {0, 1}
    with pytest.raises(ValueError, match="policy not recognized"):
        ours.probs_to_preds(probs, "coin")
    assert ours.preds_to_probs(np.array([1, 0]), 2).tolist() == [[0, 1], [1, 0]]
    table = pd.DataFrame({"text": list("abc")})
    kept, rows = ours.filter_unlabeled_dataframe(table, probs, np.array([[-1, -1], [0, -1], [1, 1]]))
    assert kept["text"].tolist() == ["b", "c"]
    assert rows.tolist() == probs[1:].tolist()
    assert get_hashable({"a": [1, np.array([1])]}) == get_hashable({"a": [1, np.array([1])]})
    with pytest.raises(ValueError, match="cannot be memoized"):
        get_hashable(bytearray())


def test_the_label_model_is_ours_behind_snorkels_signature(tmp_path):
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, 3000)
    accuracy = np.array([0.9, 0.8, 0.7, 0.6, 0.75])
    right = rng.random((3000, 5)) < accuracy
    matrix = np.where(right, truth[:, None], 1 - truth[:, None])
    matrix[rng.random((3000, 5)) < 0.4] = -1
    model = ours.LabelModel(cardinality=2, verbose=False)
    model.fit(matrix, n_epochs=500, lr=0.01, log_freq=100, seed=123)
    uncovered = (matrix == -1).all(axis=1)
    assert uncovered.any()
    assert (model.predict_proba(matrix)[uncovered] == 0.5).all()
    assert (model.predict(matrix)[uncovered] == -1).all()
    score = model.score(matrix, truth, metrics=["accuracy", "coverage"])
    assert score["accuracy"] > 0.85
    assert score["coverage"] == pytest.approx(1 - uncovered.mean(), abs=0.05)
    assert np.allclose(model.get_weights(), accuracy, atol=0.05)
    probs = model.get_conditional_probs()
    assert probs.shape == (5, 3, 2)
    assert np.allclose(probs.sum(axis=1), 1)
    model.save(tmp_path / "model")
    again = ours.LabelModel(cardinality=2)
    again.load(tmp_path / "model")
    assert np.allclose(again.predict_proba(matrix), model.predict_proba(matrix))
    with pytest.raises(ValueError, match="fit it first"):
        again.get_weights()


def test_class_shares_come_from_the_user_or_from_labels():
    matrix = np.array([[0, 1, -1], [1, 1, 0], [-1, -1, -1]])
    model = ours.LabelModel(2).fit(matrix, class_balance=[0.7, 0.3])
    assert np.allclose(model.predict_proba(matrix)[2], [0.7, 0.3])
    model.fit(matrix, Y_dev=np.array([0, 0, 0, 1]))
    assert np.allclose(model.predict_proba(matrix)[2], [0.75, 0.25])
    with pytest.raises(ValueError, match="expected 2 positive ones"):
        model.fit(matrix, Y_dev=np.array([0, 0]))
    with pytest.raises(ValueError, match="holds labels from -1 to 2; with cardinality=2 they are -1 to 1"):
        model.fit(matrix + (matrix == 1))
    with pytest.raises(ValueError, match="unknown settings epochs"):
        model.fit(matrix, epochs=3)
    with pytest.raises(ValueError, match="not been fitted"):
        ours.LabelModel(2).predict(matrix)


def test_a_voter_is_saved_and_loaded(tmp_path):
    voter = ours.MajorityClassVoter(2)
    voter.fit(balance=[0.8, 0.2])
    voter.save(tmp_path / "voter")
    again = ours.MajorityClassVoter(5)
    again.load(tmp_path / "voter")
    assert again.predict_proba(np.zeros((1, 1))).tolist() == [[1, 0]]
