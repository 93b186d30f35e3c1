"""Simulate on recorded ratings: a project's own, or those of a file."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import t

from weakhitl.annotation.formats import Columns, annotators_rows, as_long
from weakhitl.brief import Brief
from weakhitl.errors import DataError, UsageError
from weakhitl.feedback.simulate import Plan, as_truth, ratings_until, replay
from weakhitl.files import read_table
from weakhitl.label_names import in_order, require_distinct
from weakhitl.pipeline.workspace import Workspace
from weakhitl.ranges import require_amount, require_share
from weakhitl.schema import ABSTAIN, LabelSchema
from weakhitl.vote_table import read_names
from weakhitl.votes import Votes

MAJORITY = "majority"


@dataclass(frozen=True, repr=False)
class Recorded(Brief):
    """What is replayed: people's ratings, the truth, functions' votes, and what a rating costs; what was left out."""

    people: Votes
    truth: "pd.Series[int]"
    functions: Votes | None
    cost: float
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, repr=False)
class Simulated(Brief):
    """How plans did.

    Attributes
    ----------
    mark
        The accuracy that plans are compared at.
    curves
        ``plan``, ``seed``, ``ratings``, ``cost``, ``accuracy``: a row for each batch.
    table
        A row for each plan: ``accuracy`` when all ratings are given out, with the least and the greatest over seeds;
        ``ratings`` and ``cost`` until the mark is reached on the mean curve, None where it is not; ``gain`` in mean
        accuracy over all batches against the plan that differs in asking by lot alone, with its 95 % interval
        (``low``, ``high``: Student's, over seeds, for all plans together), None where there is no such plan.

    """

    mark: float
    curves: pd.DataFrame
    table: pd.DataFrame

    def to_dict(self) -> dict[str, Any]:
        """Give all of it, ready for JSON."""
        table = self.table.astype(object).where(self.table.notna(), None)
        return {"mark": self.mark, "plans": table.to_dict("records"), "curves": self.curves.to_dict("records")}


def recorded_in(workspace: Workspace, seconds: float | None, cost_per_hour: float | None) -> Recorded:
    """Take a project's ratings that count, its decisions and gold as the truth, and its functions' votes.

    What is not given comes from the ratings' own seconds and ``[annotation] cost_per_hour``. Raises ``DataError`` where
    there is no truth.
    """
    assessment = workspace.assess()
    evidence = assessment.evidence
    decided = assessment.decisions[assessment.decisions != ABSTAIN]
    gold = decided.iloc[:0] if evidence.gold is None else evidence.gold
    truth = pd.concat([decided, gold[~gold.index.isin(decided.index)]])
    if truth.empty:
        raise DataError("truth", "no item has a decision of an adjudicator, or gold: there is nothing to compare with")
    times = pd.to_numeric(evidence.ratings.get("seconds", pd.Series(dtype=float)), errors="coerce").dropna()
    taken = float(times.median()) if seconds is None and len(times) else seconds
    hourly = workspace.config.annotation.cost_per_hour if cost_per_hour is None else cost_per_hour
    return Recorded(assessment.counted.votes, truth, evidence.functions, price(taken, hourly))


def recorded_by(
    ratings: Path,
    truth: Path,
    columns: Columns,
    cost: float,
    skip: Sequence[str] = (),
    wide: Sequence[str] = (),
) -> Recorded:
    """Read ratings and the truth (item, label) from files; the classes are those that occur, but ``skip``."""
    table, (item, annotator, label), _ = as_long(read_table(ratings), columns, wide, str(ratings))
    rated, left_out = annotators_rows(table, table.columns if wide else (item, annotator, label))
    table = table[rated]
    known = read_names(truth, ["item", "label"])
    table, known = (
        table[table[label].notna() & table[label].ne("")],
        known[known["label"].ne("")].drop_duplicates("item"),
    )
    classes, _ = in_order({*table[label], *known["label"]} - {*skip})
    require_distinct(classes, f"{ratings} and {truth}", "write each in one way")
    schema = LabelSchema(classes, skip=skip)
    people = Votes.from_long(table, schema, item=item, source=annotator, label=label)
    return Recorded(people, as_truth(known.set_index("item")["label"], schema), None, cost, tuple(left_out))


def invented(
    truth: Path, people: int, right: float, cost: float, *, skip: Sequence[str] = (), seed: int = 0
) -> Recorded:
    """Read the truth (item, label) from a file, and invent people who are right with a probability, else at random.

    Raises ``UsageError`` where that is no probability, and ``DataError`` for fewer than two classes.
    """
    require_share("right", right, such_as=0.9, ends=True)
    known = read_names(truth, ["item", "label"])
    known = known[known["label"].ne("")].drop_duplicates("item")
    classes, _ = in_order({*known["label"]} - {*skip})
    require_distinct(classes, str(truth), "write each in one way")
    if len(classes) < 2:
        raise DataError(str(truth), f"holds {len(classes)} class; expected at least two")
    schema = LabelSchema(classes, skip=skip)
    codes = as_truth(known.set_index("item")["label"], schema)
    rng = np.random.default_rng(seed)
    shape = len(codes), people
    wrong = (codes.to_numpy()[:, None] + rng.integers(1, len(classes), shape)) % len(classes)
    matrix = np.where(rng.random(shape) < right, codes.to_numpy()[:, None], wrong)
    names = [f"invented {number}" for number in range(1, people + 1)]
    return Recorded(Votes.from_matrix(matrix, schema, items=codes.index, sources=names), codes, None, cost)


def price(seconds: float | None, cost_per_hour: float | None) -> float:
    """Give what a rating costs; 1, so that cost counts ratings, where either is not known.

    >>> price(30, 24.0), price(None, 24.0)
    (0.2, 1.0)

    """
    for name, value in (("seconds", seconds), ("cost_per_hour", cost_per_hour)):
        if value is not None:
            require_amount(name, value)
    return 1.0 if seconds is None or cost_per_hour is None else seconds / 3600 * cost_per_hour


def judge_votes(path: Path, schema: LabelSchema) -> Votes:
    """Read a judge's votes: a table of item and label."""
    table = read_names(path, ["item", "label"], schema.classes)
    return Votes.from_long(table.assign(source="judge"), schema, source="source")


def simulate(
    recorded: Recorded, plans: Sequence[Plan], *, seeds: int = 5, steps: int = 20, mark: float | None = None
) -> Simulated:
    """Replay every plan with every seed; without ``mark`` it is majority vote's accuracy on all ratings.

    Raises ``UsageError`` for fewer than two seeds, as one says nothing of chance, and a mark that is no share.
    """
    if seeds < 2:
        raise UsageError(f"{seeds} seed is too few: expected at least 2, since one says nothing of chance")
    if mark is not None:
        require_share("mark", mark, such_as=0.9, ends=True)
    made: dict[str, list[pd.DataFrame]] = {
        plan.name: [
            replay(
                recorded.people, recorded.truth, plan, functions=recorded.functions, cost=recorded.cost, steps=steps,
                seed=seed,
            )
            for seed in range(seeds)
        ]
        for plan in plans
    }  # fmt: skip
    if mark is None:
        mark = _majority(recorded)
    twins = _twins(plans)
    rows = []
    for plan in plans:
        curves = made[plan.name]
        by_lot = twins.get(plan.name)
        gain = (None,) * 3 if by_lot is None else _gain(curves, made[by_lot], len(twins))
        final = pd.Series([curve["accuracy"].iloc[-1] for curve in curves])
        until, each = ratings_until(curves, mark)
        reached = [one for one in each if one is not None]
        first = float(curves[0]["cost"].iloc[0])
        rows.append(
            {
                "plan": plan.name, "accuracy": float(final.mean()), "least": float(final.min()),
                "greatest": float(final.max()), "ratings": until,
                "fewest": min(reached) if reached else None, "most": max(reached) if len(reached) == seeds else None,
                "cost": None if until is None else first + recorded.cost * until,
                **dict(zip(("gain", "low", "high"), gain, strict=True)),
            }
        )  # fmt: skip
    curves_of_all = [
        curve.assign(plan=name, seed=seed) for name, curves in made.items() for seed, curve in enumerate(curves)
    ]
    columns = ["plan", "seed", "ratings", "cost", "accuracy"]
    return Simulated(mark, pd.concat(curves_of_all, ignore_index=True)[columns], pd.DataFrame(rows))


def _twins(plans: Sequence[Plan]) -> dict[str, str]:
    """Plan -> the one that differs from it in asking by lot alone."""

    def rest(plan: Plan) -> tuple[Any, ...]:
        return plan.model, plan.overlap, id(plan.judge), plan.judge_cost

    by_lot = {rest(one): one.name for one in plans if one.order == "random"}
    return {one.name: by_lot[rest(one)] for one in plans if one.order != "random" and rest(one) in by_lot}


def _gain(
    curves: Sequence[pd.DataFrame], by_lot: Sequence[pd.DataFrame], comparisons: int
) -> tuple[float, float, float]:
    """Give the mean gain in accuracy over the batches, paired by seed, with the bounds of its interval."""
    pairs = zip(curves, by_lot, strict=True)
    gains = np.array([one["accuracy"].mean() - other["accuracy"].mean() for one, other in pairs])
    width = float(t.ppf(1 - 0.025 / comparisons, len(gains) - 1) * gains.std(ddof=1) / np.sqrt(len(gains)))
    return float(gains.mean()), float(gains.mean()) - width, float(gains.mean()) + width


def _majority(recorded: Recorded) -> float:
    """Accuracy of majority vote on all ratings."""
    plan = Plan(MAJORITY, "random", MAJORITY)
    curve = replay(recorded.people, recorded.truth, plan, functions=recorded.functions, steps=1)
    return float(curve["accuracy"].iloc[-1])


def plot(found: Simulated, path: Path, currency: str = "") -> None:
    """Draw accuracy against cost, a line for each plan with its band over seeds, as the file's name asks (SVG, PNG)."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.2), layout="constrained")
    axes = figure.subplots()
    styles = cycle(["-", "--", "-.", ":"])  # plans often lie on top of each other
    for name, curves in found.curves.groupby("plan", sort=False):
        by_ratings = curves.groupby("ratings")
        cost = by_ratings["cost"].mean()
        (line,) = axes.plot(cost, by_ratings["accuracy"].mean(), next(styles), label=str(name))
        band = by_ratings["accuracy"].min(), by_ratings["accuracy"].max()
        axes.fill_between(cost, *band, alpha=0.1, linewidth=0, color=line.get_color())
    axes.axhline(found.mark, color="grey", linestyle=":", linewidth=1)
    axes.set_xlabel(f"cost{f' ({currency})' if currency else ''}")
    axes.set_ylabel("accuracy of all labels")
    axes.legend(frameon=False, loc="lower right")
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path)
