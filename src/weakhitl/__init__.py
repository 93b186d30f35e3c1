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

if TYPE_CHECKING:  # each name as itself, so that a type checker takes it for one of ours
    from weakhitl.agreement import (
        Paradox as Paradox,
        RaterGroup as RaterGroup,
        agreement_difference as agreement_difference,
        betting_bounds as betting_bounds,
        brennan_prediger as brennan_prediger,
        by_class as by_class,
        by_coder as by_coder,
        by_group as by_group,
        by_item as by_item,
        by_slice as by_slice,
        coder_agreement as coder_agreement,
        cohen_kappa as cohen_kappa,
        confused_classes as confused_classes,
        conger_kappa as conger_kappa,
        fleiss_kappa as fleiss_kappa,
        gwet_ac1 as gwet_ac1,
        gwet_ac2 as gwet_ac2,
        kappa_between_groups as kappa_between_groups,
        kappa_with_group as kappa_with_group,
        krippendorff_alpha as krippendorff_alpha,
        leniency as leniency,
        merges as merges,
        overlap_groups as overlap_groups,
        pairwise_cohen_kappa as pairwise_cohen_kappa,
        paradox as paradox,
        percent_agreement as percent_agreement,
        scott_pi as scott_pi,
        units_before as units_before,
        units_for_precision as units_for_precision,
        units_needed as units_needed,
    )
    from weakhitl.annotation import anchoring as anchoring, annotator_quality as annotator_quality
    from weakhitl.consensus import Consensus as Consensus
    from weakhitl.errors import WeakHITLError as WeakHITLError
    from weakhitl.estimate import Estimate as Estimate
    from weakhitl.feedback import error_threshold as error_threshold
    from weakhitl.feedback.end_model import EndModel as EndModel
    from weakhitl.label_model import (
        MACE as MACE,
        Calibration as Calibration,
        CrowdKitModel as CrowdKitModel,
        DawidSkene as DawidSkene,
        Explanation as Explanation,
        Finding as Finding,
        LabelModel as LabelModel,
        MajorityVote as MajorityVote,
        OneCoin as OneCoin,
        SnorkelLabelModel as SnorkelLabelModel,
        Triplets as Triplets,
        WeightedVote as WeightedVote,
        calibration as calibration,
        diagnose as diagnose,
        explain as explain,
        explain_source as explain_source,
        load_model as load_model,
        overturned as overturned,
        save_model as save_model,
    )
    from weakhitl.labeling import (
        LabelingFunction as LabelingFunction,
        Rule as Rule,
        apply as apply,
        classifier as classifier,
        coverage_gaps as coverage_gaps,
        discover as discover,
        gazetteer as gazetteer,
        get_label_buckets as get_label_buckets,
        get_label_instances as get_label_instances,
        keyword as keyword,
        labeling_function as labeling_function,
        lf_accuracy as lf_accuracy,
        lf_pairs as lf_pairs,
        lf_summary as lf_summary,
        lookup as lookup,
        plot_label_frequency as plot_label_frequency,
        plot_lf_accuracy as plot_lf_accuracy,
        plot_lf_conflicts as plot_lf_conflicts,
        plot_lf_summary as plot_lf_summary,
        plot_polarity as plot_polarity,
        preprocessor as preprocessor,
        regex as regex,
        threshold as threshold,
    )
    from weakhitl.monitor import Drift as Drift, drift as drift
    from weakhitl.pipeline import Project as Project
    from weakhitl.release import Difference as Difference, diff as diff, verify as verify
    from weakhitl.release.report import Report as Report
    from weakhitl.schema import ABSTAIN as ABSTAIN, LabelSchema as LabelSchema
    from weakhitl.votes import Patterns as Patterns, Votes as Votes
else:

    def __getattr__(name: str) -> Any:
        if name not in _HOMES:
            raise AttributeError(f"module 'weakhitl' has no attribute {name!r}")
        return getattr(import_module(f"weakhitl.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return list(__all__)
