"""Show what routing by disagreement buys: recorded ratings replayed in one order or another, on real sets.

For each set: the accuracy of majority vote on all its ratings is the mark; how many ratings does it take to reach it
when they are given out at random and labels are majority votes, and when they go where the joint model is least sure
and labels are the joint model's? On the mean curve over seeds. `weather` also has the example's labeling functions, for
every plan.

Then a judge: items of text sets are labelled by a simulated model judge that is right on most and says how sure it is;
what it is sure of is approved, the rest goes to people. Reported twice: as such experiments are often reported (the
judge costs nothing, and approved items are trained on with their true labels), and as it is (its calls are paid for,
and a classifier is trained on the labels that were really produced).

    python benchmarks/loop.py [--seeds 5] [--sets dogs ...] [--steps 20] [--out loop.json]
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import weakhitl as wh
from weakhitl.feedback.simulate import Plan, as_truth, ratings_until, replay

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"
SETS = [
    "weather", "bluebirds", "dogs", "possent", "product", "weather_amt", "weather_cf", "weather_full", "web_relevance",
    "zencrowd_in", "zencrowd_us",
]  # fmt: skip
PLANS = [
    Plan("random, majority", "random", "majority"),
    Plan("random, joint", "random", "auto"),
    Plan("disagreement, majority", "disagreement", "majority"),
    Plan("disagreement, joint", "disagreement", "auto"),
    Plan("disagreement, one-coin", "disagreement", "one-coin"),
    Plan("oracle, joint", "oracle", "auto"),
]


def load(name: str) -> tuple[wh.Votes, "pd.Series[int]", wh.Votes | None]:
    """Ratings of people, the truth, and votes of functions where there are any."""
    if name == "weather":
        return _weather()
    ratings = pd.read_csv(DATA / name / "votes.csv.gz", dtype=str).dropna(subset=["label"])
    truth = pd.read_csv(DATA / name / "truth.csv.gz", dtype=str).dropna().drop_duplicates("item")
    schema = wh.LabelSchema(sorted({*ratings["label"], *truth["label"]}))
    people = wh.Votes.from_long(ratings.drop_duplicates(["item", "annotator"]), schema, source="annotator")
    return people, as_truth(truth.set_index("item")["label"], schema), None


def _weather() -> tuple[wh.Votes, "pd.Series[int]", wh.Votes]:
    """Give the example: the same tweets and people as weather_full, with its labeling functions."""
    folder = ROOT / "examples" / "weather"
    schema = wh.LabelSchema(["negative", "neutral", "positive", "unrelated"], skip=["I can't tell"])
    people = wh.Votes.from_long(pd.read_csv(folder / "ratings.csv", dtype=str), schema, source="annotator")
    truth = pd.read_csv(folder / "truth.csv", dtype=str).set_index("item")["label"]
    items = pd.read_csv(folder / "tweets.csv", dtype=str).set_index("item")
    functions = wh.apply(wh.discover(ROOT / "labeling_functions" / "weather.py"), items, schema)
    return people, as_truth(truth, schema), functions


def measure(name: str, seeds: int, steps: int, plans: list[Plan]) -> dict[str, Any]:
    """Replay every plan."""
    people, truth, functions = load(name)
    curves = {
        plan.name: [replay(people, truth, plan, functions=functions, steps=steps, seed=seed) for seed in range(seeds)]
        for plan in plans
    }
    mark = float(np.mean([curve["accuracy"].iloc[-1] for curve in curves["random, majority"]]))
    row: dict[str, Any] = {"set": name, "ratings": int(curves[plans[0].name][0]["ratings"].iloc[-1]), "mark": mark}
    for plan in plans:
        mean, each = ratings_until(curves[plan.name], mark)
        final = [float(curve["accuracy"].iloc[-1]) for curve in curves[plan.name]]
        row[plan.name] = {"until": mean, "each": each, "final": float(np.mean(final))}
    row["curves"] = {key: [one.to_dict("list") for one in value] for key, value in curves.items()}
    return row


TEXTS = ["sms_spam", "youtube_spam", "yoruba_news"]
PERSON, CALL = 0.10, 0.01
"""What a label by a person (always right here) and a call of the judge cost; the ratio is what matters."""


def judged(name: str, seed: int, right: float = 0.85, approved: float = 0.6) -> list[dict[str, Any]]:
    """Label a text set with a judge and people, train on it, and report it both ways, and with people alone.

    The judge is right with probability ``right``, more often where it is surer; ``approved`` of the items, the surest,
    are not looked at by people.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    rng = np.random.default_rng(seed)
    table = pd.read_parquet(DATA / name / "votes.parquet")
    train, test = table[table["split"] == "train"], table[table["split"] == "test"]
    truth = train["label"].to_numpy()
    k, n = int(truth.max()) + 1, len(train)
    sure = rng.random(n)
    correct = rng.random(n) < right + (sure - 0.5) * 2 * min(1 - right, 0.1)
    said = np.where(correct, truth, (truth + rng.integers(1, k, n)) % k)
    auto = sure > 1 - approved
    honest = np.where(auto, said, truth)

    def accuracy(labels: np.ndarray) -> float:
        model = make_pipeline(TfidfVectorizer(min_df=2, sublinear_tf=True), LogisticRegression(max_iter=2000))
        return float((model.fit(train["text"], labels).predict(test["text"]) == test["label"]).mean())

    by_people = PERSON * int((~auto).sum())
    ways = [
        ("people alone", truth, PERSON * n),
        ("judge, as often reported", truth, by_people),
        ("judge, as it is", honest, by_people + CALL * n),
    ]
    return [
        {
            "set": name, "seed": seed, "way": way, "cost": cost, "labels": float((labels == truth).mean()),
            "test": accuracy(labels),
        }
        for way, labels, cost in ways
    ]  # fmt: skip


def judges(seeds: int) -> list[dict[str, Any]]:
    """Measure the judge on every text set, print means, and give all rows."""
    print(f"\n{'set':<15}{'way':<28}{'cost':>9}{'labels right':>14}{'test accuracy':>15}")
    rows = [row for name in TEXTS for seed in range(seeds) for row in judged(name, seed)]
    means = pd.DataFrame(rows).groupby(["set", "way"], sort=False)[["cost", "labels", "test"]].mean()
    for (name, way), row in means.iterrows():
        print(f"{name:<15}{way:<28}{row['cost']:>9.2f}{row['labels']:>14.3f}{row['test']:>15.3f}")
    return rows


def main() -> None:
    """Measure everything, print a table and write JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--sets", nargs="*", default=SETS)
    parser.add_argument("--steps", type=int, default=20, help="batches in which all ratings are given out")
    parser.add_argument("--plans", nargs="*", default=[plan.name for plan in PLANS[1:]], help="beside random, majority")
    parser.add_argument("--no-judges", action="store_true")
    parser.add_argument("--out", type=Path, default=Path("loop.json"))
    arguments = parser.parse_args()
    plans = [PLANS[0], *(plan for plan in PLANS[1:] if plan.name in arguments.plans)]
    print(f"{'set':<15}{'ratings':>8}{'mark':>7}", *(f"{plan.name:>24}" for plan in plans))
    rows = []
    for name in arguments.sets:
        row = measure(name, arguments.seeds, arguments.steps, plans)
        base = row[plans[0].name]["until"]
        cells = []
        for plan in plans:
            until = row[plan.name]["share"] = row[plan.name]["until"] and row[plan.name]["until"] / base
            cells.append(f"{'never' if until is None else f'{until:.2f}'} ({row[plan.name]['final']:.3f})")
        print(f"{name:<15}{row['ratings']:>8,}{row['mark']:>7.3f}", *(f"{cell:>24}" for cell in cells), flush=True)
        rows.append(row)
    found = [] if arguments.no_judges else judges(arguments.seeds)
    arguments.out.write_text(json.dumps({"sets": rows, "judges": found}))


if __name__ == "__main__":
    main()
