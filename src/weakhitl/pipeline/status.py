"""Status: how far a project is, and the command that comes next."""

from collections.abc import Mapping
from typing import Any

from weakhitl.agreement import krippendorff_alpha
from weakhitl.annotation import AnnotatorQuality
from weakhitl.annotation.counting import COUNTED
from weakhitl.errors import StateError
from weakhitl.estimate import Estimate
from weakhitl.gate import FAIL, PASS, Assessment, recall_rows, run_gate
from weakhitl.pipeline.annotate import people_quality
from weakhitl.pipeline.guideline import left_to_write
from weakhitl.pipeline.own_functions import own_checks
from weakhitl.pipeline.release import is_released
from weakhitl.pipeline.revision import before_and_after
from weakhitl.pipeline.shown import changed
from weakhitl.pipeline.workspace import Workspace
from weakhitl.release.kpis import interventions, kpis as key_figures
from weakhitl.release.last_release import next_patch, release_folders
from weakhitl.routing.batch import PILOT
from weakhitl.votes import Votes
from weakhitl.wording import number_of

_ROUTE = "weakhitl route --pilot N (to qualify people and teach the model) or weakhitl route"
_ROUTE_ALL = (
    "weakhitl route --all, or a part: ratings of items in no batch help to label, but nothing is measured on them"
)
_RATE = "weakhitl annotate, or weakhitl export tasks.csv, have them rated, weakhitl import tasks.csv"
_DECIDE = "weakhitl export --adjudication queue.csv, decide, weakhitl import --adjudication queue.csv"


def status(workspace: Workspace, *, checks: bool = False, kpis: bool = False) -> dict[str, Any]:
    """Say what is there and what to do next; ready for JSON.

    With ``checks`` also what each says, and the agreement; with ``kpis`` the key figures.

    The run of the gate is not logged: nothing is decided by it.
    """
    facts: dict[str, Any] = {
        "project": workspace.config.project.name,
        "items": len(workspace.items),
    }
    if unwritten := left_to_write(workspace.guideline_path):
        facts["guideline"] = unwritten
    try:
        assessment = workspace.assess()
    except StateError as error:
        return facts | {"labelled": str(error), "next": "weakhitl label"}
    if arrived := len(workspace.arrivals.items() - {*assessment.evidence.items}):
        facts["arrived since the functions ran"] = arrived
    if others := str(changed(workspace)):
        facts["changed"] = others
    people = assessment.counted
    batches = assessment.evidence.batches
    facts |= {
        "covered by functions": int(assessment.automatic.known.sum()),
        "confident": int(assessment.released.sum()),
        "batches": [f"{batch.kind}, {number_of(len(batch.items), 'item')}" for batch in batches],
        "ratings": len(people.ratings),
        "ratings that count": int((people.ratings["fate"] == COUNTED).sum()),
        "annotators": int(people.ratings["annotator"].nunique()),
    }
    if people.annotators is not None:
        facts["annotators qualified"] = int(people.annotators["qualified"].sum())
    facts["waiting for annotators"] = len(assessment.still_wanted)
    left = assessment.adjudication_queue["item"]
    facts["waiting for the adjudicator"] = int((~left.isin(assessment.still_wanted.index)).sum())
    gate = run_gate(assessment, own_checks(workspace.config.gate.check, workspace.root))
    facts["gate"] = gate.status
    if checks:
        facts["checks"] = [verdict.to_dict() for verdict in gate.verdicts]
        facts["agreement"] = _agreement(assessment)
        facts["revision"] = _revision(workspace)
        facts["people"] = {one.name: _quality(one) for one in people_quality(workspace)}
    if kpis:
        facts["kpis"] = {name: one.to_dict() for name, one in key_figures(assessment).items()}
        facts["interventions"] = interventions(assessment).to_dict("records")
    folders = release_folders(workspace.releases)
    facts["releases"] = [folder.name for folder in folders]
    if withdrawn := assessment.evidence.context.withdrawn:
        facts["recalled"] = [f"{name}: {why}" for name, why in recall_rows(withdrawn)]
    if flags := workspace.flags():
        facts["flagged"] = [f"{one.item}: {one.body['note']}" for one in flags]
    facts["next"] = _next(workspace, assessment, facts)
    return facts


def _agreement(assessment: Assessment) -> dict[str, Any]:
    """Krippendorff's alpha of what people said so far, for the dataset, with its interval."""
    votes, level = assessment.counted.measured, assessment.evidence.config.labels.level
    weights = assessment.measured_weights if len(votes) else None
    alpha = krippendorff_alpha(votes, level=level, weights=weights)
    return alpha.to_dict() | {"text": str(alpha)}


def _revision(workspace: Workspace) -> dict[str, str] | None:
    """Put the agreement before and after items were asked again in words; None where none were."""
    if workspace.store.ratings(retired=True).empty:
        return None
    found = before_and_after(workspace)
    words = {name: str(Estimate(**found[name])) for name in ("before", "after", "difference")}
    return words | {"items": f"{found['items']:,}", "compared": f"{found['compared']:,}", "why": found["why"]}


def _quality(one: AnnotatorQuality) -> dict[str, Any]:
    """Put somebody's figures in a few words each."""
    shares = {"agrees": one.loo_agreement, "gold": one.gold_accuracy, "repeats": one.self_consistency}
    words = {name: _share(found) for name, found in shares.items()}
    return words | {"patterns": [pattern.name for pattern in one.patterns]}


def _share(found: Estimate) -> str:
    if found.value is None or found.low is None or found.high is None:
        return ""
    return f"{found.value:.0%} ({found.low:.0%} to {found.high:.0%})"


def _next(workspace: Workspace, assessment: Assessment, facts: Mapping[str, Any]) -> str:
    """Give the command that comes next."""
    batches = assessment.evidence.batches
    if not batches:
        return _first_batch(assessment.evidence.functions)
    if not assessment.counted.ratings["item"].isin(batches[-1].items).any():
        return _RATE
    if batches[-1].kind == PILOT and not facts["waiting for annotators"] and facts["gate"] != PASS:
        return "weakhitl annotators, then weakhitl route"
    if facts["waiting for annotators"] and facts["gate"] != PASS:
        return f"{_RATE}; then {_DECIDE}"
    if len(assessment.adjudication_queue):
        return f"weakhitl annotate, or {_DECIDE}"
    what = "fails" if facts["gate"] == FAIL else "is missing"
    return _release(workspace, assessment) if facts["gate"] == PASS else f"weakhitl check says what {what}"


def _release(workspace: Workspace, assessment: Assessment) -> str:
    folders = release_folders(workspace.releases)
    if not folders:
        return "weakhitl release 1.0.0"
    if is_released(workspace, assessment.evidence, folders[-1]):
        return f"nothing: release {folders[-1].name} rests on the same votes, ratings and configuration"
    return f"weakhitl release {next_patch(folders[-1].name)}"


def _first_batch(functions: Votes) -> str:
    if not functions.sources:
        return _ROUTE_ALL
    return _ROUTE if functions.n_votes else f"edit the functions, of which none votes, then weakhitl label; or {_ROUTE}"
