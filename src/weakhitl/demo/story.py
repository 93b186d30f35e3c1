"""The story: a careless try that the gate stops, then a careful one."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from weakhitl.demo.replay import replay
from weakhitl.demo.scores import accuracies
from weakhitl.errors import StateError, UsageError
from weakhitl.files import read_table, write_table
from weakhitl.pipeline import Project

Invoke = Callable[[list[str]], int]
Echo = Callable[[str], None]

SEED = 7
_MARK = ".weakhitl-demo"
_HERE = Path(__file__).parent
_BROKEN = (2, 3)
"""Exit codes of a step that could not be done; a gate's are part of the story."""


def tell(out: Path, invoke: Invoke, echo: Echo) -> None:
    """Make the demo's two projects below ``out`` and run every step; ``invoke`` runs a command line."""
    source = _prepare(out)
    recorded = read_table(source / "ratings.csv")
    careless, careful = out / "careless", out / "weather"
    for project in (careless, careful):
        _copy_project(source, project)

    def step(text: str, *arguments: str) -> int:
        echo(f"\n{text}\n\n$ weakhitl {' '.join(arguments)}" if text else f"\n$ weakhitl {' '.join(arguments)}")
        code = invoke(list(arguments))
        if code in _BROKEN:
            raise StateError(f"the demo ends here, since 'weakhitl {arguments[0]}' ended with {code}")
        return code

    def people(project: Path, each: int | None, *, qualified: bool = False) -> None:
        loaded = Project.load(project)
        pool = recorded
        if qualified:
            listed = loaded.annotators()
            pool = recorded[recorded["annotator"].isin(listed.index[listed["qualified"]])]
        write_table(project / "rated.csv", replay(pool, loaded.batches[-1].items, each, SEED))

    echo("weakhitl demo: 1,000 tweets about the weather, 20 labeling functions, 102 people.")
    echo("People are replayed from recorded ratings; every step below is a command you can type.")
    _label(step, careless)
    _careless(step, echo, careless, people)
    _careful(step, echo, careful, people, read_table(source / "confirmed.csv"))
    _ending(echo, careful, source)


def _label(step: Callable[..., int], project: Path) -> None:
    step("1. LABEL. Rules of thumb vote on every tweet; a label model consolidates the votes.",
         "label", "--project", str(project))  # fmt: skip
    step("", "lfs", "--project", str(project))


def _careless(step: Callable[..., int], echo: Echo, project: Path, people: Callable[..., None]) -> None:
    where = ("--project", str(project))
    step(
        "2. A CARELESS TRY. Send items to whoever is there, three ratings each.",
        "route",
        "--overlap",
        "3",
        *where,
    )
    people(project, 3)
    echo("\n(three random people an item answer, as recorded, in rated.csv)")
    step("", "import", str(project / "rated.csv"), *where)
    step("", "agreement", *where, "--pairs", "0")
    code = step("", "check", *where)
    echo(f"exit code {code}: nothing is released.")


def _careful(
    step: Callable[..., int],
    echo: Echo,
    project: Path,
    people: Callable[..., None],
    confirmed: pd.DataFrame,
) -> None:
    where = ("--project", str(project))
    step(
        "3. A PILOT. Find out who reads the guideline: 500 random tweets with all their ratings.",
        "label",
        *where,
    )
    step("", "route", "--pilot", "500", *where)
    people(project, None)
    step("", "import", str(project / "rated.csv"), *where)
    listed = Project.load(project).annotators()
    echo(
        f"\n{int(listed['qualified'].sum())} of {len(listed)} people agree with the others often enough "
        "(weakhitl annotators lists them).\nThey were chosen by their agreement on these 500 tweets, so it is never "
        "measured on them:\nthat choice alone would lift alpha."
    )
    step(
        "4. THE OTHER 500. A random audit of 350, and the 100 that the functions disagree on most.",
        "route",
        *where,
    )
    people(project, 5, qualified=True)
    echo("\n(up to five qualified people an item answer, as recorded, in rated.csv)")
    step("", "import", str(project / "rated.csv"), *where)
    queue = project / "queue.csv"
    step("", "export", str(queue), "--adjudication", *where)
    write_table(project / "decided.csv", replay(confirmed, pd.Index(read_table(queue)["item"]), None, SEED))
    echo("\n(a second task's recorded decisions play the adjudicator; they were not independent of the ratings)")
    step("", "import", str(project / "decided.csv"), "--adjudication", *where)
    step("", "agreement", *where)
    step(
        "5. RELEASE, if the gate lets it. The bars are those of weakhitl.toml; nobody tuned them.",
        "check",
        *where,
    )
    if step("", "release", "1.0.0", *where) == 0:
        step("Anyone can check it, offline:", "verify", str(project / "releases" / "1.0.0"))


def _ending(echo: Echo, project: Path, source: Path) -> None:
    truth = read_table(source / "truth.csv").set_index("item")["label"]
    rows = accuracies(Project.load(project), truth)
    echo("\n6. THE TRUTH. 300 tweets have an independent truth, which nothing above has used;")
    echo(f"   {rows[0].known} of them have a class. Accuracy where there is a vote, ties shared:\n")
    width = max(len(row.name) for row in rows)
    for row in rows:
        echo(f"  {row.name:<{width}}  {row}")
    reports = sorted((project / "releases").glob("*/report.html"))
    echo("\n  The gate's release accuracy was measured against the adjudicator, who started from the ratings,")
    echo("  so it flatters; the report says so. An independent adjudicator is worth the money.")
    echo(f"\nReport: {reports[-1].resolve()}")


def _prepare(out: Path) -> Path:
    """Empty the folder if an earlier demo made it, refuse any other that holds something; find the example."""
    if out.exists() and any(out.iterdir()) and not (out / _MARK).exists():
        raise UsageError(f"{out} holds something that is no demo; choose another folder with --out")
    if out.exists():
        shutil.rmtree(out)
    out.mkdir(parents=True)
    (out / _MARK).touch()
    return example_folder()


def example_folder() -> Path:
    """Find the weather example: inside an installed package, else in the checkout."""
    packaged = _HERE / "weather"
    return packaged if packaged.is_dir() else _HERE.parents[2] / "examples" / "weather"


def _copy_project(source: Path, project: Path) -> None:
    """Copy what a user would have: the tweets, the configuration, functions and guideline; no rating, no truth."""
    project.mkdir()
    for name in ("weakhitl.toml", "tweets.csv"):
        shutil.copyfile(source / name, project / name)
    for name in ("labeling_functions/weather.py", "guidelines/weather.md"):
        packaged = source / name
        (project / name).parent.mkdir()
        shutil.copyfile(packaged if packaged.exists() else source.parents[1] / name, project / name)
