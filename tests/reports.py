"""Evidence for tests of the report: with all that a project can have, and with a hundred of everything."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from projects import CLASSES, ready
from weakhitl import Votes
from weakhitl.config import Config
from weakhitl.gate import Assessment, Context, Evidence, Gate, assess, run_gate
from weakhitl.release.evidence_files import read_evidence
from weakhitl.release.report import Report, hardest_items, report_content
from weakhitl.routing import Batch

AS_OF = datetime(2027, 1, 31, tzinfo=UTC)


def made(evidence: Evidence) -> tuple[Assessment, Gate]:
    """Assess and judge, as a release does."""
    assessment = assess(evidence)
    gate = run_gate(assessment)
    return (assessment if gate.withheld is None else assessment.withhold(gate.withheld)), gate


def report_of(evidence: Evidence, version: str = "1.1.0") -> dict:
    return report_content(*made(evidence), version)


def plain(folder: Path) -> Evidence:
    """The evidence of a small release: no columns, no earlier release, no times."""
    return read_evidence(ready(folder).release("1.0.0").path)


def rich(evidence: Evidence) -> Evidence:
    """Add groups, an earlier release, texts, times, money and a recalled source."""
    settings = evidence.config.model_dump(by_alias=True, exclude_unset=True)
    checks = [*settings["gate"]["check"], {"metric": "coverage", "slice": "place", "at_least": 0.1}]
    settings |= {
        "gate": {"check": checks},
        "annotation": settings["annotation"] | {"cost_per_hour": 30.0, "currency": "EUR"},
    }
    places = np.where(np.arange(len(evidence.items)) % 3 == 0, "<b>hill</b>", "sea").astype(object)
    places[:4] = "islet"
    first = report_content(*made(evidence), "1.0.0")
    previous = {
        "version": "1.0.0",
        "digest": "d" * 64,
        "created": "2026-12-01T00:00:00+00:00",
        "classes": {"sun": 0.5, "rain": 0.5},
        "counts": first["counts"],
        "functions": [*first["functions"][:-1], {"name": "gone", "coverage": 0.1, "conflicts": 0.05}],
        "agreement": first["agreement"]["dataset"],
        "checks": {check["name"]: check["estimate"] for check in first["gate"]["checks"]},
    }
    context = Context(
        AS_OF,
        previous=previous,
        attributes=pd.DataFrame({"place": places}, index=evidence.items),
        withdrawn={"function:says_fog": "its <i>list</i> was of another year"},
        texts={item: f"Text of {item} <script>alert(1)</script>" for item in hardest_items(assess(evidence))[1:]},
    )
    seconds = pd.Series(10.0, index=evidence.ratings.index).astype(object)
    seconds.iloc[0] = None
    ratings = evidence.ratings.assign(seconds=seconds)
    return replace(evidence, config=Config.model_validate(settings), context=context, ratings=ratings)


def crowded(evidence: Evidence, people: int = 100, sources: int = 100, n: int = 3000) -> Evidence:
    """A hundred functions and a hundred people with long names on a larger dataset."""
    rng = np.random.default_rng(0)
    items = [f"{at:05d}" for at in range(n)]
    truth = rng.integers(0, 3, n)
    matrix = np.where(rng.random((n, sources)) < 0.7, truth[:, None], rng.integers(0, 3, (n, sources)))
    matrix[rng.random((n, sources)) < 0.9] = -1
    names = [f"a_function_with_quite_a_long_name_{at:03d}" for at in range(sources)]
    chosen = rng.permutation(n)[:1000]
    rows = [
        (items[at], f"person-{who:03d}", CLASSES[truth[at] if rng.random() < 0.85 else rng.integers(0, 3)], "annotator")
        for at in chosen
        for who in rng.choice(people, 8, replace=False)
    ]
    rows += [(items[at], "senior", CLASSES[truth[at]], "adjudicator") for at in chosen]
    table = pd.DataFrame(
        {"item": [items[at] for at in chosen], "reason": "audit", "probability": 1000 / n, "rank": chosen + 1}
    )
    return replace(
        evidence,
        functions=Votes.from_matrix(matrix, evidence.schema, items=items, sources=names),
        ratings=pd.DataFrame(rows, columns=["item", "annotator", "label", "role"]),
        batches=(Batch("routing", 1, 8, n, table),),
    )


def save(evidence: Evidence, folder: Path) -> Path:
    """Write the report; give the page."""
    return Report(report_of(evidence)).save(folder)
