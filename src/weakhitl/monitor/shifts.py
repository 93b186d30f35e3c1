"""Two batches of items, compared in one respect: how far apart they are, and whether chance would do that."""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.spatial.distance import jensenshannon
from scipy.stats import hypergeom, ks_2samp, mannwhitneyu

from weakhitl.votes import FloatArray, IntArray
from weakhitl.words import words_of

if TYPE_CHECKING:
    import pandas as pd

Pair = tuple[IntArray, IntArray]

DRAWS = 9999
"""Permutations: no p of theirs is smaller than one in ten thousand, and some hundred comparisons need smaller ones."""

_KINDS = 50
"""Values of a column that are told apart; the others are one."""
_BINS = 10
_TEXTS = 20_000
"""Texts of each side that are read; the rest adds nothing to what is found."""
_LISTED = 5


@dataclass(frozen=True)
class Shift:
    """What differs between two batches in one respect.

    Attributes
    ----------
    kind, name
        What was looked at: ``column``, ``missing``, ``length``, ``words``, ``function``, ``conflict``, ``classes``,
        ``annotator``, ``pace``, ``agreement`` or ``accuracy``; and which one.
    effect
        How far apart, from 0 to 1: the total variation distance of shares, the largest difference of two distribution
        functions, or for words 2 AUC - 1 of a classifier that tells the batches apart; for agreement and accuracy the
        absolute difference.
    chance
        What chance alone exceeds in one of twenty comparisons.
    p
        The probability of so large a difference by chance.
    n_before, n_after
        Units on either side.
    test
        How p was computed.
    psi, js
        Population stability index and Jensen-Shannon distance (base 2), of shares and of tenths of a number; None
        where they have no meaning.
    what
        What changed most, in words.
    slice
        ``COLUMN = value`` where only these items were compared; empty for all.
    adjusted
        p after Holm's correction for all comparisons of a run; None before.
    alarm
        Whether the corrected p is small, and the effect large enough to matter.

    """

    kind: str
    name: str
    effect: float
    chance: float
    p: float
    n_before: int
    n_after: int
    test: str
    psi: float | None = None
    js: float | None = None
    what: str = ""
    slice: str = ""
    adjusted: float | None = None
    alarm: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Give all fields, ready for JSON."""
        return asdict(self)

    @property
    def p_text(self) -> str:
        """P, corrected where it is, as far as four digits tell it."""
        p = self.p if self.adjusted is None else self.adjusted
        return "p < 0.0001" if p < 1e-4 else f"p {p:.4f}"


def share_shift(kind: str, name: str, counts: Pair, values: list[str], rng: np.random.Generator) -> Shift:
    """Compare shares: ``counts`` are of each value's units, before and after.

    Exact by permutation of the units (the chi-squared statistic, Monte Carlo). Where no permutation is as far apart, p
    is that of the value that is least likely by itself, if that is smaller: as chance alone gets there only once in ten
    thousand times, the smaller of both is a p, too.
    """
    before, after = counts
    observed = _chi_squared(before[None], before, after)[0]
    drawn = rng.multivariate_hypergeometric(before + after, int(before.sum()), DRAWS)
    statistics = _chi_squared(drawn, before, after)
    reached = int((statistics >= observed * (1 - 1e-9)).sum())
    p, test = (1 + reached) / (1 + DRAWS), f"chi-squared, {DRAWS:,} permutations"
    if not reached and (single := _least_likely(before, after)) < p:
        p, test = single, "Fisher's exact test of the least likely value, Bonferroni"
    a, b = before / before.sum(), after / after.sum()
    apart = b - a
    others = drawn / before.sum() - (before + after - drawn) / after.sum()
    order = np.argsort(-np.abs(apart), kind="stable")[:_LISTED]
    what = ", ".join(f"{values[at]} {a[at]:.1%} -> {b[at]:.1%}" for at in order if abs(apart[at]) > 0.0005)
    return Shift(
        kind,
        name,
        float(np.abs(apart).sum() / 2),
        float(np.quantile(np.abs(others).sum(axis=1) / 2, 0.95)),
        p,
        int(before.sum()),
        int(after.sum()),
        test,
        psi=_psi(before, after),
        js=float(jensenshannon(a, b, base=2)),
        what=what,
    )


def number_shift(kind: str, name: str, before: FloatArray, after: FloatArray) -> Shift:
    """Compare a number: the two-sample test of Kolmogorov and Smirnov."""
    found = ks_2samp(before, after, method="asymp" if max(len(before), len(after)) > 1000 else "auto")
    tenth = np.linspace(0, 1, _BINS + 1)[1:-1]
    edges = np.unique(np.quantile(before, tenth, method="inverted_cdf"))  # between two infinities lies no number
    tenths = [
        np.bincount(np.searchsorted(edges, side, side="right"), minlength=len(edges) + 1) for side in (before, after)
    ]
    a, b = (side / side.sum() for side in tenths)
    middle = np.median(before), np.median(after)
    return Shift(
        kind,
        name,
        float(found.statistic),
        1.358 * float(np.sqrt(1 / len(before) + 1 / len(after))),
        float(found.pvalue),
        len(before),
        len(after),
        "Kolmogorov-Smirnov",
        psi=_psi(*tenths),
        js=float(jensenshannon(a, b, base=2)),
        what=f"median {middle[0]:.4g} -> {middle[1]:.4g}",
    )


def difference_shift(
    kind: str, name: str, values: tuple[float, float], z: float, p: float, sizes: tuple[int, int], test: str
) -> Shift:
    """Compare two figures whose difference has a normal test: ``z`` standard errors."""
    apart = abs(values[1] - values[0])
    chance = 1.96 * apart / abs(z) if z else 1.0
    what = f"{values[0]:.3f} -> {values[1]:.3f}"
    return Shift(kind, name, apart, min(chance, 1.0), p, *sizes, test, what=what)


def words_shift(name: str, before: list[str], after: list[str], rng: np.random.Generator) -> Shift | None:
    """Compare texts: whether a classifier learns, on half of them, to tell the two sides apart in the other half.

    None where no word occurs twice.

    References
    ----------
    D. Lopez-Paz, M. Oquab (2017), Revisiting classifier two-sample tests.

    """
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    sides = [_sampled(texts, rng) for texts in (before, after)]
    texts, side = [text.lower() for text in (*sides[0], *sides[1])], np.repeat([0, 1], [len(sides[0]), len(sides[1])])
    learn = np.zeros(len(side), dtype=bool)
    for one in (0, 1):
        here = np.flatnonzero(side == one)
        learn[rng.choice(here, len(here) // 2, replace=False)] = True
    vectorizer = TfidfVectorizer(min_df=2, sublinear_tf=True, analyzer=words_of, lowercase=False)
    try:
        train = vectorizer.fit_transform([text for text, mine in zip(texts, learn, strict=True) if mine])
    except ValueError:  # an empty vocabulary
        return None
    model = LogisticRegression(class_weight="balanced", max_iter=1000).fit(train, side[learn])
    scores = model.decision_function(
        vectorizer.transform([text for text, mine in zip(texts, learn, strict=True) if not mine])
    )
    told = side[~learn]
    found = mannwhitneyu(scores[told == 1], scores[told == 0], alternative="greater", method="asymptotic")
    n, m = int((told == 0).sum()), int((told == 1).sum())
    effect = max(0.0, 2 * float(found.statistic) / (n * m) - 1)
    words = vectorizer.get_feature_names_out()
    order = np.argsort(-model.coef_[0])
    what = f"more of {', '.join(words[order[:_LISTED]])}; less of {', '.join(words[order[::-1][:_LISTED]])}"
    chance = 2 * 1.645 * float(np.sqrt((n + m + 1) / (12 * n * m)))
    test = "classifier two-sample test"
    return Shift("words", name, effect, chance, float(found.pvalue), len(before), len(after), test, what=what)


def cells(column: "pd.Series[Any]") -> "pd.Series[str]":
    """Give a column as text, what is missing as empty."""
    return column.astype(object).where(column.notna(), "").astype(str).str.strip()


def counted_values(before: "pd.Series[str]", after: "pd.Series[str]") -> tuple[Pair, list[str]]:
    """Count the values of two columns; the rare ones of a column with many are counted as one."""
    counts = [column.value_counts() for column in (before, after)]
    together = counts[0].add(counts[1], fill_value=0).sort_values(ascending=False, kind="stable")
    values = [str(value) for value in together.index[: _KINDS - 1 if len(together) > _KINDS else _KINDS]]
    table = [count.reindex(values, fill_value=0).to_numpy(dtype=np.int64) for count in counts]
    if len(together) > _KINDS:
        table = [np.append(known, int(count.sum()) - known.sum()) for known, count in zip(table, counts, strict=True)]
        values.append("(rare values)")
    return (table[0], table[1]), [value or "(missing)" for value in values]


def _sampled(texts: list[str], rng: np.random.Generator) -> list[str]:
    if len(texts) <= _TEXTS:
        return texts
    return [texts[at] for at in rng.choice(len(texts), _TEXTS, replace=False)]


def _chi_squared(first: IntArray, before: IntArray, after: IntArray) -> FloatArray:
    """``statistic[draw]`` of tables whose first rows are ``first[draw, value]`` and whose margins are given."""
    both = before + after
    used = both > 0
    expected = both[used] * (before.sum() / both.sum())
    apart = first[:, used] - expected
    return np.asarray((apart**2 / expected + apart**2 / (both[used] - expected)).sum(axis=1))


def _least_likely(before: IntArray, after: IntArray) -> float:
    """Give the p of the value whose share is least likely to be so far apart, twice the tail, for all values."""
    both, n, m = before + after, int(before.sum()), int(after.sum())
    some = both > 0
    tails = [hypergeom.sf(side[some] - 1, n + m, both[some], size) for side, size in ((before, n), (after, m))]
    values = max(1, int(some.sum()) - (some.sum() == 2))  # two shares are one
    return float(min(1.0, 2 * values * np.min(tails)))


def _psi(before: IntArray, after: IntArray) -> float:
    """Give the population stability index; half a unit is added to each count, so that it stays finite."""
    a, b = (before + 0.5) / (before + 0.5).sum(), (after + 0.5) / (after + 0.5).sum()
    return float(((b - a) * np.log(b / a)).sum())
