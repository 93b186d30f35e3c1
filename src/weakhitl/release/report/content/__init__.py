"""What the report says, as plain data: ``report.json``, from which the pages are drawn."""

from typing import Any

from weakhitl.gate import Assessment, Gate
from weakhitl.release.kpis import kpis
from weakhitl.release.report.content.agreement import agreement_content
from weakhitl.release.report.content.audit import audit_content
from weakhitl.release.report.content.cost import cost_content
from weakhitl.release.report.content.cross_check import cross_check
from weakhitl.release.report.content.drift import drift_content
from weakhitl.release.report.content.groups import groups_content
from weakhitl.release.report.content.hardest import hardest_content, hardest_items
from weakhitl.release.report.content.labels import Labelled, classes_content, confidence_content, counts_content
from weakhitl.release.report.content.people import adjudication_content, annotators_content
from weakhitl.release.report.content.sources import functions_content, model_content

__all__ = ["agreement_content", "hardest_items", "report_content"]

FORMAT = 1


def report_content(assessment: Assessment, gate: Gate, version: str) -> dict[str, Any]:
    """Collect every figure of the report; ready for JSON, without nan.

    ``assessment`` is without the parts that ``gate`` withholds. Nothing else goes in, so that ``verify`` finds the
    same figures.
    """
    context, config = assessment.evidence.context, assessment.evidence.config
    labelled = Labelled.of(assessment)
    content: dict[str, Any] = {
        "format": FORMAT,
        "name": config.project.name,
        "version": version,
        "year": context.as_of.year,
        "gate": gate.to_dict(),
        "counts": counts_content(assessment, labelled),
        "classes": classes_content(assessment, labelled),
        "functions": functions_content(assessment),
        "confidence": confidence_content(labelled),
        "agreement": agreement_content(assessment),
        "annotators": annotators_content(assessment),
        "label_model": model_content(assessment),
        "adjudication": adjudication_content(assessment),
        "audit": audit_content(assessment),
        "hardest": hardest_content(assessment),
        "groups": groups_content(assessment, labelled),
        "cross_check": cross_check(assessment.counted.measured),
        "recalled": dict(context.withdrawn),
        "policy": {"min_confidence": config.release.min_confidence, "skip": config.labels.skip},
    }
    if config.labels.former:  # older releases have none
        content["policy"]["former"] = config.labels.former
    content["kpis"] = {name: one.to_dict() for name, one in kpis(assessment).items()}
    content["cost"] = cost_content(assessment, content["counts"]["released"])
    content["drift"] = drift_content(content, context.previous)
    return content
