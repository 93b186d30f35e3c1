"""Compare what is asked next (active learning) with chance, on real texts.

From each set's training split a pool is drawn for each seed; people (here the truth) label twenty items drawn by lot
(of two classes at least), then batch after batch of those that a strategy puts first. After each batch a classifier
(TF-IDF and logistic regression, as `weakhitl train`) learns, and is tested on the test split. Two settings:

- people alone: it learns from what people labelled and nothing else;
- with functions: it learns from the probabilities of a label model that knows functions and people; what people said
  stands.

The figure of a strategy is its mean test accuracy over the batches (the area under its learning curve), less that of
asking at random with the same seed and pool; the interval is Student's, simultaneous over the strategies of a set and
setting (Bonferroni). `beats` random says that the interval lies above 0; all else did not.

    python benchmarks/strategies.py [--seeds 10] [--sets yoruba_news ...] [--out strategies.json]
"""

import argparse
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.metrics import f1_score

import weakhitl as wh
from weakhitl.feedback.committee import STRATEGIES, ask_committee
from weakhitl.gate.assessment import consolidate
from weakhitl.routing import SCORES, density, far_apart, item_vectors, novelty, score_order

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
SETS = ["sms_spam", "youtube_spam", "yoruba_news"]
POOL, START, BATCH, ROUNDS = 1500, 20, 25, 8


class Pool:
    """Items of which people have labelled some."""

    def __init__(self, table: pd.DataFrame, classes: list[str], seed: int, *, functions: bool) -> None:
        rng = np.random.default_rng(seed)
        chosen = rng.permutation(len(table))[:POOL]
        part = table.iloc[chosen].reset_index(drop=True)
        self.texts, self.truth = part[["text"]], part["label"].to_numpy()
        self.seed, self.k = seed, len(classes)
        self.asked = np.zeros(len(part), dtype=bool)
        while len(np.unique(self.truth[self.asked])) < 2:
            self.asked[:] = False
            self.asked[rng.permutation(len(part))[:START]] = True
        self.vectors = item_vectors(part["text"])
        schema = wh.LabelSchema(classes)
        names = [name for name in part if str(name).startswith("lf_")]
        self.votes = wh.Votes.from_matrix(part[names].to_numpy(dtype=np.int64), schema, sources=names)
        self.functions = functions
        self.consolidate()

    def consolidate(self) -> None:
        """Let the label model learn from the functions and from what people have said so far, as a project does."""
        asked = np.flatnonzero(self.asked)
        said = (asked, np.zeros(len(asked), dtype=np.int64), self.truth[asked])
        people = wh.Votes.from_entries(said, self.votes.schema, self.votes.items, ["person"])
        both = self.votes.join(people)
        model = wh.LabelModel().fit(both)
        self.labels, self.joint = consolidate(model, self.votes), consolidate(model, both)

    def target(self) -> np.ndarray:
        """``target[item, class]``: what is learned from; nan where nothing is known."""
        found = np.full((len(self.truth), self.k), np.nan)
        if self.functions:
            found[self.joint.known] = self.joint.probabilities[self.joint.known]
        found[self.asked] = np.eye(self.k)[self.truth[self.asked]]
        return found

    def ask(self, order: np.ndarray) -> None:
        """Ask people of the first items of an order that were not asked of yet."""
        self.asked[order[~self.asked[order]][:BATCH]] = True
        if self.functions:
            self.consolidate()


Strategy = Callable[[Pool], np.ndarray]


def by_lot(pool: Pool) -> np.ndarray:
    """Give all items in an order by lot."""
    return np.random.default_rng([pool.seed, int(pool.asked.sum())]).permutation(len(pool.truth))


def by_votes(score: str, pool: Pool) -> np.ndarray:
    """Order by a score of the functions' votes or the label model."""
    return score_order(SCORES[score](pool.votes, pool.labels), pool.seed)


def by_models(score: str, pool: Pool, *, dense: bool = False, diverse: bool = False) -> np.ndarray:
    """Order by a committee of end models."""
    opinion = ask_committee(pool.texts, pool.target(), seed=pool.seed)
    order = score_order([STRATEGIES[score](opinion)], pool.seed, density=density(pool.vectors) if dense else None)
    order = order[~pool.asked[order]]
    return far_apart(order, pool.vectors, BATCH) if diverse else order


PEOPLE: dict[str, Strategy] = {
    **{name: partial(by_models, name) for name in STRATEGIES},
    "committee, density": partial(by_models, "committee", dense=True),
    "model-margin, diverse": partial(by_models, "model-margin", diverse=True),
    "novelty": lambda pool: score_order([novelty(pool.vectors, pool.seed)], pool.seed),
}
FUNCTIONS: dict[str, Strategy] = {
    **{name: partial(by_votes, name) for name in ("disagreement", "vote-entropy", "conflict", "margin")},
    **PEOPLE,
}


def curve(table: pd.DataFrame, test: pd.DataFrame, classes: list[str], strategy: Strategy, seed: int, *,
          functions: bool) -> list[tuple[float, float]]:  # fmt: skip
    """Give test accuracy and macro F1 after each batch."""
    pool = Pool(table, classes, seed, functions=functions)
    found = []
    for round_ in range(ROUNDS + 1):
        if round_:
            pool.ask(strategy(pool))
        model = wh.EndModel(classes, folds=2).fit(pool.texts, pool.target())
        said = model.predict(test[["text"]])
        truth = test["label"].to_numpy()
        found.append((float((said == truth).mean()), float(f1_score(truth, said, average="macro"))))
    return found


def measure(name: str, seeds: int, *, functions: bool) -> list[dict[str, Any]]:
    """Give a row for each strategy."""
    table = pd.read_parquet(DATA / name / "votes.parquet")
    train, test = table[table["split"] != "test"], table[table["split"] == "test"]
    classes = [f"c{code}" for code in range(int(table["label"].max()) + 1)]
    strategies = FUNCTIONS if functions else PEOPLE

    def curves(strategy: Strategy) -> np.ndarray:
        return np.array([curve(train, test, classes, strategy, seed, functions=functions) for seed in range(seeds)])

    chance = curves(by_lot)
    setting = "with functions" if functions else "people alone"
    common = {"set": name, "setting": setting, "seeds": seeds}
    rows = [{**common, "strategy": "random", **_figures(chance)}]
    for strategy in strategies:
        found = curves(strategies[strategy])
        gain = found[:, 1:, 0].mean(axis=1) - chance[:, 1:, 0].mean(axis=1)
        half = stats.t.ppf(1 - 0.025 / len(strategies), seeds - 1) * gain.std(ddof=1) / np.sqrt(seeds)
        low, high = float(gain.mean() - half), float(gain.mean() + half)
        verdict = "beats" if low > 0 else "worse" if high < 0 else "not shown"
        rows.append({**common, "strategy": strategy, **_figures(found), "gain": float(gain.mean()), "low": low,
                     "high": high, "verdict": verdict})  # fmt: skip
    return rows


def _figures(curves: np.ndarray) -> dict[str, Any]:
    return {
        "accuracy": float(curves[:, 1:, 0].mean()), "first": float(curves[:, 0, 0].mean()),
        "last": float(curves[:, -1, 0].mean()), "f1": float(curves[:, 1:, 1].mean()), "curves": curves.tolist(),
    }  # fmt: skip


def main() -> None:
    """Measure everything, print a table and write JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--sets", nargs="*", default=SETS)
    parser.add_argument("--out", type=Path, default=Path("strategies.json"))
    arguments = parser.parse_args()
    rows = []
    print(f"{'set':<14}{'setting':<16}{'strategy':<24}{'first':>7}{'mean':>7}{'last':>7}{'F1':>7}  gain over random")
    for name in arguments.sets:
        for functions in (False, True):
            for row in measure(name, arguments.seeds, functions=functions):
                gain = (
                    f"{row['gain']:+.3f} [{row['low']:+.3f}, {row['high']:+.3f}] {row['verdict']}"
                    if "gain" in row
                    else ""
                )
                figures = "".join(f"{row[one]:>7.3f}" for one in ("first", "accuracy", "last", "f1"))
                print(f"{name:<14}{row['setting']:<16}{row['strategy']:<24}{figures}  {gain}", flush=True)
                rows.append(row)
            arguments.out.write_text(json.dumps(rows))


if __name__ == "__main__":
    main()
