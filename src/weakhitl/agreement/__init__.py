"""Inter-annotator agreement: coefficients with intervals."""

from weakhitl.agreement.by_class import alpha_by_class
from weakhitl.agreement.coefficients import (
    COEFFICIENTS,
    cohen_kappa,
    fleiss_kappa,
    gwet_ac1,
    krippendorff_alpha,
    percent_agreement,
)
from weakhitl.agreement.pairwise import pairwise_cohen_kappa
from weakhitl.agreement.planning import units_needed

__all__ = [
    "COEFFICIENTS",
    "alpha_by_class",
    "cohen_kappa",
    "fleiss_kappa",
    "gwet_ac1",
    "krippendorff_alpha",
    "pairwise_cohen_kappa",
    "percent_agreement",
    "units_needed",
]
