"""Inter-annotator agreement: coefficients with intervals, where they come from, and how many more units they need."""

from weakhitl.agreement.alpha import krippendorff_alpha
from weakhitl.agreement.breakdown import (
    agreement_difference,
    by_class,
    by_coder,
    by_item,
    by_slice,
    coder_agreement,
    merges,
)
from weakhitl.agreement.coefficients import COEFFICIENTS
from weakhitl.agreement.confusion import Paradox, confused_classes, overlap_groups, paradox
from weakhitl.agreement.intervals import Uncertainty
from weakhitl.agreement.kappas import (
    brennan_prediger,
    conger_kappa,
    fleiss_kappa,
    gwet_ac1,
    gwet_ac2,
    percent_agreement,
)
from weakhitl.agreement.pairwise import pairwise_cohen_kappa
from weakhitl.agreement.planning import units_before, units_for_precision, units_needed
from weakhitl.agreement.rater_groups import RaterGroup, by_group
from weakhitl.agreement.scale import leniency
from weakhitl.agreement.sequential import betting_bounds
from weakhitl.agreement.summary import AgreementFigures, agreement_summary
from weakhitl.agreement.two_sources import cohen_kappa, kappa_between_groups, kappa_with_group, scott_pi

__all__ = [
    "COEFFICIENTS",
    "AgreementFigures",
    "Paradox",
    "RaterGroup",
    "Uncertainty",
    "agreement_difference",
    "agreement_summary",
    "betting_bounds",
    "brennan_prediger",
    "by_class",
    "by_coder",
    "by_group",
    "by_item",
    "by_slice",
    "coder_agreement",
    "cohen_kappa",
    "confused_classes",
    "conger_kappa",
    "fleiss_kappa",
    "gwet_ac1",
    "gwet_ac2",
    "kappa_between_groups",
    "kappa_with_group",
    "krippendorff_alpha",
    "leniency",
    "merges",
    "overlap_groups",
    "pairwise_cohen_kappa",
    "paradox",
    "percent_agreement",
    "scott_pi",
    "units_before",
    "units_for_precision",
    "units_needed",
]
