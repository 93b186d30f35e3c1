"""Weak supervision, several annotators and a release gate.

Names are loaded when they are first used, so that ``import weakhitl`` and ``weakhitl --help`` stay quick.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOMES = {
    "ABSTAIN": "schema",
    "Calibration": "label_model",
    "Consensus": "consensus",
    "CrowdKitModel": "label_model",
    "DawidSkene": "label_model",
    "Difference": "release",
    "Drift": "monitor",
    "EndModel": "feedback.end_model",
    "Estimate": "estimate",
    "Explanation": "label_model",
    "Finding": "label_model",
    "LabelModel": "label_model",
    "LabelSchema": "schema",
    "LabelingFunction": "labeling",
    "MACE": "label_model",
    "MajorityVote": "label_model",
    "OneCoin": "label_model",
    "Paradox": "agreement",
    "RaterGroup": "agreement",
    "Patterns": "votes",
    "Project": "pipeline",
    "Report": "release.report",
    "Rule": "labeling",
    "SnorkelLabelModel": "label_model",
    "Triplets": "label_model",
    "Votes": "votes",
    "WeakHITLError": "errors",
    "WeightedVote": "label_model",
    "agreement_difference": "agreement",
    "anchoring": "annotation",
    "annotator_quality": "annotation",
    "apply": "labeling",
    "betting_bounds": "agreement",
    "brennan_prediger": "agreement",
    "by_class": "agreement",
    "by_coder": "agreement",
    "by_group": "agreement",
    "by_item": "agreement",
    "by_slice": "agreement",
    "calibration": "label_model",
    "classifier": "labeling",
    "coder_agreement": "agreement",
    "cohen_kappa": "agreement",
    "confused_classes": "agreement",
    "conger_kappa": "agreement",
    "coverage_gaps": "labeling",
    "diagnose": "label_model",
    "diff": "release",
    "discover": "labeling",
    "drift": "monitor",
    "error_threshold": "feedback",
    "explain": "label_model",
    "explain_source": "label_model",
    "fleiss_kappa": "agreement",
    "gazetteer": "labeling",
    "get_label_buckets": "labeling",
    "get_label_instances": "labeling",
    "gwet_ac1": "agreement",
    "gwet_ac2": "agreement",
    "kappa_between_groups": "agreement",
    "kappa_with_group": "agreement",
    "keyword": "labeling",
    "krippendorff_alpha": "agreement",
    "labeling_function": "labeling",
    "leniency": "agreement",
    "lf_accuracy": "labeling",
    "lf_pairs": "labeling",
    "lf_summary": "labeling",
    "load_model": "label_model",
    "lookup": "labeling",
    "merges": "agreement",
    "overlap_groups": "agreement",
    "overturned": "label_model",
    "pairwise_cohen_kappa": "agreement",
    "paradox": "agreement",
    "percent_agreement": "agreement",
    "plot_label_frequency": "labeling",
    "plot_lf_accuracy": "labeling",
    "plot_lf_conflicts": "labeling",
    "plot_lf_summary": "labeling",
    "plot_polarity": "labeling",
    "preprocessor": "labeling",
    "regex": "labeling",
    "save_model": "label_model",
    "scott_pi": "agreement",
    "threshold": "labeling",
    "units_before": "agreement",
    "units_for_precision": "agreement",
    "units_needed": "agreement",
    "verify": "release",
}

__all__ = ["__version__", *sorted(_HOMES)]  # noqa: PLE0604 - the table above is the one list of names

if TYPE_CHECKING:
    from weakhitl.agreement import (
        Paradox,
        RaterGroup,
        agreement_difference,
        betting_bounds,
        brennan_prediger,
        by_class,
        by_coder,
        by_group,
        by_item,
        by_slice,
        coder_agreement,
        cohen_kappa,
        confused_classes,
        conger_kappa,
        fleiss_kappa,
        gwet_ac1,
        gwet_ac2,
        kappa_between_groups,
        kappa_with_group,
        krippendorff_alpha,
        leniency,
        merges,
        overlap_groups,
        pairwise_cohen_kappa,
        paradox,
        percent_agreement,
        scott_pi,
        units_before,
        units_for_precision,
        units_needed,
    )
    from weakhitl.annotation import anchoring, annotator_quality
    from weakhitl.consensus import Consensus
    from weakhitl.errors import WeakHITLError
    from weakhitl.estimate import Estimate
    from weakhitl.feedback import error_threshold
    from weakhitl.feedback.end_model import EndModel
    from weakhitl.label_model import (
        MACE,
        Calibration,
        CrowdKitModel,
        DawidSkene,
        Explanation,
        Finding,
        LabelModel,
        MajorityVote,
        OneCoin,
        SnorkelLabelModel,
        Triplets,
        WeightedVote,
        calibration,
        diagnose,
        explain,
        explain_source,
        load_model,
        overturned,
        save_model,
    )
    from weakhitl.labeling import (
        LabelingFunction,
        Rule,
        apply,
        classifier,
        coverage_gaps,
        discover,
        gazetteer,
        get_label_buckets,
        get_label_instances,
        keyword,
        labeling_function,
        lf_accuracy,
        lf_pairs,
        lf_summary,
        lookup,
        plot_label_frequency,
        plot_lf_accuracy,
        plot_lf_conflicts,
        plot_lf_summary,
        plot_polarity,
        preprocessor,
        regex,
        threshold,
    )
    from weakhitl.monitor import Drift, drift
    from weakhitl.pipeline import Project
    from weakhitl.release import Difference, diff, verify
    from weakhitl.release.report import Report
    from weakhitl.schema import ABSTAIN, LabelSchema
    from weakhitl.votes import Patterns, Votes


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'weakhitl' has no attribute {name!r}")
    return getattr(import_module(f"weakhitl.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return list(__all__)
