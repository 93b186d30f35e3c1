"""Patterns of people who answer without looking: always one class, too fast, in a fixed rotation.

Each is a hypothesis about one person, tested against what the same items gave from others, and is reported only where
it is both significant and large. All tests of all people are one family under Holm's correction: whoever is named here
is accused, so the chance that anybody at all is accused wrongly is what has to be small, not the share of the wrongly
accused among the accused (which Benjamini and Hochberg's procedure bounds).
"""

from dataclasses import asdict, dataclass, replace
from math import ceil
from typing import Any
from zlib import crc32

import numpy as np
from scipy.special import betainc
from scipy.stats import binom

from weakhitl.annotation.people_ratings import Answers, medians_of_others
from weakhitl.annotation.quality import leading_class
from weakhitl.annotation.rotation import PERIODS, beyond_chance, rotation, shuffled_p
from weakhitl.estimate import exact_bounds
from weakhitl.holm import holm
from weakhitl.schema import ABSTAIN
from weakhitl.votes import FloatArray, IntArray
from weakhitl.wording import number_of

ONE_CLASS, TOO_FAST, PERIODIC = "always one class", "too fast", "periodic"
PATTERNS = (ONE_CLASS, TOO_FAST, PERIODIC)

_ALWAYS = 0.8
"""Share of somebody's answers that the commonest class needs to be called always."""
_PACE = 0.25
"""A rating is far below the others' pace under this part of their median on the item."""
_WORSE = 2 / 3
"""Somebody quick is accused only with less, by a standard error, than this part of others' agreement beyond chance."""
_WORTH_A_LOOK = 0.2
"""A p-value above it will not be significant, so that what else it would need is not computed."""
_REPEATED = 0.5
"""Of what chance leaves open, the share of answers that a rotation has to explain."""


@dataclass(frozen=True)
class Pattern:
    """One pattern that was looked for in one person's answers.

    Attributes
    ----------
    name
        ``always one class``, ``too fast`` or ``periodic``.
    evidence
        What was seen, in words; or why the pattern could not be looked for.
    p
        p-value; None where it could not be looked for. ``find_patterns`` corrects it for all people and patterns.
    n
        How many answers the test rests on.

    """

    name: str
    evidence: str
    p: float | None = None
    n: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Give all fields, ready for JSON."""
        return asdict(self)


def find_patterns(
    answers: Answers,
    *,
    min_evidence: int,
    level: float,
    floor_seconds: float,
    seed: int,
) -> list[tuple[Pattern, ...]]:
    """Look for every pattern in every person's answers.

    Parameters
    ----------
    answers
        The answers of all people.
    min_evidence
        Answers that a test needs.
    level
        Chance that anybody at all is accused who does not deserve it.
    floor_seconds
        A rating under it is too quick to have been read.
    seed
        Of the shuffles.

    Returns
    -------
    list
        ``patterns[person]``: one ``Pattern`` for each name, p-values corrected by Holm's procedure for all tests.

    """
    people = answers.rows_of_people()
    shuffles = ceil(2 * len(PATTERNS) * max(1, sum(len(rows) >= min_evidence for rows in people)) / level)
    pace = medians_of_others(answers)
    found = [
        (
            _one_class(answers, rows, min_evidence),
            _too_fast(answers, rows, pace, min_evidence, floor_seconds),
            _periodic(answers, rows, min_evidence, shuffles, _generator(answers.people[who], seed)),
        )
        for who, rows in enumerate(people)
    ]
    flat = [pattern for patterns in found for pattern in patterns]
    corrected = iter(holm([pattern.p for pattern in flat if pattern.p is not None]).tolist())
    flat = [pattern if pattern.p is None else replace(pattern, p=next(corrected)) for pattern in flat]
    return [tuple(flat[at : at + len(PATTERNS)]) for at in range(0, len(flat), len(PATTERNS))]


def _generator(name: str, seed: int) -> np.random.Generator:
    """Make a stream of one's own, so that nobody's shuffles depend on who else is there."""
    return np.random.default_rng([seed, crc32(name.encode())])


def _too_few(name: str, n: int, what: str, needed: int) -> Pattern:
    return Pattern(name, f"{n} {what}; {needed} are needed", n=n)


def _told(answers: Answers, rows: IntArray) -> IntArray:
    """``class[row]`` from elsewhere: gold, else what at least two others lead with; ABSTAIN where neither tells."""
    led = np.where(answers.support[rows] >= 2, answers.leader[rows], ABSTAIN)
    return np.where(answers.gold[rows] != ABSTAIN, answers.gold[rows], led)


def _one_class(answers: Answers, rows: IntArray, needed: int) -> Pattern:
    """Test how often they say their commonest class where gold, or others, say another.

    Each of the others is compared with them on the same items against the same reference: gold, or the leading class of
    the rest. The hypothesis to be refuted is indulgent: that they say the class there at most half way between how
    often the others do, and always. Items that are all of one class tell nothing, and nobody is accused for them.
    """
    if len(rows) < needed:
        return _too_few(ONE_CLASS, len(rows), "ratings", needed)
    label = answers.label[rows]
    times = np.bincount(label, minlength=len(answers.schema))
    common = int(times.argmax())
    name, share = answers.schema.classes[common], times[common] / len(rows)
    weight, by_others = _elsewhere(answers.others(rows), answers.gold[rows], common)
    total = float(weight.sum())
    if not total:
        return Pattern(
            ONE_CLASS, f"neither gold nor others tell that any of their items is not {name}, with others to compare"
        )
    n, said = total**2 / float((weight**2).sum()), float(weight @ (label == common)) / total
    usual = _upper_bound(by_others / total, n)
    p = min(1.0, len(times) * float(betainc(said * n, n - said * n + 1, (1 + usual) / 2))) if share >= _ALWAYS else 1.0
    evidence = (
        f"{name} in {share:.0%} of {len(rows)} ratings, and in {said:.0%} of those where gold or others tell another "
        f"class (about {n:.0f}), where others say it in {usual:.0%} at most"
    )
    return Pattern(ONE_CLASS, evidence, p, len(rows))


def _elsewhere(others: IntArray, gold: IntArray, common: int) -> tuple[FloatArray, float]:
    """``weight[row]``: the share of the others for whom gold, or the rest of them, tell another class than ``common``.

    And the sum over the rows of the share of others who say ``common`` all the same. ``others[row, class]``: counts.
    """
    present = np.maximum(others.sum(axis=1), 1)
    weight, by_others = np.zeros(len(others)), 0.0
    for one in range(others.shape[1]):
        rest = others.copy()
        rest[:, one] -= 1
        told = np.where(gold != ABSTAIN, gold, leading_class(rest)[0])
        share = others[:, one] * ((told != ABSTAIN) & (told != common)) / present
        weight += share
        by_others += float(share.sum()) if one == common else 0.0
    return weight, by_others


def _upper_bound(share: float, n: float) -> float:
    """Clopper and Pearson's upper 75 % bound of a share of ``n``, which need not be whole."""
    return float(exact_bounds(share * n, n, 0.5)[1]) if share < 1 - 1e-9 else 1.0


def _too_fast(answers: Answers, rows: IntArray, pace: FloatArray, needed: int, floor: float) -> Pattern:
    """Sign tests that most ratings took less than the floor, and that most took far less than the others' time.

    Both have to hold, so the greater p-value is the test's (an intersection-union test; Berger, 1982). Somebody quick
    whose answers are about as good as everybody else's, or may be, by a standard error, is not accused.
    """
    if answers.seconds is None:
        return Pattern(TOO_FAST, "the ratings have no column 'seconds'")
    timed = rows[~np.isnan(answers.seconds[rows]) & ~np.isnan(pace[rows])]
    n = len(timed)
    if n < needed:
        return _too_few(TOO_FAST, n, "ratings with a known time on items that others took a known time for", needed)
    seconds = answers.seconds[timed]
    under, ahead = int((seconds < floor).sum()), int((seconds < _PACE * pace[timed]).sum())
    evidence = (
        f"{under} of {n} ratings took under {floor:g} s, {ahead} under {_PACE:.0%} of the others' median on the item"
    )
    p = float(binom.sf(min(under, ahead) - 1, n, 0.5))
    if p < _WORTH_A_LOOK:
        others = np.flatnonzero((answers.person != answers.person[rows[0]]) & (answers.label != ABSTAIN))
        (own, error), (usual, _) = _agreement(answers, rows), _agreement(answers, others)
        evidence += f"; {own:.2f} of agreement beyond chance, {usual:.2f} of everybody else"
        p = p if own + error <= _WORSE * usual else 1.0
    return Pattern(TOO_FAST, evidence, p, n)


def _agreement(answers: Answers, rows: IntArray) -> tuple[float, float]:
    """Agreement with gold, or the others' leading class, beyond what the class shares give; and its standard error."""
    told = np.where(answers.gold[rows] != ABSTAIN, answers.gold[rows], answers.leader[rows])
    rows, told = rows[told != ABSTAIN], told[told != ABSTAIN]
    if not len(rows):
        return 0.0, 0.0
    label = answers.label[rows]
    same = label == told
    spread = float(same.std())
    low, high = (beyond_chance(share, label, told) for share in (float(same.mean()), float(same.mean()) + spread))
    return low, (high - low) / len(rows) ** 0.5


def _periodic(answers: Answers, rows: IntArray, needed: int, shuffles: int, rng: np.random.Generator) -> Pattern:
    """Test whether answers repeat themselves at one distance more than at shorter ones, whatever the items.

    The answers are shuffled only among items that gold or two others put in the same class: what the order of the
    items brings about, such as a file sorted by class, stays and proves nothing. A rotation has to explain half of what
    chance leaves open, and at least twice what the items' classes do.
    """
    needed = max(needed, 3 * PERIODS[0])
    rows, reason = _in_order(answers, rows, needed)
    if reason:
        return Pattern(PERIODIC, reason, n=len(rows))
    label, told = answers.label[rows], _told(answers, rows)
    known = told != ABSTAIN
    if known.sum() < needed:
        what = "ratings in order of time on items whose class gold or two others tell"
        return _too_few(PERIODIC, int(known.sum()), what, needed)
    contrasts, matches = rotation(label[None, :])
    at = int(contrasts[0].argmax())
    repeated = beyond_chance(float(matches[0, at]), label, label)
    explained = beyond_chance(float((label[known] == told[known]).mean()), label[known], told[known])
    p, p_word = 1.0, "not shuffled"
    if repeated >= _REPEATED and explained <= repeated / 2:
        p, usual = shuffled_p(label, np.where(known, told, len(answers.schema) + np.arange(len(rows))), shuffles, rng)
        p_word = f"{usual:.0%} when shuffled among items of the same class"
    evidence = f"{matches[0, at]:.0%} of {len(rows)} ratings repeat the one {PERIODS[at]} before ({p_word})"
    return Pattern(PERIODIC, evidence, p, len(rows))


def _in_order(answers: Answers, rows: IntArray, needed: int) -> tuple[IntArray, str]:
    """Sort rows by time; with a reason where their order is not known."""
    moment = answers.moment[rows]
    rows = rows[~np.isnan(moment)]
    moment = answers.moment[rows]
    if len(rows) < needed:
        return rows, f"{number_of(len(rows), 'rating')} with a time; {needed} are needed"
    if len(np.unique(moment)) < len(rows) / 2:
        return rows, "most ratings share their time with others, as imported ones do: their order is not known"
    return rows[np.argsort(moment, kind="stable")], ""
