"""Score label models on sets of votes that made_sets.py makes, by the kind of their sources, and against majority vote.

Accuracy in percent over items with a vote, ties shared; log-loss in nats; ``behind``: the mean over sets of how far a
model is below majority vote, where it is, and the worst. Snorkel (500 epochs) takes part where it is installed.

    python benchmarks/made_scores.py FOLDER [--gold-seeds 4] [--out made_scores.json]

With ``--gold-seeds``, what gold labels add, on the sets of the first seed.
"""

import argparse
import json
import warnings
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pandas as pd
from label_models import OURS, gold_gains, measures
from vote_sets import read_set

import weakhitl as wh


def main() -> None:
    """Score, and print a table a set and one a kind of sources."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--gold-seeds", type=int, default=0)
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--out", type=Path, default=Path("made_scores.json"))
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore")
    models: dict[str, Callable[[int], Any]] = {name: make for name, make in OURS.items() if name != "triplets"}
    if find_spec("snorkel") and not arguments.no_peers:
        models["snorkel"] = lambda seed: wh.SnorkelLabelModel(seed=seed)
    folders = sorted(arguments.folder.iterdir())
    rows = [row for folder in folders for row in scores(folder, models)]
    first = min(folder.name.rsplit("-", 1)[1] for folder in folders)
    taught = [read_set(folder) for folder in folders if folder.name.endswith(f"-{first}")]
    gold = [row for votes in taught for row in gold_gains(votes, arguments.gold_seeds)]
    arguments.out.write_text(json.dumps({"scores": rows, "gold": gold}, indent=2))
    show(pd.DataFrame(rows))
    if gold:
        show_gold(pd.DataFrame(gold))


def scores(folder: Path, models: dict[str, Callable[[int], Any]]) -> list[dict[str, Any]]:
    """Measure every model on one set, whose folder is named SET-KIND-SEED."""
    votes = read_set(folder)
    name, kind, seed = folder.name.rsplit("-", 2)
    rows: list[dict[str, Any]] = []
    for model, make in models.items():
        found = measures(make(0).fit(votes.votes).predict_proba(votes.votes), votes)
        rows.append({"set": f"{name} {kind}", "kind": kind, "seed": seed, "model": model} | found)
        rows[-1]["gain"] = found["accuracy"] - rows[0]["accuracy"]
    return rows


def show(table: pd.DataFrame) -> None:
    """Print means over seeds, means over sets, and what is behind majority vote."""
    order = list(dict.fromkeys(table["model"]))
    for measure in ("accuracy", "log_loss"):
        means = table.pivot_table(index="set", columns="model", values=measure)[order]
        print(f"\n{measure}\n{means.round(2 if measure == 'log_loss' else 1).to_string()}")
        means["kind"] = [name.rsplit(" ", 1)[1] for name in means.index]
        print(f"\n{measure}, mean over sets\n{means.groupby('kind').mean().round(2).to_string()}")
    table = table.assign(behind=table["gain"].clip(upper=0))
    behind = table.pivot_table(index="model", columns="kind", values="behind", aggfunc=["mean", "min"]).loc[order]
    print(f"\nbehind majority vote\n{behind.round(2).to_string()}")


def show_gold(table: pd.DataFrame) -> None:
    """Print the mean change of accuracy and its standard error over seeds, and the means over sets."""
    gains = table.pivot_table(index="set", columns="gold", values="accuracy", aggfunc=["mean", "sem"])
    print(f"\ngold labels: change of accuracy\n{gains.round(2).to_string()}")
    print(f"\n{table.groupby('gold')[['accuracy', 'ece', 'log_loss']].mean().round(2).to_string()}")


if __name__ == "__main__":
    main()
