"""Small projects that the tests build: simulated items, functions and people with known quality."""

from pathlib import Path

import numpy as np
import pandas as pd

from weakhitl import Project

CLASSES = ("sun", "rain", "snow")

CONFIG = """\
[project]
name = "small"
[labels]
classes = ["sun", "rain", "snow"]
skip = ["I can't tell"]
[data]
path = "items.csv"
[labeling]
functions = ["labeling_functions/"]
[routing]
budget = 140
overlap = 3
audit = 120
seed = 3
[annotation]
guideline = "guidelines/guideline.md"
[[gate.check]]
metric = "krippendorff-alpha"
at_least = 0.5
[[gate.check]]
metric = "release-accuracy"
at_least = 0.7
[[gate.check]]
metric = "coverage"
at_least = 0.4
[release]
min_confidence = 0.955
"""

FUNCTIONS = """\
from weakhitl import ABSTAIN, labeling_function

@labeling_function
def says_sun(x):
    return "sun" if "sun" in x.text else ABSTAIN

@labeling_function
def says_rain(x):
    return "rain" if "rain" in x.text else ABSTAIN

@labeling_function
def says_snow(x):
    return "snow" if "snow" in x["text"] else None

@labeling_function
def first_word(x):
    return x.text.split()[0]
"""


class World:
    """Items whose text hints at their class, and people who are right with a given probability."""

    def __init__(self, n: int = 240, seed: int = 0) -> None:
        self.rng = np.random.default_rng(seed)
        self.truth = pd.Series(self.rng.choice(CLASSES, n), index=[f"{i:03d}" for i in range(n)])

    def items(self) -> pd.DataFrame:
        words = [f"{self._noisy(c, 0.8)} {self._noisy(c, 0.8)} today" for c in self.truth]
        return pd.DataFrame({"item": self.truth.index, "text": words})

    def ratings(self, items: pd.Index, people: dict[str, float]) -> pd.DataFrame:
        rows = [(i, who, self._noisy(self.truth[i], right)) for i in items for who, right in people.items()]
        return pd.DataFrame(rows, columns=["item", "annotator", "label"])

    def _noisy(self, label: str, right: float) -> str:
        return label if self.rng.random() < right else str(self.rng.choice(CLASSES))


def start(folder: Path, world: World) -> Project:
    """A project with items, functions and a guideline; nothing has run."""
    for name, text in {
        "weakhitl.toml": CONFIG,
        "labeling_functions/functions.py": FUNCTIONS,
        "guidelines/guideline.md": "# Look out of the window\n",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    world.items().to_csv(folder / "items.csv", index=False)
    return Project.load(folder)


def ask_for_coverage_alone(folder: Path, min_confidence: float) -> None:
    """Let a gate pass that asks for next to nothing."""
    config = folder / "weakhitl.toml"
    gate = f'[[gate.check]]\nmetric = "coverage"\nat_least = 0.0\n[release]\nmin_confidence = {min_confidence}\n'
    config.write_text(config.read_text().partition("[[gate.check]]")[0] + gate)


def collect(project: Project, folder: Path, table: pd.DataFrame, **settings):
    """Import a table of ratings through a file."""
    table.to_csv(folder / "rated.csv", index=False)
    return project.collect(folder / "rated.csv", **settings)


def ready(folder: Path, *, right: float = 0.92) -> Project:
    """A project that has gone all the way to a gate; with good people it passes."""
    world = World()
    project = start(folder, world)
    project.label()
    project.route()
    people = dict.fromkeys(("ana", "bo", "cy"), right)
    collect(project, folder, world.ratings(project.batches[0].items, people))
    queue = project.export(folder / "queue.csv", adjudication=True).table
    collect(project, folder, world.ratings(pd.Index(queue["item"]), {"senior": 1.0}), adjudication=True)
    return project
