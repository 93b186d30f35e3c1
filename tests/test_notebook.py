"""Results show themselves in notebooks: small tables in which nothing of the data is markup."""

import inspect
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

import weakhitl as wh
from projects import World, start
from reports import made, plain, report_of, rich
from weakhitl.agreement import AgreementFigures, agreement_summary
from weakhitl.brief import Brief
from weakhitl.gate import Gate, Verdict
from weakhitl.pipeline.diagnosis import Diagnosis

EVIL = '<script>alert("x")</script>'


@pytest.fixture(scope="module")
def evidence(tmp_path_factory):
    return plain(tmp_path_factory.mktemp("notebook"))


def test_votes_show_each_sources_votes_by_class_escaped():
    schema = wh.LabelSchema([EVIL, "no"])
    shown = wh.Votes.from_matrix([[0, 1], [0, -1]], schema, sources=["a<b", "c"])._repr_html_()
    assert "<script" not in shown
    assert "<td>a&lt;b</td><td>2</td><td>0</td><td>100.0%</td>" in shown
    assert "2 items, 2 sources, 3 votes" in shown


def test_votes_of_many_sources_show_some_and_count_the_rest():
    shown = wh.Votes.from_matrix(np.zeros((2, 60), dtype=int), wh.LabelSchema(["no", "yes"]))._repr_html_()
    assert shown.count("<tr>") == 51
    assert "10 more sources" in shown


def test_an_estimate_shows_value_interval_and_method():
    shown = wh.Estimate(0.5, 0.25, 0.75, method=EVIL, n_units=20)._repr_html_()
    assert "<td>0.5</td>" in shown
    assert "0.25 to 0.75" in shown
    assert "<script" not in shown


def test_an_undefined_estimate_shows_why():
    shown = wh.Estimate(None, reason=f"because of {EVIL}")._repr_html_()
    assert "undefined" in shown
    assert "because of &lt;script" in shown


def test_a_gate_and_a_verdict_show_every_check_and_part():
    estimate = wh.Estimate(0.5, 0.4, 0.6)
    verdict = Verdict(
        EVIL, "coverage", 0.4, None, 0.95, "pass", estimate, "why & so", parts={"<i>": ("pass", estimate)}
    )
    for shown in (verdict._repr_html_(), Gate((verdict,))._repr_html_()):
        assert "<script" not in shown
        assert "at least 0.4" in shown
        assert "why &amp; so" in shown
    assert "&lt;i&gt;" in verdict._repr_html_()
    assert "Gate: pass" in Gate((verdict,))._repr_html_()
    assert repr(Gate((verdict,))) == f"Gate(verdicts=(<Verdict {EVIL}: pass, 0.500 [0.400, 0.600]>,), withheld=None)"


def test_a_report_shows_its_page_in_a_frame_that_runs_nothing(evidence):
    shown = wh.Report(report_of(rich(evidence)))._repr_html_()
    assert shown.startswith("<iframe sandbox ")
    assert shown.count("<") == 2
    assert "Released" in shown


def test_lf_summary_is_a_table_with_a_notebooks_own_looks(evidence):
    shown = wh.lf_summary(evidence.functions)._repr_html_()
    assert "says_sun" in shown
    assert "Coverage" in shown


def test_the_real_gate_shows_its_verdicts(evidence):
    _, gate = made(evidence)
    assert gate._repr_html_().count("<tr>") == 1 + len(gate.verdicts)


def test_a_gate_without_checks_says_what_to_add():
    assert "add [[gate.check]] to weakhitl.toml" in Gate(())._repr_html_()


def test_a_gate_says_what_to_do_after_a_verdict():
    verdict = Verdict("kappa", "alpha", 0.6, None, 0.95, "fail", wh.Estimate(0.5, 0.4, 0.55), "too low", "ask <more>")
    assert "<p>kappa: ask &lt;more&gt;</p>" in Gate((verdict,))._repr_html_()


def test_agreement_shows_its_figures_and_names_the_rest():
    votes = wh.Votes.from_matrix([[0, 0], [1, 1], [0, 1], [1, 1]] * 10, wh.LabelSchema([EVIL, "no"]))
    shown = AgreementFigures(agreement_summary(votes), ratings={})._repr_html_()
    assert f"<td>krippendorff-alpha</td><td>{wh.krippendorff_alpha(votes)}</td><td>40</td>" in shown
    assert "<script" not in shown
    assert "alpha of &lt;script" in shown
    assert "by_coder" in shown
    assert "ratings</p>" in shown


def test_an_explanation_shows_each_votes_part_escaped():
    schema = wh.LabelSchema([EVIL, "no"])
    votes = wh.Votes.from_matrix([[0, 1, 0], [0, -1, 0], [1, 1, -1]], schema, sources=["a<b", "c", "d"])
    shown = wh.explain(wh.LabelModel().fit(votes), votes, 0)._repr_html_()
    assert "<script" not in shown
    assert "<td>a&lt;b</td>" in shown
    assert shown.count("<tr>") == 5, "the header, the class balance and three votes"


def test_a_calibration_shows_its_bins_and_figures():
    found = wh.calibration(np.array([[0.9, 0.1], [0.4, 0.6]] * 20), np.array([0, 1] * 20))
    assert found._repr_html_().count("<tr>") == 3
    assert repr(found).startswith("Accuracy 1.000 [0.912, 1.000]; ECE 0.250 [")
    assert len(repr(found).splitlines()) == 4


def test_a_diagnosis_shows_its_findings_and_its_calibration():
    finding = wh.Finding("code", "warning", EVIL, "write another")
    measured = wh.calibration(np.array([[0.9, 0.1]] * 40), np.zeros(40, dtype=int))
    shown = Diagnosis([finding], measured)._repr_html_()
    assert "<script" not in shown
    assert "<td>warning</td>" in shown
    assert shown.count("<table>") == 2


def test_results_that_hold_arrays_and_tables_say_their_sizes():
    votes = wh.Votes.from_matrix([[0, 1], [0, 1], [1, -1]])
    held = "votes=<Votes: 2 items, 2 sources, 3 votes>, counts=<ndarray: 2>, inverse=<ndarray: 3>"
    assert repr(votes.patterns()) == f"Patterns({held})"


def test_a_brief_result_counts_long_lists_and_names_long_parts():
    @dataclass(repr=False)
    class Found(Brief):
        many: list[int]
        few: tuple[object, ...]
        named: dict[str, object]
        long: str

    shown = repr(Found(list(range(1000)), (pd.Series([1]),), {"a": np.zeros((2, 3))}, "x" * 1000))
    assert shown == "Found(many=<list of 1,000>, few=(<Series: 1>,), named={'a': <ndarray: 2 x 3>}, long=<str>)"


def test_labelling_shows_the_classes_and_what_one_should_know(tmp_path):
    project = start(tmp_path, World(40))
    with (tmp_path / "labeling_functions" / "functions.py").open("a") as file:
        file.write("\n@labeling_function\ndef fails(x):\n    return None if x.item != '003' else 1 / 0\n")
    labelled = project.label()
    shown = labelled._repr_html_()
    assert repr(labelled).startswith(f"<Labelled: 40 items, {len(labelled.run.votes.sources)} functions, ")
    assert [f"<td>{name}</td>" in shown for name in (*project.config.labels.classes, "no label")] == [True] * 4
    assert "fault: &#x27;fails&#x27; failed" in shown


def test_refine_shows_each_functions_errors(tmp_path):
    project = start(tmp_path, World(60))
    project.label()
    batch = project.route(budget=20, audit=10, overlap=2)
    rated = [{"item": item, "annotator": who, "label": "rain"} for item in batch.items for who in ("ana", "bo")]
    project.collect(pd.DataFrame(rated))
    refined = project.refine()
    shown = refined._repr_html_()
    assert shown.count("<tr>") == 1 + len(refined.functions)
    assert "Functions against 20 labels of people" in shown


def test_signatures_name_what_they_take_instead_of_spelling_it_out():
    """As notebooks show them: ``ArrayLike``, and not what NumPy's is made of."""
    public = [getattr(wh, name) for name in wh.__all__ if callable(getattr(wh, name))]
    methods = [one for thing in public if inspect.isclass(thing) for one in vars(thing).values() if callable(one)]
    inherited = [getattr(wh.LabelModel, name) for name in ("fit", "fit_predict_proba", "partial_fit", "score")]
    shown = [str(inspect.signature(one)) for one in (*public, *methods, *inherited) if not isinstance(one, type)]
    assert len(shown) > 100
    assert [one for one in shown if "numpy._typing" in one] == []
