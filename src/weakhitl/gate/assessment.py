"""From the evidence to labels: one pure function that ``check``, ``release`` and ``verify`` share."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from weakhitl.annotation import Counted, adjudication_queue
from weakhitl.annotation.adjudication import unclear
from weakhitl.annotation.quality import leading_class
from weakhitl.annotation.wanted import still_wanted
from weakhitl.brief import Brief
from weakhitl.consensus import Consensus
from weakhitl.errors import UsageError
from weakhitl.gate.evidence import Evidence
from weakhitl.gold import gold_names
from weakhitl.label_model import MODELS, LabelModel
from weakhitl.routing.batch import PILOT
from weakhitl.schema import ABSTAIN
from weakhitl.votes import Votes

FUNCTIONS, PEOPLE, ADJUDICATED, GOLD, NOTHING = "functions", "people", "adjudicated", "gold", "nothing"
"""What a label comes from; ``people`` are people and functions in one model."""

ORIGINS = (FUNCTIONS, PEOPLE, ADJUDICATED, GOLD, NOTHING)

_SETTLED = 2
"""Ratings: one person's word is no gold."""


@dataclass(frozen=True, repr=False)
class Assessment(Brief):
    """Labels, and what they were made of.

    Attributes
    ----------
    evidence
        What all this was computed from.
    counted
        Which ratings count.
    model
        The fitted label model, over functions and people together.
    ledger
        The votes that it was fitted on.
    automatic
        Consensus as it would be without people's votes, by the same model.
    joint
        Consensus of functions and people, before adjudication.
    final
        The joint consensus with the adjudicator's decisions on top.
    withheld
        ``mask[item]``: parts of the data that the gate withholds; None without any.

    """

    evidence: Evidence
    counted: Counted
    model: Any
    ledger: Votes
    automatic: Consensus
    joint: Consensus
    final: Consensus
    withheld: np.ndarray | None = None

    @property
    def confident(self) -> np.ndarray:
        """``mask[item]``: has a label with the confidence that the policy asks for, and is not recalled."""
        return np.asarray(self.final.confident(self.evidence.config.release.min_confidence) & ~self.recalled)

    @property
    def released(self) -> np.ndarray:
        """``mask[item]``: has such a label, and is in no part that the gate withholds."""
        return self.confident if self.withheld is None else self.confident & ~self.withheld

    def withhold(self, mask: np.ndarray) -> "Assessment":
        """Keep these items back, too."""
        return replace(self, withheld=mask if self.withheld is None else self.withheld | mask)

    @cached_property
    def recalled(self) -> np.ndarray:
        """``mask[item]``: is released no more."""
        return np.asarray(self.evidence.items.isin(self.evidence.recalled_items))

    @cached_property
    def decisions(self) -> "pd.Series[int]":
        """Item -> decided class index; ABSTAIN where the adjudicator could not tell."""
        return self.evidence.decisions()

    @cached_property
    def in_no_batch(self) -> np.ndarray:
        """``mask[item]``: could still be routed."""
        return np.asarray(~self.evidence.mask(*self.evidence.places) & ~self.recalled)

    @cached_property
    def gold(self) -> np.ndarray:
        """``mask[item]``: has a gold label, and is not audited."""
        gold = self.evidence.teaching_gold
        known = np.zeros(len(self.evidence.items), dtype=bool)
        return known if gold is None else np.asarray(self.evidence.items.isin(gold.index))

    @cached_property
    def decided_audit(self) -> "pd.Series[int]":
        """Item of a random audit -> the class that was decided on, without those that could not be told."""
        decided = self.decisions
        return decided[(decided != ABSTAIN) & decided.index.isin(self.evidence.audited)]

    @cached_property
    def lesson_labels(self) -> "pd.Series[int]":
        """Item -> class index from which the default label model has learned."""
        return lesson_labels(self.evidence, self.counted)

    @property
    def audit_waiting(self) -> int:
        """How many audited items have no decision yet."""
        return len(self.evidence.audited.unique().difference(self.decisions.index))

    @cached_property
    def unclear(self) -> "pd.Series[str]":
        """Routed item -> why its ratings do not settle it, or ``""``."""
        return unclear(self.counted.settling, self.evidence.config.annotation.adjudicate_below)

    @cached_property
    def still_wanted(self) -> "pd.Series[int]":
        """Routed item -> how many more ratings it wants; a pilot's are left out, and recalled ones."""
        found = still_wanted(self.counted, self.evidence.batches, self.evidence.config)
        return found[~found.index.isin(self.evidence.recalled_items)]

    @property
    def adjudication_queue(self) -> pd.DataFrame:
        """What still waits for the adjudicator: item, why."""
        below, done = self.evidence.config.annotation.adjudicate_below, self.decisions.index
        done = done.append(self.evidence.recalled_items)
        return adjudication_queue(self.counted.settling, self.evidence.batches, done, below)

    @cached_property
    def origin(self) -> "pd.Categorical[str]":
        """``origin[item]``: functions, people, adjudicated, gold, or nothing."""
        items = self.evidence.items
        decided = items.isin(self.decisions.index[self.decisions != ABSTAIN])
        rated = np.flatnonzero(self.counted.votes.class_counts().any(axis=1))
        people = items.isin(self.counted.votes.items[rated])
        gold = self.evidence.gold
        known = np.zeros(len(items), dtype=bool) if gold is None else items.isin(gold.index)
        order = [ADJUDICATED, GOLD, PEOPLE, FUNCTIONS]
        choices = [decided, known, people, self.automatic.known]
        codes = np.select(choices, [np.int8(ORIGINS.index(name)) for name in order], np.int8(ORIGINS.index(NOTHING)))
        names: pd.Categorical[str] = pd.Categorical.from_codes(codes, dtype=pd.CategoricalDtype(list(ORIGINS)))  # type: ignore[assignment]  # the stubs take codes for values
        return names

    @property
    def measured_weights(self) -> np.ndarray:
        """One weight per item of ``counted.measured``."""
        return np.asarray(self.evidence.weights().reindex(self.counted.measured.items).to_numpy(dtype=float))


def assess(evidence: Evidence, model: Any = None) -> Assessment:
    """Consolidate functions and people in one label model, then put the adjudicator's decisions on top.

    ``model`` is one that was fitted before; without, one is fitted.

    Gold labels teach the model and stand as they are; what people settled on in a pilot teaches it, too. Decisions do
    not: the audit's are what its accuracy is measured against. Nor does gold of audited items, which is seen in
    ``final`` alone.
    """
    counted = evidence.counted()
    ledger = evidence.functions.join(as_sources(counted.votes))
    model = fit_model(evidence, counted, ledger) if model is None else model
    joint = _with_gold(consolidate(model, ledger), evidence.teaching_gold)
    decided = evidence.decisions()
    return Assessment(
        evidence=evidence,
        counted=counted,
        model=model,
        ledger=ledger,
        automatic=_with_gold(consolidate(model, evidence.functions), evidence.teaching_gold),
        joint=joint,
        final=_with_gold(joint, evidence.gold).decided(decided.index, decided.to_numpy()),
    )


def fit_model(evidence: Evidence, counted: Counted, ledger: Votes) -> Any:
    """Fit the label model of the configuration; ``ledger`` holds the votes of functions and of people who count.

    Where functions vote, gold teaches about them alone: most items have no votes of people.
    """
    section = evidence.config.label_model
    model, gold = MODELS[section.name](balance=section.balance), evidence.teaching_gold
    if isinstance(model, LabelModel):
        gold = lesson_labels(evidence, counted)
        if len(gold) and evidence.functions.n_votes:
            model.set_params(people=list(ledger.sources[len(evidence.functions.sources) :]))
    elif not (gold is None or gold.empty or model.learns_from_gold):
        raise UsageError(
            f'[label_model] name = "{section.name}" does not learn from gold labels; "auto" and "dawid-skene" do'
        )
    return model.fit(ledger, gold=None if gold is None or gold.empty else gold_names(gold, evidence.schema))


def lesson_labels(evidence: Evidence, counted: Counted) -> "pd.Series[int]":
    """Item -> class index from which the default label model learns: gold, and what people settled on in a pilot.

    A pilot is a random sample on which nothing is measured. It teaches nothing where no function votes: people would be
    taught by themselves.
    """
    gold = evidence.teaching_gold
    known = pd.Series(dtype=np.int64) if gold is None else gold
    if not evidence.functions.n_votes:
        return known
    found = pilot_labels(evidence, counted)
    found = found[~found.index.isin(known.index)]
    return found if known.empty else pd.concat([known, found])


def pilot_labels(evidence: Evidence, counted: Counted) -> "pd.Series[int]":
    """Item of a pilot -> class index on which people settled: it has the most ratings, at least two."""
    pilots = [item for batch in evidence.batches if batch.kind == PILOT for item in batch.items]
    at = np.flatnonzero(counted.votes.items.isin(pilots))
    leader, support = leading_class(counted.votes.take_items(at).class_counts())
    settled = (leader != ABSTAIN) & (support >= _SETTLED)
    return pd.Series(leader[settled], index=counted.votes.items[at[settled]], dtype=np.int64)


def consolidate(model: Any, votes: Votes) -> Consensus:
    """Apply a fitted label model."""
    patterns = votes.patterns()
    known = np.asarray(patterns.votes.class_counts().any(axis=1))
    return Consensus(votes.items, model.predict_proba(patterns.votes), known, patterns.inverse, votes.schema)


def _with_gold(consensus: Consensus, gold: "pd.Series[int] | None") -> Consensus:
    return consensus if gold is None else consensus.decided(gold.index, gold.to_numpy())


def as_sources(people: Votes) -> Votes:
    """Name annotators so that they cannot be taken for functions."""
    names = [f"annotator:{name}" for name in people.sources]
    return Votes.from_entries(people.entries(), people.schema, people.items, names)
