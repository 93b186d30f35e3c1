"""What a user's type checker sees: mypy reads this file, strictly, and nothing runs it."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import weakhitl as wh


@wh.labeling_function
def wins(x: Any) -> str | None:
    return "SPAM" if "win" in x.text else None


@wh.labeling_function(name="listed", resources={"words": {"free"}})
def listed(x: Any, words: set[str]) -> int | str:
    return "SPAM" if words & set(x.text.split()) else wh.ABSTAIN


def consolidated(table: pd.DataFrame) -> tuple[wh.Votes, float]:
    schema = wh.LabelSchema(["HAM", "SPAM"])
    votes = wh.apply([wins, listed, wh.keyword("asks", ["how"], label="HAM")], table, schema, progress=True)
    model = wh.LabelModel(balance=[0.5, 0.5]).fit(votes, gold={0: "SPAM"})
    proba = model.predict_proba(votes)
    found = wh.calibration(proba, np.array([1, 0]))
    doubts = [one.code for one in wh.diagnose(votes, model)]
    assert wh.explain(model, votes, 0).label in schema.classes or doubts
    return votes, found.ece.value or float(proba.max())


def agreed(votes: wh.Votes) -> float:
    alpha: wh.Estimate = wh.krippendorff_alpha(votes, weights=np.ones(len(votes)))
    return 0.0 if alpha.low is None else alpha.low


def released(folder: Path) -> bool:
    project = wh.Project.load(folder)
    project.label("labels.csv", progress=True)
    project.collect(pd.DataFrame({"item": ["a"], "annotator": ["ana"], "label": ["SPAM"]}))
    gate = project.check()
    made = project.release("1.0.0")
    return gate.status == "pass" and made.path.exists() and wh.verify(made.path).holds
