"""Label: functions to votes to label model."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from weakhitl.errors import DataError, StateError
from weakhitl.files import write_table
from weakhitl.gate import Assessment
from weakhitl.gold import Gold, gold_names
from weakhitl.label_model import Finding, diagnose
from weakhitl.labeling import Run, coverage_gaps, lf_accuracy, lf_pairs, lf_summary, run
from weakhitl.labeling.cache import VoteCache
from weakhitl.labeling.engines import make_engine
from weakhitl.labeling.progress import Progress
from weakhitl.notebook import html_table
from weakhitl.pipeline.diagnosis import gold_findings
from weakhitl.pipeline.functions import project_functions
from weakhitl.pipeline.gold_files import known_labels
from weakhitl.pipeline.hindsight import note_votes
from weakhitl.pipeline.online import take_in
from weakhitl.pipeline.shown import Changed, changed
from weakhitl.pipeline.texts import text_column
from weakhitl.pipeline.workspace import Workspace
from weakhitl.release.consensus_file import Labels
from weakhitl.schema import ABSTAIN
from weakhitl.wording import number_of


@dataclass(frozen=True, repr=False)
class Labelled:
    """What labelling gave: the run of the functions, labels from all votes so far, what the doctor finds in them.

    ``changed`` are routed items that read otherwise than when people were asked about them.
    """

    run: Run
    assessment: Assessment
    findings: list[Finding]
    changed: Changed

    def __repr__(self) -> str:
        facts = self.to_dict()
        return (
            f"<Labelled: {number_of(facts['items'], 'item')}, {number_of(facts['functions'], 'function')}, "
            f"{number_of(facts['votes'], 'vote')}; {facts['labelled']:,} labelled, {facts['confident']:,} confident>"
        )

    def _repr_html_(self) -> str:
        """Show in a notebook how many items each class has, and below what one should know: faults and warnings."""
        facts = self.to_dict()
        rows = [*facts["classes"].items(), ("no label", facts["items"] - facts["labelled"])]
        known = [f"fault: {fault}" for fault in self.run.faults] + [str(self.changed)] * bool(self.changed.items)
        known += [f"{one.code}: {one.message}" for one in self.findings if one.level == "warning"]
        table = [(name, f"{count:,}") for name, count in rows]
        return html_table(["class", "items"], table, repr(self).strip("<>"), "; ".join(known))

    def to_dict(self) -> dict[str, Any]:
        """Give counts, faults and seconds, ready for JSON."""
        final, votes = self.assessment.final, self.run.votes
        names = votes.schema.classes
        return {
            "items": len(votes),
            "functions": len(votes.sources),
            "votes": votes.n_votes,
            "covered": int(votes.class_counts().any(axis=1).sum()),
            "labelled": int((final.labels != ABSTAIN).sum()),
            "confident": int(self.assessment.released.sum()),
            "classes": {name: int((final.labels == code).sum()) for code, name in enumerate(names)},
            "faults": [
                {"function": f.function, "count": f.count, "item": str(f.item), "error": f.error}
                for f in self.run.faults
            ],
            "findings": [finding.to_dict() for finding in self.findings],
            "seconds": {name: round(value, 4) for name, value in self.run.seconds.items()},
            "slow": self.run.slow(),
            "changed": list(self.changed.items),
        }


def label(
    workspace: Workspace, out: Path | None = None, progress: Progress | None = None, *, cache: bool = True
) -> Labelled:
    """Run the labeling functions, keep their votes, and consolidate; write the labels to ``out`` if given.

    Items that arrived one by one since the last time are taken into the data first.
    """
    workspace.check_output(out)
    take_in(workspace)
    result = (
        _run(workspace, progress, cache=cache) if workspace.config.has_functions else Run(workspace.votes(), (), {})
    )
    assessment = workspace.assess()
    note_votes(workspace.store, assessment.evidence.functions)
    if out is not None:
        table = Labels(assessment).frame().drop(columns="released")
        write_table(out, table.assign(label=table["label"].fillna("")))
    findings = [*diagnose(assessment.ledger, assessment.model), *gold_findings(assessment)]
    return Labelled(result, assessment, findings, changed(workspace))


def _run(workspace: Workspace, progress: Progress | None, *, cache: bool) -> Run:
    """Run the labeling functions and keep their votes."""
    remembered = VoteCache(workspace.cache_path) if cache and workspace.config.labeling.cache else None
    functions = project_functions(workspace)
    settings = workspace.config.labeling
    result = run(
        functions,
        workspace.data_path,
        workspace.config.schema_,
        id=workspace.config.data.id,
        progress=progress,
        cache=remembered,
        engine=make_engine(settings.engine, settings.processes),
        on_error=settings.on_error,
        max_faults=settings.max_faults,
    )
    workspace.save_votes(result.votes)
    return result


def summarize_functions(
    workspace: Workspace, gold: Path | str | Gold | None = None, *, audit: bool = False
) -> pd.DataFrame:
    """Summarise the functions' votes in Snorkel's columns.

    ``gold`` is a file with columns item and label, or item -> class; with ``audit`` gold is what adjudicators decided
    on the random audit. ``Low`` and ``High`` then bound the accuracy, nan where it is unknown. Raises ``StateError``
    where there are no decisions.
    """
    votes = workspace.votes()
    if gold is None and not audit:
        return lf_summary(votes)
    known = gold_names(_audited(workspace) if gold is None else known_labels(gold, votes), votes.schema)
    found = lf_accuracy(votes, known).values()
    low, high = (
        [np.nan if end is None else end for end in ends] for ends in zip(*((e.low, e.high) for e in found), strict=True)
    )
    return lf_summary(votes, known).assign(Low=low, High=high)


def _audited(workspace: Workspace) -> "pd.Series[int]":
    evidence = workspace.evidence()
    decided = evidence.decisions()
    known = decided[decided.index.isin(evidence.audited) & (decided != ABSTAIN)]
    if known.empty:
        raise StateError("no item of a random audit has been adjudicated yet: `weakhitl status` says what comes next")
    return known


def find_gaps(workspace: Workspace, column: str | None = None) -> pd.DataFrame:
    """Find the words, in a column (without one, what people read first), of items on which no function votes."""
    votes = workspace.votes()
    return coverage_gaps(votes, workspace.items.loc[votes.items], column or text_column(workspace) or "text")


def compare_functions(workspace: Workspace) -> pd.DataFrame:
    """Compare every two labeling functions."""
    return lf_pairs(workspace.votes())


def votes_on(workspace: Workspace, item: str) -> dict[str, str | None]:
    """Give what each function votes on an item. Raises ``DataError`` for an item that is not there."""
    votes = workspace.votes()
    at = votes.items.get_indexer(pd.Index([item], dtype=object))[0]
    if at < 0:
        raise DataError("votes", f"item {item!r} is not among the items")
    codes = votes.take_items([at]).to_matrix()[0]
    return {name: votes.schema.name(int(code)) for name, code in zip(votes.sources, codes, strict=True)}


def label_table(assessment: Assessment) -> pd.DataFrame:
    """Give item, label (a class name or None) and confidence."""
    names = np.array([*assessment.final.schema.classes, None], dtype=object)
    final = assessment.final
    return pd.DataFrame({"item": final.items, "label": names[final.labels], "confidence": final.confidence})
