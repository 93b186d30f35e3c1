"""Agreement coefficients give the published values, and the right answer where others fall into a trap."""

import numpy as np
import pytest
from statsmodels.stats import inter_rater
from statsmodels.stats.tests.test_inter_rater import diagnoses, table1

import weakhitl as wh
from weakhitl.agreement import COEFFICIENTS, by_class
from weakhitl.agreement.distances import agreement_weights
from weakhitl.schema import LEVELS


def coders(*rows: str, classes: str = "12345", level: str = "nominal") -> wh.Votes:
    """Votes from one string per coder, a character per unit; a dot or a blank is missing."""
    matrix = [[classes.find(cell) for cell in row.replace(".", "?").replace(" ", "?")] for row in rows]
    return wh.Votes.from_matrix(np.transpose(matrix), wh.LabelSchema(list(classes), level))


def from_counts(counts) -> wh.Votes:
    """Votes whose class counts per unit are those of a table of units by classes of equal row sums."""
    counts = np.asarray(counts, dtype=int)
    rows = [np.repeat(np.arange(counts.shape[1]), row) for row in counts]
    return wh.Votes.from_matrix(np.array(rows), wh.LabelSchema([str(c) for c in range(counts.shape[1])]))


def from_confusion(table) -> wh.Votes:
    """Votes of two coders whose confusion table is this one."""
    pairs = [(i, j) for i, row in enumerate(table) for j, n in enumerate(row) for _ in range(n)]
    return wh.Votes.from_matrix(pairs, wh.LabelSchema([str(c) for c in range(len(table))]), sources=["a", "b"])


KRIPPENDORFF_4 = coders("123321412...", "1233224125.3", ".3332342251.", "12332441251.")
GWET_4 = coders("123321412...", "1233224125..", ".33323422513", "12332441251.")
"""Gwet's raw4raters: Krippendorff's table with its last rating moved to the third coder."""
FIFTEEN = coders(".....34121133.3", "1.213343.......", "..21344.21133.4")
FOURTEEN_CODERS = [
    [0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1],
    [7, 7, 0, 0, 0], [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7],
]  # fmt: skip


def test_krippendorff_2011_binary():
    assert wh.krippendorff_alpha(coders("0100000010", "1110010000", classes="01")).value == pytest.approx(
        0.095238, abs=5e-7
    )


def test_krippendorff_2011_nominal():
    votes = coders("aabbdcccedda", "babbbccceddd", classes="abcde")
    assert wh.krippendorff_alpha(votes).value == pytest.approx(0.691964, abs=5e-7)


@pytest.mark.parametrize(
    ("level", "value"), [("nominal", 0.743421), ("ordinal", 0.815388), ("interval", 0.849107), ("ratio", 0.797403)]
)
def test_krippendorff_2011_with_missing_values_at_every_level(level, value):
    assert wh.krippendorff_alpha(KRIPPENDORFF_4, level).value == pytest.approx(value, abs=5e-7)


@pytest.mark.parametrize(
    ("level", "value"), [("nominal", 0.691358), ("ordinal", 0.806721), ("interval", 0.810845), ("ratio", 0.808944)]
)
def test_fifteen_units_and_three_coders_at_every_level(level, value):
    assert wh.krippendorff_alpha(FIFTEEN, level).value == pytest.approx(value, abs=5e-7)


@pytest.mark.parametrize(
    ("weighting", "values"),
    [
        ("identity", [0.77544, 0.76117, 0.74342, 0.77273, 0.76282]),
        ("quadratic", [0.91400, 0.86494, 0.84911, 0.90152, 0.85771]),
        ("ordinal", [0.89894, 0.85021, 0.83364, 0.88636, 0.84366]),
        ("linear", [0.85874, 0.81794, 0.80038, 0.84848, 0.81378]),
    ],
)
def test_gwets_table_of_weighted_coefficients(weighting, values):
    distance = 1 - agreement_weights(weighting, GWET_4.schema.values)
    found = [
        wh.gwet_ac2(GWET_4, weighting=weighting),
        wh.fleiss_kappa(GWET_4, weighting=weighting),
        wh.krippendorff_alpha(GWET_4, distance=distance),
        wh.brennan_prediger(GWET_4, weighting=weighting),
        wh.conger_kappa(GWET_4, weighting=weighting),
    ]
    assert [estimate.value for estimate in found] == pytest.approx(values, abs=6e-6)


@pytest.mark.parametrize(
    ("weighting", "errors"),
    [
        ("identity", [0.14295, 0.15302, 0.14472, 0.14917]),
        ("quadratic", [0.10396, 0.14603, 0.11089, 0.14367]),
        ("ordinal", [0.10690, 0.14704, 0.11391, 0.14410]),
        ("linear", [0.11733, 0.14850, 0.12336, 0.14509]),
    ],
)
def test_gwets_table_of_linearised_standard_errors(weighting, errors):
    coefficients = [wh.gwet_ac2, wh.fleiss_kappa, wh.brennan_prediger, wh.conger_kappa]
    found = [make(GWET_4, weighting=weighting, interval="linearized") for make in coefficients]
    assert [estimate.se for estimate in found] == pytest.approx(errors, abs=6e-6)


def test_linearised_intervals_are_students_and_end_at_one():
    estimate = wh.fleiss_kappa(GWET_4, interval="linearized")
    assert (estimate.low, estimate.high) == (pytest.approx(0.424, abs=5e-4), 1)
    assert wh.gwet_ac1(GWET_4, interval="linearized").low == pytest.approx(0.461, abs=5e-4)


@pytest.mark.parametrize(
    ("level", "jackknife", "infinitesimal"),
    [
        ("nominal", 0.14633, 0.14194),
        ("ordinal", 0.14803, 0.14330),
        ("interval", 0.14084, 0.12590),
        ("ratio", 0.14327, 0.13697),
    ],
)
def test_standard_errors_of_alpha_at_every_level(level, jackknife, infinitesimal):
    """The ordinal distance depends on the marginals, and its error with it."""
    assert wh.krippendorff_alpha(GWET_4, level, interval="jackknife").se == pytest.approx(jackknife, abs=6e-6)
    assert wh.krippendorff_alpha(GWET_4, level, interval="linearized").se == pytest.approx(infinitesimal, abs=6e-6)


def test_gwet_fleiss_and_percent_with_missing_values():
    assert wh.gwet_ac1(KRIPPENDORFF_4).value == pytest.approx(0.77544, abs=5e-6)
    assert wh.fleiss_kappa(KRIPPENDORFF_4).value == pytest.approx(0.76117, abs=5e-6)
    assert wh.percent_agreement(KRIPPENDORFF_4).value == pytest.approx(0.81818, abs=5e-6)


def test_fleiss_1971_psychiatric_diagnoses():
    votes = wh.Votes.from_matrix(diagnoses - 1, wh.LabelSchema(list("12345")))
    assert wh.fleiss_kappa(votes).value == pytest.approx(0.43024, abs=5e-6)
    assert wh.gwet_ac1(votes).value == pytest.approx(0.44788, abs=5e-6)
    assert wh.krippendorff_alpha(votes).value == pytest.approx(0.43341, abs=5e-6)


def test_fleiss_1971_by_the_other_coefficients_and_their_linearised_errors():
    votes = wh.Votes.from_matrix(diagnoses - 1, wh.LabelSchema(list("12345")))
    expected = {
        wh.fleiss_kappa: (0.43024, 0.05420),
        wh.gwet_ac1: (0.44788, 0.05566),
        wh.brennan_prediger: (0.44444, 0.05512),
    }
    for make, (value, se) in expected.items():
        estimate = make(votes, interval="linearized")
        assert (estimate.value, estimate.se) == (pytest.approx(value, abs=6e-6), pytest.approx(se, abs=6e-6))
    fleiss = wh.fleiss_kappa(votes, interval="linearized")
    assert (fleiss.low, fleiss.high) == (pytest.approx(0.319, abs=5e-4), pytest.approx(0.541, abs=5e-4))
    conger = wh.conger_kappa(wh.Votes.from_matrix(_by_coder(), votes.schema), interval="linearized")
    assert conger.value == pytest.approx(0.44181, abs=6e-6)
    assert conger.se == pytest.approx(0.05079, abs=6e-6)


def _by_coder():
    """The same ratings, sorted within each patient, as Conger's and Gwet's examples have them."""
    return np.sort(diagnoses - 1, axis=1)


def test_fleiss_ten_units_and_fourteen_coders():
    for votes in (from_counts(FOURTEEN_CODERS), from_counts(table1)):
        assert wh.fleiss_kappa(votes).value == pytest.approx(0.20993, abs=5e-6)
        assert wh.gwet_ac1(votes).value == pytest.approx(0.22561, abs=5e-6)
        assert wh.krippendorff_alpha(votes).value == pytest.approx(0.21557, abs=5e-6)


def test_fleiss_ten_units_by_the_linearised_errors():
    votes = from_counts(FOURTEEN_CODERS)
    expected = {
        wh.fleiss_kappa: (0.20993, 0.09237),
        wh.gwet_ac1: (0.22561, 0.09332),
        wh.brennan_prediger: (0.22253, 0.09290),
    }
    for make, (value, se) in expected.items():
        estimate = make(votes, interval="linearized")
        assert (estimate.value, estimate.se) == (pytest.approx(value, abs=6e-6), pytest.approx(se, abs=6e-6))
    fleiss = wh.fleiss_kappa(votes, interval="linearized")
    assert (fleiss.low, fleiss.high) == (pytest.approx(0.001, abs=5e-4), pytest.approx(0.419, abs=5e-4))


@pytest.mark.parametrize(
    ("table", "kappa", "se"),
    [
        ([[13, 0, 0], [0, 20, 7], [0, 4, 56]], 0.79641, 0.05891),
        ([[20, 5], [10, 15]], 0.4, 0.12700),
        ([[45, 15], [25, 15]], 0.13043, None),
        ([[25, 35], [5, 35]], 0.25926, None),
        ([[88, 14, 18], [10, 40, 10], [2, 6, 12]], 0.49153, 0.05100),
    ],
)
def test_cohen_of_published_confusion_tables(table, kappa, se):
    votes = from_confusion(table)
    assert wh.cohen_kappa(votes, "a", "b").value == pytest.approx(kappa, abs=5e-6)
    pair = wh.pairwise_cohen_kappa(votes).iloc[0]
    assert pair["kappa"] == pytest.approx(kappa, abs=5e-6)
    if se is not None:
        assert pair["se"] == pytest.approx(se, abs=5e-6)
        theirs = inter_rater.cohens_kappa(np.array(table))
        assert (pair["low"], pair["high"]) == pytest.approx((theirs.kappa_low, theirs.kappa_upp))


def test_weighted_cohen_and_scott_of_a_published_table():
    votes = from_confusion([[13, 0, 0], [0, 20, 7], [0, 4, 56]])
    expected = {"identity": (0.79641, 0.05891), "quadratic": (0.89216, 0.03535), "linear": (0.84290, 0.04787)}
    for weighting, (value, se) in expected.items():
        estimate = wh.cohen_kappa(votes, "a", "b", weighting=weighting, interval="linearized")
        assert estimate.value == pytest.approx(value, abs=6e-6)
        assert estimate.se == pytest.approx(se, rel=0.01)  # published with n, ours with n - 1
    assert wh.scott_pi(votes, "a", "b").value == pytest.approx(0.79624, abs=6e-6)
    ac1 = wh.gwet_ac1(votes, interval="linearized")
    assert (ac1.value, ac1.se) == (pytest.approx(0.84933, abs=6e-6), pytest.approx(0.04322, rel=0.01))


def test_cohen_1968_weighted_by_disagreement():
    votes = from_confusion([[88, 14, 18], [10, 40, 10], [2, 6, 12]])
    weighting = 1 - np.array([[0, 1, 3], [1, 0, 6], [3, 6, 0]]) / 6
    estimate = wh.cohen_kappa(votes, "a", "b", weighting=weighting, interval="linearized")
    assert estimate.value == pytest.approx(0.34783, abs=6e-6)
    assert estimate.se == pytest.approx(0.07550, rel=0.01)  # published with n, ours with n - 1


def test_the_sample_size_of_bloch_and_kraemer_as_krippendorff_tabulates_it():
    assert wh.units_for_precision(0.8, 0.25) == 139
    assert wh.units_for_precision(0.667, 0.25) == 81


def test_the_bootstrap_agrees_with_the_published_standard_error_of_fleiss():
    """Linearised: .05420 on 30 units; a bootstrap of 1,000 resamples comes within a tenth."""
    votes = wh.Votes.from_matrix(diagnoses - 1, wh.LabelSchema(list("12345")))
    assert wh.fleiss_kappa(votes).se == pytest.approx(0.0542, rel=0.1)


@pytest.mark.parametrize("name", ["krippendorff-alpha", "fleiss-kappa", "conger-kappa"])
def test_one_class_used_everywhere_is_undefined_with_a_reason(name):
    estimate = COEFFICIENTS[name](coders("1111", "1111"))
    assert estimate.value is None
    assert "only one class was used" in estimate.reason


@pytest.mark.parametrize(
    ("rows", "kind"),
    [
        (("12..", "..12"), "no-pairs"),
        (("1111", "1111"), "one-class"),
        (("1212", "1212"), "little-variation"),
        (("1", "2"), "too-few"),
        (("12312" * 8, "12322" * 8), None),
    ],
)
def test_why_a_figure_or_its_interval_is_undefined_is_told_to_programs_too(rows, kind):
    assert wh.krippendorff_alpha(coders(*rows)).kind == kind


def test_a_missing_value_is_not_a_category():
    with_gaps, without = coders("12121.", "12122.", "......"), coders("12121", "12122")
    for coefficient in COEFFICIENTS.values():
        assert coefficient(with_gaps).value == pytest.approx(coefficient(without).value)


def test_the_interval_shrinks_as_units_grow():
    """Krippendorff's own bootstrap draws pairs, and its interval stops shrinking; ours draws units."""
    few = coders("12312312" * 10, "12312321" * 10)
    many = coders("12312312" * 160, "12312321" * 160)
    widths = [estimate.high - estimate.low for estimate in map(wh.krippendorff_alpha, (few, many))]
    assert widths[1] == pytest.approx(widths[0] / 4, rel=0.2)


def test_an_interval_of_zero_width_is_withheld():
    estimate = wh.krippendorff_alpha(coders("1212", "1212"))
    assert estimate.value == 1
    assert estimate.low is None
    assert "too little variation" in estimate.reason


def test_under_prevalence_alpha_and_ac1_tell_different_stories():
    votes = from_confusion([[99, 1], [0, 0]])
    assert wh.percent_agreement(votes).value == 0.99
    assert abs(wh.krippendorff_alpha(votes).value) < 1e-9
    assert wh.gwet_ac1(votes).value == pytest.approx(0.99, abs=0.001)


def test_singletons_are_dropped_by_alpha_and_used_by_fleiss_and_ac1_in_the_marginals():
    with_singles, without = coders("1212" + "1111", "1221" + "...."), coders("1212", "1221")
    assert wh.krippendorff_alpha(with_singles).value == wh.krippendorff_alpha(without).value
    assert wh.fleiss_kappa(with_singles).value != wh.fleiss_kappa(without).value
    assert wh.gwet_ac1(with_singles).value != wh.gwet_ac1(without).value
    assert (wh.krippendorff_alpha(with_singles).n_units, wh.krippendorff_alpha(with_singles).n_pairable) == (8, 4)


def test_coders_with_no_unit_in_common_are_undefined():
    votes = coders("12..", "..12")
    for coefficient in COEFFICIENTS.values():
        assert coefficient(votes).value is None
        assert coefficient(votes).reason == "no item has ratings by two sources"
    assert wh.cohen_kappa(votes, "source_0", "source_1").value is None
    assert wh.pairwise_cohen_kappa(votes).empty


def test_the_order_of_the_classes_matters_at_ordinal_level():
    low_mid_high = coders("lmhlmhl", "lmhhmhl", classes="lmh", level="ordinal")
    alphabetical = coders("lmhlmhl", "lmhhmhl", classes="hlm", level="ordinal")
    assert wh.krippendorff_alpha(low_mid_high).value != wh.krippendorff_alpha(alphabetical).value


def test_negative_values_are_legitimate():
    assert wh.krippendorff_alpha(coders("1212", "2121")).value < -0.5
    assert wh.cohen_kappa(coders("1212", "2121"), "source_0", "source_1").value == -1


def test_the_level_defaults_to_the_schema_and_others_are_refused():
    votes = coders("1231", "1241", level="ordinal")
    assert wh.krippendorff_alpha(votes).value == wh.krippendorff_alpha(votes, "ordinal").value
    with pytest.raises(wh.WeakHITLError, match=", ".join(LEVELS)):
        wh.krippendorff_alpha(votes, "cardinal")


def test_by_class_is_alpha_of_the_class_against_the_rest():
    classes = by_class(KRIPPENDORFF_4)
    binary = coders("1ooo", "1o1o", classes="o1")
    assert list(classes) == list("12345")
    assert wh.krippendorff_alpha(binary).value == by_class(binary)["1"].value == by_class(binary)["o"].value
