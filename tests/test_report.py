"""The report's figures are what a hand computes from the evidence, and what cannot be computed says why."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import beta

import weakhitl as wh
from reports import AS_OF, made, plain, report_of, rich
from weakhitl.errors import DataError
from weakhitl.gate import Context, assess, figure
from weakhitl.release.report import Report, hardest_items, render_html, render_markdown, report_content
from weakhitl.routing import Batch
from weakhitl.schema import ABSTAIN


@pytest.fixture(scope="module")
def evidence(tmp_path_factory):
    return plain(tmp_path_factory.mktemp("plain"))


@pytest.fixture(scope="module")
def full(evidence):
    return rich(evidence)


@pytest.fixture(scope="module")
def report(full):
    return report_of(full)


def exact(hits: int, n: int) -> tuple[float, float]:
    """Clopper and Pearson's interval from the quantiles of the beta distribution."""
    low = beta.ppf(0.025, hits, n - hits + 1) if hits else 0.0
    return float(low), float(beta.ppf(0.975, hits + 1, n - hits)) if hits < n else 1.0


def decided(evidence) -> pd.Series:
    found = evidence.decisions()
    return found[(found != ABSTAIN) & found.index.isin(evidence.audited)]


def test_the_report_is_a_pure_function_of_the_evidence(full, report):
    assert report_of(full) == report
    assert render_html(report) == render_html(report_of(full))


def test_a_functions_accuracy_is_counted_on_the_decided_audit_alone(evidence, report):
    truth = decided(evidence)
    classes = list(evidence.schema.classes)
    matrix = evidence.functions.take_items(evidence.functions.items.get_indexer(truth.index)).to_matrix()
    for at, row in enumerate(report["functions"]):
        voted = matrix[:, at] != ABSTAIN
        hits, n = int((matrix[voted, at] == truth.to_numpy()[voted]).sum()), int(voted.sum())
        estimate = row["accuracy"]
        assert (estimate["n_units"], estimate["value"]) == (n, pytest.approx(hits / n))
        assert (estimate["low"], estimate["high"]) == pytest.approx(exact(hits, n))
        assert set(row["classes"]) <= set(classes)


def test_a_function_without_a_vote_on_the_audit_has_no_accuracy_but_a_reason(evidence):
    keep = evidence.ratings[evidence.ratings["role"] != "adjudicator"]
    found = report_of(replace(evidence, ratings=keep))
    assert {row["accuracy"]["value"] for row in found["functions"]} == {None}
    assert all("known" in row["accuracy"]["reason"] for row in found["functions"])
    assert {row["in_dataset"]["reason"] for row in found["classes"]} == {"no audited item has been decided"}
    assert "Calibration and confusions are undefined: no audited item has been decided." in render_markdown(found)


def test_class_shares_weigh_each_audited_item_with_the_items_it_stands_for(evidence, report):
    (batch,) = evidence.batches
    above = pd.Series(batch.above_cut(), index=batch.items)
    truth = decided(evidence)
    n, n_above = len(evidence.items), int(above.sum())
    high = above[truth.index].to_numpy()
    low_of_batch = int((~above).sum())
    weight = np.where(high, n_above / high.sum(), low_of_batch / (~high).sum() + (n - len(batch.items)) / (~high).sum())
    assert weight.sum() == pytest.approx(n)
    for code, row in enumerate(report["classes"]):
        share = weight[truth.to_numpy() == code].sum() / n
        assert row["in_dataset"]["value"] == pytest.approx(share)
        assert row["in_dataset"]["low"] < share < row["in_dataset"]["high"]


def test_items_that_somebody_asked_for_are_stood_for_by_nobody(evidence):
    (batch,) = evidence.batches
    rest = evidence.items.difference(batch.items)[:5]
    asked = pd.DataFrame({"item": rest, "reason": "requested", "probability": 1.0, "rank": range(1, 6)})
    batches = (*evidence.batches, Batch("requested", 0, 3, 100, asked))
    found = report_of(replace(evidence, batches=batches))["classes"]
    assert {row["in_dataset"]["kind"] for row in found} == {"unrepresented"}


def test_the_class_shares_cover_the_truth_of_most_datasets():
    """The interval that the report gives holds in simulation: an audit of 100 out of 1,000, drawn at random."""
    from weakhitl.weighted_share import weighted_share

    rng = np.random.default_rng(0)
    truth = rng.random(1000) < 0.2
    inside = 0
    for _ in range(400):
        drawn = rng.choice(truth, 100, replace=False)
        _, low, high = weighted_share(drawn.astype(float), np.ones(100), 0.95)
        inside += low <= truth.mean() <= high
    assert inside / 400 >= 0.95


def test_confusions_count_every_decided_audited_item_once(evidence, report):
    truth = decided(evidence)
    for found in report["audit"]["confusion"].values():
        assert np.sum(found["counts"]) + np.sum(found["unlabelled"]) == len(truth) == report["audit"]["decided"]
        columns = np.sum(found["counts"], axis=0) + found["unlabelled"]
        assert columns.tolist() == np.bincount(truth, minlength=3).tolist()


def test_confusions_are_of_the_labels_before_anybody_decided(evidence, report):
    truth = decided(evidence)
    assessment = assess(evidence)
    for name, consensus in {"functions and people": assessment.joint, "functions alone": assessment.automatic}.items():
        labels = pd.Series(consensus.labels, index=consensus.items)[truth.index].to_numpy()
        right = int((labels == truth.to_numpy()).sum())
        assert np.trace(report["audit"]["confusion"][name]["counts"]) == right


def test_confusions_of_many_classes_are_a_list_and_not_a_matrix(report):
    classes = [report["classes"][at % 3] | {"class": f"c{at}"} for at in range(13)]
    matrix = np.eye(13, dtype=int)
    matrix[3, 5] = 7
    share = report["audit"]["confusion"]["functions alone"]["precision"][0]
    one = {"counts": matrix.tolist(), "unlabelled": [0] * 13, "precision": [share] * 13, "recall": [share] * 13}
    audit = report["audit"] | {"confusion": dict.fromkeys(report["audit"]["confusion"], one)}
    groups = {"classes": classes, "audit": audit, "groups": {}}
    assert "| c5 (7) |" in render_markdown(report | groups)


def test_the_calibration_error_of_what_is_released_is_the_one_that_the_gate_checks(evidence):
    assessment, gate = made(evidence)
    checked = figure(assessment, "calibration-error", 0.975)
    found = report_content(assessment, gate, "1.0.0")["audit"]["released"]
    assert (found["value"], found["low"], found["high"]) == pytest.approx((checked.value, checked.low, checked.high))


def test_the_hardest_items_agree_least_and_then_come_in_the_datasets_order(evidence):
    assessment = assess(evidence)
    found = hardest_items(assessment)
    agreement = wh.by_item(assessment.counted.votes)["agreement"]
    assert len(found) == 10
    shown = agreement[found].to_numpy()
    assert (np.diff(shown) >= 0).all()
    assert shown.max() <= agreement[agreement < 1].nsmallest(10).max()
    for value in np.unique(shown):
        places = evidence.items.get_indexer(np.array(found)[shown == value])
        assert (np.diff(places) > 0).all()


def test_the_hardest_items_show_texts_votes_and_decisions_of_the_evidence(full, report):
    first, second = report["hardest"][:2]
    assert first["text"] is None
    assert second["text"].startswith("Text of ")
    assert len(second["people"]) == 3
    said = full.ratings[(full.ratings["item"] == second["item"]) & (full.ratings["role"] == "annotator")]
    assert second["people"] == dict(zip(said["annotator"], said["label"], strict=True))
    page = render_markdown(report)
    assert "(its text is not in the evidence)" in page
    assert second["text"] in page


def test_a_persons_accuracy_and_agreement_are_counted_on_the_ratings_that_count(full, report):
    truth = decided(full)
    classes = list(full.schema.classes)
    name = full.ratings["annotator"].iloc[0]
    own = full.ratings[(full.ratings["role"] == "annotator") & (full.ratings["annotator"] == name)]
    own = own[own["item"].isin(truth.index)]
    hits = sum(classes.index(label) == truth[item] for item, label in zip(own["item"], own["label"], strict=True))
    ana = next(row for row in report["annotators"] if row["annotator"] == name)
    assert ana["accuracy"]["value"] == pytest.approx(hits / len(own))
    assert (ana["accuracy"]["low"], ana["accuracy"]["high"]) == pytest.approx(exact(hits, len(own)))
    assert ana["seconds"]["value"] == 10.0
    assert ana["counted"] == 140
    rated = full.ratings[full.ratings["role"] == "annotator"].groupby("item")
    mine = [(rows.loc[rows["annotator"] == name, "label"].item(),
             rows.loc[rows["annotator"] != name, "label"].tolist()) for _, rows in rated]  # fmt: skip
    told = [label == one for label, (one, two) in mine if one == two or label not in (one, two)]
    assert len(told) < 140, "two others who differ, one of whom says the same, tell nothing"
    assert ana["agreement"]["n_units"] == len(told)
    assert ana["agreement"]["value"] == pytest.approx(np.mean(told))


def test_time_and_money_are_sums_and_what_carries_no_time_is_said(full, report):
    n = len(full.ratings)
    assert report["cost"]["hours"] == pytest.approx((n - 1) * 10 / 3600)
    assert report["cost"]["cost"] == pytest.approx((n - 1) * 10 / 3600 * 30)
    assert report["cost"]["hours_per_released"] == pytest.approx(report["cost"]["hours"] / report["counts"]["released"])
    page = render_markdown(report)
    assert f"1 of {n} answers carry no time: the sum is a lower bound." in page
    assert "At 30 EUR an hour that is" in page


def test_unknown_times_are_unknown_and_not_zero(evidence):
    found = report_of(replace(evidence, ratings=evidence.ratings.drop(columns="seconds", errors="ignore")))
    assert (found["cost"]["hours"], found["cost"]["cost"]) == (None, None)
    assert found["annotators"][0]["seconds"]["reason"]
    assert "so time and money are unknown" in render_markdown(found)


def test_drift_is_the_distance_of_the_class_shares(report):
    now = {row["class"]: row["share"] for row in report["classes"]}
    apart = (abs(now["sun"] - 0.5) + abs(now["rain"] - 0.5) + now["snow"]) / 2
    assert report["drift"]["total_variation"]["value"] == pytest.approx(apart)
    assert "only one of the two releases" in report["drift"]["stability"]["reason"]
    changed = {row["name"]: row["coverage"] for row in report["drift"]["functions"]}
    assert changed["gone"] == {"before": 0.1, "now": None}
    assert changed["first_word"]["before"] is None


def test_a_release_like_the_last_one_has_not_drifted(evidence):
    first = report_of(evidence, "1.0.0")
    previous = {
        "version": "1.0.0",
        "classes": {row["class"]: row["share"] for row in first["classes"]},
        "counts": first["counts"],
        "functions": first["functions"],
        "agreement": first["agreement"]["dataset"],
        "checks": {check["name"]: check["estimate"] for check in first["gate"]["checks"]},
    }
    drift = report_of(replace(evidence, context=Context(AS_OF, previous=previous)))["drift"]
    assert drift["total_variation"]["value"] == drift["stability"]["value"] == 0
    assert all(row["before"] == row["now"] for row in [*drift["agreement"], *drift["checks"]])


def test_without_an_earlier_release_there_is_no_drift(evidence):
    assert report_of(replace(evidence, context=Context(AS_OF)))["drift"] is None


def test_small_groups_are_left_out_and_counted(report):
    place = report["groups"]["place"]
    assert [row["group"] for row in place["groups"]] == ["<b>hill</b>", "sea"]
    assert place["left_out"] == {"groups": 1, "items": 4, "without_value": 0}
    assert "small groups: 1, with 4 items in all" in render_markdown(report)


def test_the_groups_gap_is_the_difference_of_their_shares(report):
    place = report["groups"]["place"]
    shares = [row["released_share"] for row in place["groups"]]
    assert place["gaps"]["released share"]["value"] == pytest.approx(max(shares) - min(shares))


def test_recalled_sources_and_withheld_items_are_among_the_limits(report):
    page = render_markdown(report)
    assert "| function:says_fog | its <i>list</i> was of another year |" in page
    withheld = report["counts"]["items"] - report["counts"]["released"]
    assert f"{withheld:,} items are withheld because" in page


def test_every_undefined_check_is_listed_with_its_reason(evidence):
    keep = evidence.ratings[evidence.ratings["role"] != "adjudicator"]
    page = render_markdown(report_of(replace(evidence, ratings=keep)))
    assert "| check: release-accuracy | undefined | no audited item has been adjudicated |" in page


def test_of_many_checks_page_one_draws_those_that_did_not_pass_and_counts_the_rest(report):
    check = report["gate"]["checks"][0]
    checks = [check | {"name": f"check {at}", "status": "fail" if at > 9 else "pass"} for at in range(12)]
    page = render_html(report | {"gate": report["gate"] | {"checks": checks, "status": "fail"}})
    first = page.split("</header>")[0].split("<figure>")[1]
    assert "check 10: fail" in first
    assert "check 9: pass" not in first
    assert "4 more of them" in first


def test_the_page_escapes_texts_groups_and_reasons(report):
    page = render_html(report)
    assert "<script" not in page
    assert "<b>hill" not in page
    assert "<i>list" not in page
    assert "&lt;b&gt;hill&lt;/b&gt;" in page


def test_a_dataset_without_people_has_a_report_all_the_same(evidence):
    bare = report_of(replace(evidence, ratings=evidence.ratings.iloc[:0], batches=()))
    page = render_html(bare)
    assert "Nobody has rated anything." in page
    assert {row["in_dataset"]["reason"] for row in bare["classes"]} == {"no items were drawn for an audit"}
    assert "Agreement is undefined" in page


def test_the_report_object_saves_loads_and_gives_the_same_pages(report, tmp_path):
    made_ = Report(report)
    page = made_.save(tmp_path / "out")
    assert page.read_text(encoding="utf-8") == made_.to_html() == render_html(report)
    loaded = wh.Report.load(tmp_path / "out")
    assert loaded.to_markdown() == made_.to_markdown()
    assert sorted(path.name for path in page.parent.iterdir()) == ["report.html", "report.json", "report.md"]
    assert repr(loaded) == "<Report of small 1.1.0: Released>"


def test_a_reports_dict_is_a_copy(report):
    one = Report(report)
    one.to_dict()["counts"]["items"] = -1
    assert one.to_dict()["counts"]["items"] == 240


def test_what_is_no_report_says_so(tmp_path):
    with pytest.raises(DataError, match="cannot be read as a report"):
        Report.load(tmp_path)
    (tmp_path / "report.json").write_text("{}")
    with pytest.raises(DataError, match="is no report of weakhitl"):
        Report.load(tmp_path)
