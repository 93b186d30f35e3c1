"""What is wrong with votes before anyone believes a label: each fault by name, with its likely remedy."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from weakhitl.estimate import exact_bounds
from weakhitl.gold import Gold
from weakhitl.label_model.information import learnable
from weakhitl.label_model.ledger import VotesLike, as_gold, as_votes, in_models_terms
from weakhitl.label_model.model import LabelModelBase
from weakhitl.label_model.rows import Rows, vote_rows
from weakhitl.label_model.twins import twin_groups
from weakhitl.schema import ABSTAIN
from weakhitl.votes import FloatArray, IntArray, Votes
from weakhitl.wording import number_of

_LEAST_VOTES = 20
_ALWAYS = 0.99
_OUTVOTED = 0.9
_SHOWN = 5


@dataclass(frozen=True)
class Finding:
    """One thing that the doctor found.

    Attributes
    ----------
    code
        Its name, such as ``near-duplicates``.
    level
        ``warning``: labels suffer; ``note``: worth knowing.
    message
        What was found.
    remedy
        What to do.
    names
        The sources, classes or items that it is about.

    """

    code: str
    level: Literal["warning", "note"]
    message: str
    remedy: str
    names: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Give all fields, ready for JSON."""
        return {**asdict(self), "names": list(self.names)}


def diagnose(votes: VotesLike, model: LabelModelBase | None = None, gold: Gold | None = None) -> list[Finding]:
    """Look for what makes labels wrong: in the votes, in a fitted model, and against gold where there is some.

    Warnings come first.

    Examples
    --------
    >>> for finding in diagnose([[0, -1], [0, 1], [0, -1]] * 20):
    ...     print(finding.code, *finding.names)
    few-sources
    always-fires source_0
    outvoted source_0 source_1
    one-class-only

    """
    given = as_votes(votes) if model is None else in_models_terms(votes, model)
    rows = vote_rows(given)
    found = [
        *_few_sources(given, rows),
        *_silent(given, rows),
        *_always_fires(given, rows),
        *_outvoted(given, rows),
        *_twins(given, rows),
        *_disconnected(given, rows),
        *_classes(given, rows),
    ]
    truth = as_gold(gold, given)
    if truth is not None:
        found += _below_chance(given, truth)
    if model is not None:
        found += _fit(given, model)
    return sorted(found, key=lambda finding: finding.level, reverse=True)


def overturned(model: LabelModelBase, votes: VotesLike) -> IntArray:
    """Positions of the items whose votes are all for one class and whose label is another, or none."""
    patterns = in_models_terms(votes, model).patterns()
    counts = patterns.votes.class_counts()
    agreed = (counts > 0).sum(axis=1) == 1
    return np.flatnonzero((agreed & (model.predict(patterns.votes) != counts.argmax(axis=1)))[patterns.inverse])


def _few_sources(votes: Votes, rows: Rows) -> Iterator[Finding]:
    voting = int((rows.votes_by_class().sum(axis=1) > 0).sum())
    if voting < 3:
        yield Finding(
            "few-sources",
            "warning",
            f"{voting} of {number_of(len(votes.sources), 'source votes', 'sources vote')}; "
            "who errs shows only from three on",
            "add sources, or label some items by hand and give them as gold",
        )


def _silent(votes: Votes, rows: Rows) -> Iterator[Finding]:
    silent = rows.votes_by_class().sum(axis=1) == 0
    if silent.any():
        names = _names(votes, silent)
        yield Finding(
            "silent",
            "note",
            f"{number_of(len(names), 'source never votes', 'sources never vote')}: {_list(names)}",
            "repair or drop what never votes",
            names,
        )


def _always_fires(votes: Votes, rows: Rows) -> Iterator[Finding]:
    by_class = rows.votes_by_class()
    one = (by_class > 0).sum(axis=1) == 1
    always = one & (by_class.sum(axis=1) >= _ALWAYS * rows.counts.sum())
    if always.any():
        names = _names(votes, always)
        yield Finding(
            "always-fires",
            "warning",
            f"votes the same class on (nearly) every item: {_list(names)}",
            "such a vote tells nothing; narrow the function or let it abstain",
            names,
        )


def _outvoted(votes: Votes, rows: Rows) -> Iterator[Finding]:
    """Find sources that lose nearly every meeting with others: flipped, or the only ones that are right."""
    counts = rows.class_counts()
    total = counts.sum(axis=1, keepdims=True)
    against = _meetings(rows, total - counts)
    met = _meetings(rows, np.repeat(total - 1, rows.k, axis=1))
    lost = (met >= _LEAST_VOTES) & (against >= _OUTVOTED * met)
    if lost.any():
        names = _names(votes, lost)
        yield Finding(
            "outvoted",
            "warning",
            f"contradicted by at least {_OUTVOTED:.0%} of the votes that meet theirs: {_list(names)}",
            "look at their conflicts: a flipped class, a wrong rule, or the only source that is right",
            names,
        )


def _meetings(rows: Rows, values: FloatArray) -> FloatArray:
    """``sum[source]`` over its votes of ``values[row, voted]``."""
    weighted = rows.cells.sums(values * rows.counts[:, None]).reshape(rows.m, rows.k, rows.k)
    return np.asarray(np.trace(weighted, axis1=1, axis2=2))


def _twins(votes: Votes, rows: Rows) -> Iterator[Finding]:
    groups = twin_groups(rows)
    for group in np.flatnonzero(np.bincount(groups) > 1):
        names = _names(votes, groups == group)
        yield Finding(
            "near-duplicates",
            "warning",
            f"vote almost always together: {_list(names)}",
            "keep one; LabelModel shares their evidence, other models count it several times",
            names,
        )


def _disconnected(votes: Votes, rows: Rows) -> Iterator[Finding]:
    """Find groups of sources that never vote on a common item."""
    cast = rows.votes_by_class().sum(axis=1) > 0
    sources = sparse.csr_array(np.kron(np.eye(rows.m), np.ones((rows.k, 1))))
    shared = sources.T @ rows.cells.pairs(rows.counts) @ sources
    _, part = connected_components(shared, directed=False)
    if len(np.unique(part[cast])) < 2:
        return
    main = np.bincount(part[cast]).argmax()
    names = _names(votes, cast & (part != main))
    yield Finding(
        "disconnected",
        "warning",
        f"never vote on an item together with the main group of sources: {_list(names)}",
        "nothing can be compared across; overlap their items, or give gold",
        names,
    )


def _classes(votes: Votes, rows: Rows) -> Iterator[Finding]:
    by_class = rows.votes_by_class()
    empty = by_class.sum(axis=0) == 0
    if empty.any():
        names = tuple(np.array(votes.schema.classes, dtype=object)[empty])
        yield Finding(
            "empty-class",
            "warning",
            f"no source ever votes {_list(names)}",
            "write a function for it, or drop the class",
            names,
        )
    cast = by_class.sum(axis=1) > 0
    if cast.any() and not learnable(by_class)[cast].any():
        yield Finding(
            "one-class-only",
            "note",
            "every source votes one class or abstains, so votes identify neither error rates nor class balance",
            "a few dozen gold labels teach the weights; a known class balance can be given",
        )


def _below_chance(votes: Votes, truth: IntArray) -> Iterator[Finding]:
    row, source, label = votes.entries()
    judged = truth[row] != ABSTAIN
    m = len(votes.sources)
    total = np.bincount(source[judged], minlength=m)
    right = np.bincount(source[judged & (truth[row] == label)], minlength=m)
    _, upper = exact_bounds(right, total, 0.9)
    worse = (total > 0) & (upper < 1 / len(votes.schema))
    if worse.any():
        names = _names(votes, worse)
        yield Finding(
            "below-chance",
            "warning",
            f"right less often than chance on the gold items (95 % bound): {_list(names)}",
            "its classes are probably flipped; repair or drop it",
            names,
        )


def _fit(votes: Votes, model: LabelModelBase) -> Iterator[Finding]:
    if getattr(model, "gold_is_selected_", False):
        yield Finding(
            "selected-gold",
            "warning",
            "the gold items are surely no random sample, so their lesson is not carried over to the rest",
            "label items drawn by lot, as `weakhitl route` draws its audit; not those that functions disagree on",
        )
    if not getattr(model, "converged_", True):
        yield Finding(
            "no-convergence",
            "warning",
            f"EM did not converge in {model.n_iter_} steps",
            "raise max_iter; if that does not help, the sources contradict each other",
        )
    yield from _temperature(model)
    if len(against := overturned(model, votes)):
        names = tuple(str(votes.items[at]) for at in against)
        yield Finding(
            "overturned",
            "warning",
            f"{number_of(len(names), 'item')} whose votes are all for one class "
            f"{'gets' if len(names) == 1 else 'get'} another, or none: {_list(names)}",
            "this follows from gold, the class balance or a source taken for flipped; look at some of them",
            names,
        )
    if hasattr(model, "balance_reason_"):
        remedy = "give it if you know it" if model.balance is None else "leave it out if you do not know it"
        yield Finding("class-balance", "note", f"class balance {model.balance_reason_}", remedy)
    if hasattr(model, "learned_") and not model.learned_.all() and model.lesson_ is None:
        rest = int((~model.learned_).sum())
        yield Finding(
            "not-learned",
            "note",
            f"the error rates of {rest} of {len(votes.sources)} sources are not identified by votes; "
            "theirs count as a majority vote in which a rare vote says more",
            "gold labels teach their weights, and so does a pilot",
        )


def _temperature(model: LabelModelBase) -> Iterator[Finding]:
    """Say why the model is less sure than its votes alone would make it."""
    if getattr(model, "errors_are_shared_", False):
        yield Finding(
            "shared-errors",
            "note",
            "votes that were held out disagree with the others more than independent errors explain: sources err on "
            f"the same items, and the model's log-odds are divided by {model.temperature_:.2g}",
            "what all get wrong together shows only in gold labels; label items drawn by lot, as `weakhitl route` does",
        )
    if getattr(model, "votes_conflict_", False):
        yield Finding(
            "conflicts",
            "note",
            f"votes conflict more than votes that are right on {model.prior_accuracy:.0%} would, so that the model's "
            f"log-odds are divided by {model.temperature_:.2g}",
            "look at the functions that conflict most (`weakhitl lfs`), or teach them with gold labels",
        )


def _names(votes: Votes, mask: np.ndarray) -> tuple[str, ...]:
    return tuple(name for name, here in zip(votes.sources, mask, strict=True) if here)


def _list(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
