"""Plan: how many more items each check of the gate is likely to take."""

from typing import Any

from weakhitl.agreement import units_needed
from weakhitl.config import CheckSection
from weakhitl.gate import PASS, Subject, Verdict, run_policy
from weakhitl.gate.metrics import least_units
from weakhitl.pipeline.own_functions import own_checks
from weakhitl.pipeline.workspace import Workspace


def plan(workspace: Workspace) -> list[dict[str, Any]]:
    """Give a row per check: ready for JSON.

    ``check``, ``status``, ``measured`` (items the figure rests on so far), ``value``, ``needed`` (items in all until
    its bound would clear the bar if the value stays; None where more items alone will not do, or nothing is known),
    ``more`` and ``why``.
    """
    policy = workspace.config.gate
    subject = Subject.of(workspace.assess())
    gate = run_policy(subject, policy, own_checks(policy.check, workspace.root))
    return [_row(subject, check, verdict) for check, verdict in zip(policy.check, gate.verdicts, strict=True)]


def _row(subject: Subject, check: CheckSection, verdict: Verdict) -> dict[str, Any]:
    estimate = verdict.estimate
    needed = None
    if check.at_least is not None and verdict.status != PASS:
        needed = units_needed(estimate, check.at_least, check.confidence)
    if needed is not None:
        needed = max(needed, least_units(subject, check))
    return {
        "check": verdict.name,
        "status": verdict.status,
        "measured": estimate.n_pairable,
        "value": estimate.value,
        "needed": needed,
        "more": None if needed is None else max(0, needed - estimate.n_pairable),
        "why": verdict.why,
        "next": verdict.advice,
    }
