"""``Project``: what the commands do, from Python."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from weakhitl.agreement import AgreementFigures
from weakhitl.annotation import AnnotatorQuality, TakenBack
from weakhitl.config import CONFIG_NAME, Config
from weakhitl.estimate import Estimate
from weakhitl.gate import Assessment, Gate
from weakhitl.gold import Gold
from weakhitl.label_model import Explanation
from weakhitl.labeling.progress import Progress, reported
from weakhitl.monitor import Drift
from weakhitl.pipeline import (
    annotate,
    bias as groups,
    diagnosis,
    drift as drifting,
    exchange,
    judges,
    keep,
    label,
    licences,
    plan,
    recall,
    refine as refining,
    refinement_files,
    release,
    revision,
    simulate as simulation,
    status,
    streams,
    threshold as acceptance,
)
from weakhitl.pipeline.online import OnlineReport, arrival_table, online_report
from weakhitl.pipeline.route import route
from weakhitl.pipeline.workspace import Workspace
from weakhitl.release.report import Report
from weakhitl.routing import Batch
from weakhitl.votes import Votes

if TYPE_CHECKING:
    from weakhitl.pipeline.ratings import Groups
    from weakhitl.pipeline.train import Trained


class Project:
    """A folder with a ``weakhitl.toml``, and the steps from its items to a release.

    Every method does what the command of the same name does, raises a ``WeakHITLError`` where that exits
    with an error, and gives back what that prints.

    For example::

        project = Project.load("weather")
        project.label()
        project.route()
        project.collect("ratings.csv")
        project.check().status

    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    @classmethod
    def load(cls, path: Path | str = ".") -> "Project":
        """Open a project by its folder or its ``weakhitl.toml``. Raises ``ConfigError`` with every fault."""
        return cls(Workspace.open(path))

    def __repr__(self) -> str:
        return f"Project({str(self._workspace.root)!r})"

    @property
    def config(self) -> Config:
        """The checked configuration."""
        return self._workspace.config

    @property
    def items(self) -> pd.DataFrame:
        """The dataset, indexed by item id."""
        return self._workspace.items

    @property
    def votes(self) -> Votes:
        """The labeling functions' votes."""
        return self._workspace.votes()

    @property
    def batches(self) -> Sequence[Batch]:
        """What was sent to annotators, oldest first."""
        return self._workspace.store.batches()

    def label(
        self, out: Path | str | None = None, progress: Progress | bool = False, *, cache: bool = True
    ) -> label.Labelled:
        """Run the labeling functions and consolidate; write the labels to ``out`` if given.

        Only functions and rows that changed run; ``cache=False`` runs all. ``progress`` is that of ``weakhitl.apply``.
        """
        with reported(progress, "labeling functions") as told:
            return label.label(self._workspace, Path(out) if out is not None else None, told, cache=cache)

    def lfs(self, gold: Path | str | Gold | None = None, *, audit: bool = False) -> pd.DataFrame:
        """Summarise the labeling functions; accuracies against ``gold``: item -> class, or a file with item and label.

        With ``audit`` they are against what adjudicators decided on the random audit.
        """
        return label.summarize_functions(self._workspace, gold, audit=audit)

    def coverage_gaps(self, column: str | None = None) -> pd.DataFrame:
        """Give the words of a column that items without any vote hold more often than others.

        Without a column it is the one that people read first.
        """
        return label.find_gaps(self._workspace, column)

    def watched_files(self) -> list[Path]:
        """List the files that labels depend on (configuration, data, functions, rules' files), and their folders."""
        workspace = self._workspace
        files = workspace.input_files
        listed = [path for path in (workspace.data_path, *workspace.function_paths) if path.is_dir()]
        folders = dict.fromkeys([*listed, *(path.parent for path in files if path.suffix == ".py")])
        return [workspace.root / CONFIG_NAME, *files, *folders]

    def lf_pairs(self) -> pd.DataFrame:
        """Compare every two labeling functions: where both vote, conflict, and repeat each other."""
        return label.compare_functions(self._workspace)

    def votes_on(self, item: str) -> dict[str, str | None]:
        """Give what each labeling function votes on an item; None where it abstains."""
        return label.votes_on(self._workspace, item)

    def doctor(self, gold: Path | str | Gold | None = None) -> diagnosis.Diagnosis:
        """Look for what makes labels wrong; ``gold``, as for ``lfs``, gives a second opinion."""
        return diagnosis.doctor(self._workspace, gold)

    def explain(self, item: str) -> Explanation:
        """Say what each vote adds to an item's label."""
        return diagnosis.explain_item(self._workspace, item)

    def explain_source(self, source: str) -> pd.DataFrame:
        """Give a source's error rates with credible intervals, and what its votes are worth."""
        return diagnosis.explain_one_source(self._workspace, source)

    def labels(self) -> pd.DataFrame:
        """Give item, label and confidence, from all votes so far."""
        return label.label_table(self.assess())

    def assess(self) -> Assessment:
        """Give labels and all that they were made of."""
        return self._workspace.assess()

    def route(self, **settings: Any) -> Batch:
        """Draw the next batch for annotators: pilot=, budget= or everything=, audit=, overlap=, seed=, another=."""
        return route(self._workspace, **settings)

    def undo_routing(self) -> TakenBack:
        """Take back what was routed last, a batch or items that were asked again, while nobody has answered."""
        return self._workspace.desk.take_back()

    def export(self, out: Path | str, **settings: Any) -> exchange.Exported:
        """Write the items that wait for annotators to a file: adjudication=, to=, ratings=, predictions=, text=."""
        return exchange.export(self._workspace, Path(out), **settings)

    def collect(self, ratings: Path | str | pd.DataFrame, **settings: Any) -> exchange.Collected:
        """Take ratings of a file or a table: adjudication=, columns=(item, annotator, label), wide=annotators' columns.

        Also people=, default_annotator=; of another tool's file source=, own_ids=.
        """
        return exchange.collect(self._workspace, ratings, **settings)

    def check_output(self, path: Path | None) -> None:
        """Raise ``UsageError`` where writing to a file would replace or join what the project reads."""
        self._workspace.check_output(path)

    def annotators(self) -> pd.DataFrame:
        """List the people who rated, and whether they qualify."""
        return annotate.annotators(self._workspace)

    def people_quality(self) -> list[AnnotatorQuality]:
        """Say how well people rate: on gold, against the others, against themselves, how fast, in what patterns."""
        return annotate.people_quality(self._workspace)

    def suggestion_effect(self) -> Estimate:
        """Estimate by how much people agree more with a suggestion when they see it."""
        return annotate.suggestion_effect(self._workspace)

    def ask_again(
        self,
        classes: Sequence[str] = (),
        where: Mapping[str, str] | None = None,
        *,
        budget: int | None = None,
        everything: bool = False,
    ) -> tuple[int, int]:
        """Ask rated items again after a revision; give how many items, and how many ratings were set aside.

        Those of a class or of a column's value; so many of them, or of all, by lot; or all.
        """
        return revision.ask_again(self._workspace, classes, where, budget=budget, everything=everything)

    def before_and_after(self) -> dict[str, Any]:
        """Compare the agreement on items that were asked again: before and after."""
        return revision.before_and_after(self._workspace)

    def agreement(self, by: str | Sequence[str] = (), groups: "Groups | None" = None) -> AgreementFigures:
        """Measure the annotators' agreement in every way; ``by`` names columns of the data, or one, to slice by.

        ``groups`` compares people: the name of what groups them -> person -> group.
        """
        return release.agreement(self._workspace, by, groups)

    def plan(self) -> list[dict[str, Any]]:
        """Say for each check how many more items it is likely to take."""
        return plan.plan(self._workspace)

    def threshold(self, **how: Any) -> acceptance.Accepted:
        """Find by the audit which labels need no person: scores=, error=, confidence=, by_class=."""
        return acceptance.threshold(self._workspace, **how)

    def check(self, where: Mapping[str, str] | None = None, log: Path | None = None) -> Gate:
        """Run the gate, or only on the items whose columns have the values of ``where``; the run is logged."""
        return release.check(self._workspace, where, log)

    def release(self, version: str, *, archive: bool = False) -> release.Released:
        """Release, or write the report of a refusal; with ``archive`` also as one zip file."""
        return release.release(self._workspace, version, archive=archive)

    def recall(
        self, source: str | Sequence[str], why: str, *, dry_run: bool = False, make_release: bool = True
    ) -> recall.Recalled:
        """Withdraw a function, a person, or items (item:ID, or a list of such), and release without.

        With ``dry_run`` only say what rests on it.
        """
        return recall.recall(self._workspace, source, why, dry_run=dry_run, make_release=make_release)

    def lift_recall(self, source: str, why: str) -> str:
        """Let a recalled source or item count again; give its whole name."""
        return recall.lift(self._workspace, source, why)

    def online(self) -> OnlineReport:
        """Say how the decisions on items that arrive one by one do."""
        return online_report(self._workspace)

    @property
    def arrivals(self) -> pd.DataFrame:
        """What arrived one by one: item, label, confidence, outcome, by, watched, people."""
        return arrival_table(self._workspace)

    def bias(self, column: str, **how: Any) -> groups.Bias:
        """Compare the groups of items that a column makes: confidence=, smallest=, seed=."""
        return groups.bias(self._workspace, column, **how)

    def metric_frame(self, columns: Sequence[str], metrics: Any) -> Any:
        """Give fairlearn's ``MetricFrame`` of the functions' labels on the audit: any metric, by columns."""
        return groups.metric_frame(self._workspace, columns, metrics)

    def drift(self, new: Path | str | pd.DataFrame | None = None, **how: Any) -> Drift:
        """Say in what new items, of a file or a table, differ from the earlier ones; or those since the last release.

        ``how`` is that of ``weakhitl.drift``: by=, smallest=, alpha=, least_effect=, seed=.
        """
        return drifting.project_drift(self._workspace, new, **how)

    def watch(self) -> list[streams.Watched]:
        """Say where people's agreement and pace, and the audit, changed as time went by."""
        return streams.watch(self._workspace)

    def refine(self, *, most: int = 10, seed: int = 0) -> refining.Refined:
        """Say what human labels overturn, leave uncovered, and suggest; nothing changes."""
        return refining.refine(self._workspace, most=most, seed=seed)

    def write_refinements(self, found: refining.Refined, numbers: Sequence[int], stub: str | None = None) -> list[Path]:
        """Write a patch with the proposals of these numbers (from 1), and a stub of a narrower function; give both.

        Raises ``UsageError`` for a number or a function that is not there.
        """
        return refinement_files.write(self._workspace, found, numbers, stub)

    def train(self, **settings: Any) -> "Trained":
        """Train a classifier on the labels: columns=, estimator=, folds=, seed=, votes_above=, out=."""
        from weakhitl.pipeline.train import train  # brings much of scikit-learn

        return train(self._workspace, **settings)

    def judge(self, name: str, progress: Progress | bool = False, **how: Any) -> judges.Judged:
        """Ask a judge about all items that it has not answered yet, or of a random sample: sample=, seed=."""
        with reported(progress, f"Asking {name}") as told:
            return judges.run_judge(self._workspace, name, progress=told, **how)

    def quote(self, name: str, **how: Any) -> judges.Quote:
        """Say what ``judge`` would ask and cost; nothing is sent."""
        return judges.quote_judge(self._workspace, name, **how)

    def licence(self, name: str, *, at_least: float, **how: Any) -> licences.Licence:
        """License a judge for classes where the lower bound of its audited accuracy clears a bar: confidence=, by=."""
        return licences.licence(self._workspace, name, at_least=at_least, **how)

    def judges(self) -> list[dict[str, Any]]:
        """Say of each judge what it voted, what it cost, and what it is licensed for."""
        return licences.judge_list(self._workspace)

    def recorded(self, seconds: float | None = None, cost_per_hour: float | None = None) -> simulation.Recorded:
        """Give the ratings that count and the truth that is known, to be replayed by ``weakhitl simulate``."""
        return simulation.recorded_in(self._workspace, seconds, cost_per_hour)

    def report(self) -> Report:
        """Make the report as a release would now have it, with people's own names; nothing is written."""
        return release.report(self._workspace)

    def backup(self, out: Path | str) -> int:
        """Copy what people said into one file; give how many events it holds."""
        return keep.backup(self._workspace, Path(out))

    def restore(self, file: Path | str, *, replace: bool = False) -> tuple[int, Path | None]:
        """Bring back what a backup holds; give how many events, and where the store is that was there."""
        return keep.restore(self._workspace, Path(file), replace=replace)

    def status(self, *, checks: bool = False, kpis: bool = False) -> dict[str, Any]:
        """Say how far the project is; with ``checks`` also what each says, and the agreement; with ``kpis`` those."""
        return status.status(self._workspace, checks=checks, kpis=kpis)
