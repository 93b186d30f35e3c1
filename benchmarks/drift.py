"""Show how often drift alarms are false, and what they detect.

False alarms: the items of a real set are shuffled into two halves, many times; whatever differs is chance, so a run
with any alarm is false. Detection: shifts of known size are put into the second half. Sets come from ../shared/data.

    python benchmarks/drift.py [--runs 200] [--streams] [--out drift.json]
"""

import argparse
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import binomtest

import weakhitl as wh
from weakhitl.monitor import Side, drift
from weakhitl.monitor.stream import stream_changes

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
Change = Callable[[Side, np.random.Generator], Side]


def weak(name: str) -> Side:
    """Texts and votes of functions, of all splits; labels are the label model's."""
    table = pd.read_parquet(DATA / name / "votes.parquet")
    functions = [column for column in table.columns if column.startswith("lf_")]
    matrix = table[functions].to_numpy(dtype=np.int64)
    schema = wh.LabelSchema([f"c{code}" for code in range(int(max(matrix.max(), table["label"].max())) + 1)])
    votes = wh.Votes.from_matrix(matrix, schema, sources=functions)
    columns = table[["text"]] if "text" in table else None
    return Side(name, columns, votes, wh.LabelModel().fit(votes).predict(votes))


def crowd(name: str) -> Side:
    """Ratings of people; the audit is what the majority says against the truth."""
    ratings = pd.read_csv(DATA / name / "votes.csv.gz", dtype=str)
    truth = pd.read_csv(DATA / name / "truth.csv.gz", dtype=str).set_index("item")["label"]
    schema = wh.LabelSchema(sorted({*ratings["label"], *truth}))
    votes = wh.Votes.from_long(ratings, schema, source="annotator")
    votes = votes.take_items(np.flatnonzero(votes.items.isin(truth.index)))
    labels = wh.MajorityVote().fit(votes).predict(votes)
    right = labels == [schema.encode(truth[item]) for item in votes.items]
    return Side(name, labels=labels, people=votes, right=np.asarray(right))


def halves(side: Side, rng: np.random.Generator) -> tuple[Side, Side]:
    """Shuffle and cut in two."""
    n = len(side.votes if side.votes is not None else side.people)
    order = rng.permutation(n)
    return _part(side, "first", order[: n // 2]), _part(side, "second", order[n // 2 :])


def _part(side: Side, name: str, at: np.ndarray) -> Side:
    def cut(votes: Any) -> Any:
        return None if votes is None else votes.take_items(at)

    columns = None if side.columns is None else side.columns.iloc[at].reset_index(drop=True)
    labels, right = (None if one is None else one[at] for one in (side.labels, side.right))
    return Side(name, columns, cut(side.votes), labels, cut(side.people), right=right)


def broken_function(side: Side, rng: np.random.Generator) -> Side:
    """Take 30 % of its votes from the function that votes most."""
    matrix = side.votes.to_matrix()
    busiest = int((matrix >= 0).sum(axis=0).argmax())
    matrix[rng.random(len(matrix)) < 0.3, busiest] = -1
    return replace(side, votes=wh.Votes.from_matrix(matrix, side.votes.schema, sources=side.votes.sources))


def other_topic(side: Side, rng: np.random.Generator) -> Side:
    """Let a tenth of the texts speak of something new."""
    texts = side.columns["text"].to_numpy(dtype=object).copy()
    new = rng.random(len(texts)) < 0.1
    texts[new] = [f"{text} lottery winner claim prize" for text in texts[new]]
    return replace(side, columns=pd.DataFrame({"text": texts}))


def class_mix(side: Side, rng: np.random.Generator) -> Side:
    """Drop a third of the items of the commonest label."""
    common = int(np.bincount(side.labels[side.labels >= 0]).argmax())
    return _part(side, "second", np.flatnonzero((side.labels != common) | (rng.random(len(side.labels)) > 1 / 3)))


def worse_people(side: Side, rng: np.random.Generator) -> Side:
    """Turn a quarter of the ratings into guesses."""
    row, column, label = side.people.entries()
    guessed = rng.random(len(label)) < 0.25
    label = np.where(guessed, rng.integers(0, len(side.people.schema), len(label)), label)
    people = wh.Votes.from_entries((row, column, label), side.people.schema, side.people.items, side.people.sources)
    return replace(side, people=people)


def worse_labels(side: Side, rng: np.random.Generator) -> Side:
    """Make a tenth of the right labels wrong."""
    return replace(side, right=side.right & (rng.random(len(side.right)) > 0.1))


CASES: list[tuple[str, Callable[[str], Side], dict[str, Change]]] = [
    ("sms_spam", weak, {"a function loses 30 % of its votes": broken_function, "a new topic in 10 %": other_topic}),
    ("youtube_spam", weak, {"a function loses 30 % of its votes": broken_function, "a new topic in 10 %": other_topic}),
    ("video_tennis", weak, {"a third of one class is gone": class_mix}),
    ("yoruba_news", weak, {"a third of one class is gone": class_mix, "a new topic in 10 %": other_topic}),
    ("weather_full", crowd, {"a quarter of the ratings are guesses": worse_people}),
    ("web_relevance", crowd, {"a tenth of right labels go wrong": worse_labels}),
]


def measure(name: str, load: Callable[[str], Side], changes: dict[str, Change], runs: int) -> list[dict[str, Any]]:
    """Compare halves as they are, and with each change."""
    side, found = load(name), []
    for title, change in {"none": None, **changes}.items():
        rng = np.random.default_rng(20261127)
        alarms = 0
        for run in range(runs if change is None else max(runs // 4, 1)):
            before, after = halves(side, rng)
            after = after if change is None else change(after, rng)
            result = drift(before, after, seed=run, least_effect=0.0 if change is None else 0.05)
            alarms += bool(result.alarms)
        total = runs if change is None else max(runs // 4, 1)
        p = binomtest(alarms, total, 0.05, alternative="greater").pvalue if change is None else None
        row = {"set": name, "change": title, "runs": total, "alarms": alarms, "comparisons": len(result.shifts), "p": p}
        print(
            f"{name:<16}{title:<38}{total:>6}{alarms:>8}{len(result.shifts):>13}{'' if p is None else f'{p:>8.3f}'}",
            flush=True,
        )
        found.append(row)
    return found


STREAMS = {
    "no change, .9": [(1000, 0.9)],
    "no change, .6": [(1000, 0.6)],
    "no change, .9, 5,000 values": [(5000, 0.9)],
    ".9, then .7": [(500, 0.9), (500, 0.7)],
    ".9, then .8": [(500, 0.9), (500, 0.8)],
}


def measure_streams(runs: int) -> list[dict[str, Any]]:
    """Count the streams of flags with an alarm, and how late and how exactly a change at half is noticed."""
    found = []
    for title, parts in STREAMS.items():
        for method in ("adwin", "page-hinkley"):
            rng = np.random.default_rng(20261127)
            alarms, late, off = 0, [], []
            for _ in range(runs):
                values = np.concatenate([rng.random(n) < share for n, share in parts]).astype(float)
                changes = stream_changes(values, method=method)
                change = parts[0][0] if len(parts) > 1 else 0
                seen = [one for one in changes if one.noticed >= change]
                alarms += bool(seen)
                if change and seen:
                    late.append(seen[0].noticed - change)
                    off.append(abs(seen[0].at - change))
            row = {"stream": title, "method": method, "runs": runs, "alarms": alarms}
            row |= {"late": float(np.median(late)), "off": float(np.median(off))} if late else {}
            print(
                f"{title:<30}{method:<14}{runs:>6}{alarms:>8}{row.get('late', ''):>8}{row.get('off', ''):>8}",
                flush=True,
            )
            found.append(row)
    return found


def main() -> None:
    """Measure everything, print a table and write JSON; fail where too many alarms are false."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--streams", action="store_true", help="only streams of values, by ADWIN and Page-Hinkley")
    parser.add_argument("--out", type=Path, default=Path("drift.json"))
    arguments = parser.parse_args()
    if arguments.streams:
        print(f"{'stream':<30}{'method':<14}{'runs':>6}{'alarms':>8}{'late':>8}{'off':>8}")
        arguments.out.write_text(json.dumps(measure_streams(arguments.runs), indent=2))
        return
    print(f"{'set':<16}{'change':<38}{'runs':>6}{'alarms':>8}{'comparisons':>13}{'p':>8}")
    rows = [row for case in CASES for row in measure(*case, runs=arguments.runs)]
    arguments.out.write_text(json.dumps(rows, indent=2))
    if any(row["p"] is not None and row["p"] < 0.01 for row in rows):
        raise SystemExit("too many alarms are false")


if __name__ == "__main__":
    main()
