"""Measure what is claimed of people's quality: intervals hold the truth, honest people are not accused, spammers are.

Worlds of honest people: each is right with a probability of their own (lower on hard items), else leans to classes of
their own; each has a pace of their own. Items come in random order, sorted by class or with classes in turn; a person
sees any items, or nearly only one class. A run is an accusation where anybody at all has a pattern. Power: one spammer
(or four) among twenty people.

    python benchmarks/people_quality.py [--runs 400] [--only coverage accusations power real] [--data FOLDER]
"""

import argparse
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import binomtest, lognorm, norm

from weakhitl import LabelSchema
from weakhitl.annotation import AnnotatorQuality, anchoring, annotator_quality
from weakhitl.annotation.people_patterns import ONE_CLASS, PATTERNS, PERIODIC, TOO_FAST


@dataclass(frozen=True)
class World:
    """A crowd of honest people and the items that they rate.

    ``shares``: of the classes. ``accuracy``: least and greatest. ``spread``: standard deviation of the logarithm of
    people's paces. ``order``: random, sorted or in turn. ``blocks``: whether a person sees items of the same part of a
    file sorted by class. ``hard``: share of items on which people are right only half as much above chance.
    ``favourite``: share of answers that are a class of one's own, whatever the item; ``restless``: of those that would
    repeat the last answer and are changed. ``gold``: items with gold that everybody rates beside the others.
    """

    name: str
    shares: tuple[float, ...] = (1 / 3, 1 / 3, 1 / 3)
    people: int = 20
    each: int = 60
    overlap: int = 3
    accuracy: tuple[float, float] = (0.65, 0.95)
    spread: float = 0.35
    order: str = "random"
    blocks: bool = False
    hard: float = 0.2
    favourite: float = 0.0
    restless: float = 0.0
    gold: int = 0


WORLDS = [
    World("three even classes"),
    World("three even classes, 200 each", each=200),
    World("2 classes, 95/5", (0.95, 0.05)),
    World("2 classes, 95/5, 400 each", (0.95, 0.05), each=400),
    World("2 classes, poor people", (0.6, 0.4), accuracy=(0.55, 0.75)),
    World("5 classes, 80/5/5/5/5", (0.8, 0.05, 0.05, 0.05, 0.05)),
    World("one class a person", blocks=True),
    World("one class a person, 400 each", blocks=True, each=400),
    World("one class a person, 2 classes, 400 each, poor", (0.5, 0.5), blocks=True, each=400, accuracy=(0.55, 0.8)),
    World("sorted by class", order="sorted", each=120),
    World("2 classes in turn", (0.5, 0.5), order="in turn", each=120),
    World("2 classes in turn, some perfect", (0.5, 0.5), order="in turn", each=120, accuracy=(0.6, 1.0)),
    World("4 classes in turn", (0.25,) * 4, order="in turn", each=120, accuracy=(0.6, 1.0)),
    World("paces of a real crowd", spread=0.7),
    World("paces of a real crowd, 95/5", (0.95, 0.05), spread=0.7),
    World("a favourite class each", favourite=0.3),
    World("a favourite class each, 2 classes, 400 each", (0.5, 0.5), favourite=0.3, each=400),
    World("2 classes, restless people, 400 each", (0.5, 0.5), restless=0.3, each=400),
    World("overlap 1, 40 gold items", overlap=1, gold=40),
    World("five people, overlap 5", people=5, overlap=5, each=100),
    World("overlap 2", overlap=2),
    World("100 people", people=100),
]
POWER = [
    World("three even classes"),
    World("two even classes", (0.5, 0.5)),
    World("five even classes", (0.2,) * 5),
    World("two even classes, overlap 5", (0.5, 0.5), overlap=5),
    World("2 classes, 80/20", (0.8, 0.2)),
    World("2 classes, 95/5", (0.95, 0.05)),
    World("three even classes, poor people", accuracy=(0.55, 0.8)),
    World("100 people, three even classes", people=100),
    World("three even classes, overlap 2", overlap=2),
    World("three even classes, overlap 2, 20 of 60 gold", overlap=2, each=40, gold=20),
    World("2 classes, 80/20, overlap 5, 200 each", (0.8, 0.2), overlap=5, each=200),
]
REAL = (
    "bluebirds",
    "dogs",
    "possent",
    "product",
    "weather_amt",
    "weather_cf",
    "weather_full",
    "zencrowd_in",
    "zencrowd_us",
)


def main() -> None:
    """Simulate, print tables and write JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=400)
    parser.add_argument("--only", nargs="*", default=["coverage", "accusations", "power"])
    parser.add_argument("--data", type=Path, help="folder of open crowd data, for 'real'")
    parser.add_argument("--out", type=Path, default=Path("people_quality.json"))
    arguments = parser.parse_args()
    parts: dict[str, Callable[[], Iterator[dict[str, Any]]]] = {
        "coverage": lambda: coverage(arguments.runs * 10),
        "accusations": lambda: accusations(arguments.runs),
        "power": lambda: power(arguments.runs),
        "real": lambda: real(arguments.data),
    }
    found: dict[str, Any] = {"runs": arguments.runs}
    for part in arguments.only:
        rows = list(parts[part]())
        found[part] = rows
        print(f"\n{part}\n" + pd.DataFrame(rows).to_string(index=False, float_format=lambda x: f"{x:.3f}"))
    arguments.out.write_text(json.dumps(found, indent=2))


def schema_of(world: World) -> LabelSchema:
    """Name the classes a, b, c."""
    return LabelSchema([chr(ord("a") + at) for at in range(len(world.shares))])


def draw_items(world: World, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """``truth[item]`` and ``hard[item]``; the gold items are the last."""
    n, k = world.people * world.each // world.overlap + world.gold, len(world.shares)
    truth = np.arange(n) % k if world.order == "in turn" else rng.choice(k, n, p=world.shares)
    return truth, rng.random(n) < world.hard


def deal(world: World, truth: np.ndarray, rng: np.random.Generator) -> list[np.ndarray]:
    """``items[person]``, in the order in which they rate them."""
    n, people = len(truth) - world.gold, world.people
    if world.blocks:
        place = np.argsort(np.argsort(truth[:n] + rng.random(n) * 0.5))
        who = (place[:, None] * people // n + np.arange(world.overlap)) % people
    elif world.overlap == people:
        who = np.tile(np.arange(people), (n, 1))
    else:
        who = _balanced(rng.permutation(np.resize(np.arange(people), n * world.overlap)).reshape(n, -1), rng)
    gold = np.arange(n, len(truth))
    parts = [np.concatenate([np.flatnonzero((who == one).any(axis=1)), gold]) for one in range(people)]
    return [_ordered(world, part, truth, rng) for part in parts]


def _balanced(who: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Exchange people between items until nobody is on one item twice; ``who[item, place]``."""
    while len(twice := np.flatnonzero((np.diff(np.sort(who, axis=1), axis=1) == 0).any(axis=1))):
        mixed = np.unique(np.concatenate([twice, rng.choice(len(who), len(twice) + 5)]))
        who[mixed] = rng.permutation(who[mixed].reshape(-1)).reshape(len(mixed), -1)
    return who


def _ordered(world: World, items: np.ndarray, truth: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    items = rng.permutation(items)
    if world.order == "sorted":
        return items[np.argsort(truth[items], kind="stable")]
    if world.order == "in turn":
        place = np.empty(len(items), dtype=int)
        for label in np.unique(truth[items]):
            of_class = truth[items] == label
            place[of_class] = np.arange(of_class.sum())
        return items[np.lexsort((truth[items], place))]
    return items


def honest(
    world: World, items: np.ndarray, truth: np.ndarray, hard: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Labels of one honest person."""
    k = len(world.shares)
    accuracy, lean = rng.uniform(*world.accuracy), rng.dirichlet(np.full(k, 2.0))
    right = np.where(hard[items], 1 / k + (accuracy - 1 / k) / 2, accuracy)
    wrong = np.log(lean) + rng.gumbel(size=(len(items), k))
    wrong[np.arange(len(items)), truth[items]] = -np.inf
    labels = np.where(rng.random(len(items)) < right, truth[items], wrong.argmax(axis=1))
    labels[rng.random(len(items)) < world.favourite] = rng.integers(k)
    for at in range(1, len(labels) if world.restless else 0):
        if labels[at] == labels[at - 1] and rng.random() < world.restless:
            labels[at] = (labels[at] + 1) % k
    return labels


def spam(kind: str, n: int, k: int, rng: np.random.Generator) -> np.ndarray:
    """Labels of one spammer: any class always, a rotation of 2 to 12 places, or any labels."""
    if kind == ONE_CLASS:
        return np.full(n, rng.integers(k))
    if kind == PERIODIC:
        cycle = np.zeros(int(rng.integers(2, 13)), dtype=int)
        while len(set(cycle)) < 2:
            cycle = rng.integers(0, k, len(cycle))
        return np.resize(cycle, n)
    return rng.integers(0, k, n)


def crowd(world: World, spammers: dict[int, str], rng: np.random.Generator) -> tuple[pd.DataFrame, dict]:
    """Give the ratings of a crowd, and the gold; ``spammers``: person -> kind."""
    truth, hard = draw_items(world, rng)
    names = schema_of(world).classes
    length = rng.normal(0, 0.3, len(truth))
    tables = []
    for person, items in enumerate(deal(world, truth, rng)):
        kind = spammers.get(person)
        labels = spam(kind, len(items), len(names), rng) if kind else honest(world, items, truth, hard, rng)
        pace = np.log(8) + rng.normal(0, world.spread) + length[items]
        pace = np.zeros(len(items)) if kind == TOO_FAST else pace
        seconds = np.exp(pace + rng.normal(0, 0.4, len(items)))
        time = pd.Timestamp("2025-01-01", tz="UTC") + pd.to_timedelta(np.cumsum(np.maximum(seconds, 1)), unit="s")
        tables.append(
            pd.DataFrame(
                {
                    "item": [f"i{item}" for item in items],
                    "annotator": f"p{person}",
                    "label": [names[label] for label in labels],
                    "seconds": seconds,
                    "time": [one.isoformat() for one in time],
                }
            )
        )
    gold = {f"i{item}": int(truth[item]) for item in range(len(truth) - world.gold, len(truth))}
    return pd.concat(tables, ignore_index=True).assign(role="annotator", guideline=""), gold


def patterns_of(qualities: list[AnnotatorQuality]) -> dict[str, set[str]]:
    """``people[pattern]`` that were found."""
    return {name: {one.name for one in qualities for found in one.patterns if found.name == name} for name in PATTERNS}


def accusations(runs: int) -> Iterator[dict[str, Any]]:
    """Count the runs in which anybody of an honest crowd is accused."""
    for world in WORLDS:
        rng = np.random.default_rng(1)
        counted = dict.fromkeys([*PATTERNS, "any"], 0)
        for _ in range(runs):
            table, gold = crowd(world, {}, rng)
            found = patterns_of(annotator_quality(table, schema_of(world), gold=gold))
            for name, people in found.items():
                counted[name] += bool(people)
            counted["any"] += any(found.values())
        p = float(binomtest(counted["any"], runs, 0.05, alternative="greater").pvalue)
        yield {"honest crowd": world.name} | {name: count / runs for name, count in counted.items()} | {"p": p}


def power(runs: int) -> Iterator[dict[str, Any]]:
    """Count the spammers that are found, of one and of four among twenty, and honest people accused beside them."""
    for world, spammers, kind in product(POWER, (1, 4), PATTERNS):
        rng = np.random.default_rng(2)
        right = wrong = 0
        bad = {f"p{person}" for person in range(spammers)}
        for _ in range(runs // (1 if world.people < 50 else 4)):
            table, gold = crowd(world, dict.fromkeys(range(spammers), kind), rng)
            found = patterns_of(annotator_quality(table, schema_of(world), gold=gold))
            right += len(found[kind] & bad)
            wrong += bool(set().union(*found.values()) - bad)
        done = runs // (1 if world.people < 50 else 4)
        yield {
            "world": world.name,
            "spammer": kind,
            "of them": spammers,
            "found": right / done / spammers,
            "others accused": wrong / done,
        }


def coverage(runs: int) -> Iterator[dict[str, Any]]:
    """Count the intervals that hold the truth, of shares of one person, of times and of anchoring."""
    from weakhitl.annotation.people_quality import quantile_estimate, share_estimate

    rng = np.random.default_rng(3)
    for n, p in product((20, 60, 200), (0.5, 0.7, 0.9, 0.97)):
        hits = np.unique(rng.binomial(n, p, runs), return_counts=True)
        ends = [share_estimate(int(h), n, needed=20, confidence=0.95, what=("", ""), method="") for h in hits[0]]
        held = sum(t for e, t in zip(ends, hits[1], strict=True) if e.low <= p <= e.high)
        yield _held("share (gold, repeats)", f"n {n}, {p}", held, runs)
    for n, at in product((20, 60, 200), (0.5, 0.1)):
        true, held = float(lognorm.ppf(at, 0.8)), 0
        for _ in range(runs):
            found = quantile_estimate(rng.lognormal(0, 0.8, n), at, needed=20, confidence=0.95)
            held += found.low is not None and found.low <= true <= found.high
        yield _held(f"seconds, quantile {at}", f"n {n}", held, runs)
    yield from _coverage_of_others(runs // 4)
    yield from _coverage_of_anchoring(runs // 2)


def _held(what: str, where: str, held: int, runs: int) -> dict[str, Any]:
    return {
        "interval": what,
        "where": where,
        "held": held / runs,
        "p": float(binomtest(held, runs, 0.95, "less").pvalue),
    }


def _coverage_of_others(runs: int) -> Iterator[dict[str, Any]]:
    """Agreement with the others' leading class: the true value is that of very many items and the same people."""
    for shares, overlap, n in product(((1 / 3,) * 3, (0.95, 0.05)), (3, 5), (20, 60)):
        k, held = len(shares), 0
        schema = LabelSchema([chr(ord("a") + at) for at in range(k)])
        accuracy = np.linspace(0.6, 0.95, overlap)
        rng = np.random.default_rng(4)
        labels = _rated(200_000, shares, accuracy, rng)
        true = _agreement(labels, k)
        for _ in range(runs):
            labels = _rated(n, shares, accuracy, rng)
            rows = [(f"i{i}", f"p{j}", schema.classes[labels[i, j]]) for i in range(n) for j in range(overlap)]
            table = pd.DataFrame(rows, columns=["item", "annotator", "label"]).assign(role="annotator")
            found = annotator_quality(table, schema, min_evidence=1)[0].loo_agreement
            held += found.low <= true[0] <= found.high
        yield _held("agreement with others", f"{k} classes, overlap {overlap}, n {n}", held, runs)


def _rated(n: int, shares: tuple[float, ...], accuracy: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    k = len(shares)
    truth = rng.choice(k, (n, 1), p=shares)
    return np.where(rng.random((n, len(accuracy))) < accuracy, truth, rng.integers(0, k, (n, len(accuracy))))


def _agreement(labels: np.ndarray, k: int) -> list[float]:
    """``share[person]`` of items on which the others' one leading class is theirs, or none of those that lead."""
    shares = []
    for at in range(labels.shape[1]):
        others = np.delete(labels, at, axis=1)
        counts = (others[:, :, None] == np.arange(k)).sum(axis=1)
        leads = counts == counts.max(axis=1, keepdims=True)
        mine = leads[np.arange(len(labels)), labels[:, at]]
        confirmed = mine & (leads.sum(axis=1) == 1)
        shares.append(float(confirmed.sum() / (confirmed | ~mine).sum()))
    return shares


def _coverage_of_anchoring(runs: int) -> Iterator[dict[str, Any]]:
    """Items differ in how right their suggestion is; half of the ratings, or of the items, have it hidden."""
    rng = np.random.default_rng(5)
    schema = LabelSchema(["a", "b"])
    for base, pull, by_item, items in product((0.7, 0.9), (0.0, 0.3), (False, True), (30, 100)):
        true, held = 0.0, 0
        spread = norm.cdf(rng.normal(norm.ppf(base) * np.sqrt(2), 1, 400_000))
        true = float((pull * (1 - spread)).mean())
        for _ in range(runs):
            each = norm.cdf(rng.normal(norm.ppf(base) * np.sqrt(2), 1, items))
            shown = np.repeat(rng.random(items) < 0.5, 4) if by_item else rng.random(items * 4) < 0.5
            follows = np.repeat(each, 4) + shown * pull * (1 - np.repeat(each, 4))
            table = pd.DataFrame(
                {
                    "item": np.repeat([f"i{at}" for at in range(items)], 4),
                    "annotator": np.tile(list("wxyz"), items),
                    "label": np.where(rng.random(items * 4) < follows, "a", "b"),
                    "role": "annotator",
                    "suggested": np.where(shown, "a", ""),
                    "suggestion": "a",
                }
            )
            found = anchoring(table, schema)
            held += found.low is not None and found.low <= true <= found.high
        where = f"base {base}, effect {true:.2f}, {items} items x 4, hidden by {'item' if by_item else 'rating'}"
        yield _held("anchoring", where, held, runs)


def real(folder: Path) -> Iterator[dict[str, Any]]:
    """Look at real crowds: who is flagged without gold, and how right the flagged and the others are."""
    for name in REAL:
        votes = pd.read_csv(folder / name / "votes.csv.gz", dtype={"item": str, "annotator": str, "label": str})
        truth = pd.read_csv(folder / name / "truth.csv.gz", dtype=str).set_index("item")["label"]
        schema = LabelSchema(sorted(votes["label"].unique()))
        table = votes.assign(role="annotator", time="")
        for known in (False, True):
            qualities = annotator_quality(table, schema, gold=truth if known else None)
            right = dict(zip(*_right(table, truth), strict=True))
            seen = [one for one in qualities if one.ratings >= 20]
            flagged = [one for one in seen if one.patterns]
            rest = [one for one in seen if not one.patterns]
            yield {
                "crowd": name,
                "gold": "all" if known else "none",
                "people": len(seen),
                "flagged": len(flagged),
                "which": "; ".join(sorted({found.name for one in flagged for found in one.patterns})),
                "accuracy, flagged": np.mean([right[one.name] for one in flagged]) if flagged else None,
                "worst of flagged": max((right[one.name] for one in flagged), default=None),
                "accuracy, rest": np.mean([right[one.name] for one in rest]),
                "least of rest": min(right[one.name] for one in rest),
            }


def _right(table: pd.DataFrame, truth: pd.Series) -> tuple[list[str], list[float]]:
    known = table[table["item"].isin(truth.index)]
    share = (known["label"] == known["item"].map(truth)).groupby(known["annotator"]).mean()
    return list(share.index), list(share)


if __name__ == "__main__":
    main()
