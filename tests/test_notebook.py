"""Results show themselves in notebooks: small tables in which nothing of the data is markup."""

import numpy as np
import pytest

import weakhitl as wh
from reports import made, plain, report_of, rich
from weakhitl.gate import Gate, Verdict

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
