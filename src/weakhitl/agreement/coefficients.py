"""The coefficients of all coders together, by name."""

from collections.abc import Callable

from weakhitl.agreement.alpha import krippendorff_alpha
from weakhitl.agreement.kappas import (
    brennan_prediger,
    conger_kappa,
    fleiss_kappa,
    gwet_ac1,
    gwet_ac2,
    percent_agreement,
)
from weakhitl.estimate import Estimate

Coefficient = Callable[..., Estimate]

COEFFICIENTS: dict[str, Coefficient] = {
    "krippendorff-alpha": krippendorff_alpha,
    "fleiss-kappa": fleiss_kappa,
    "conger-kappa": conger_kappa,
    "gwet-ac1": gwet_ac1,
    "gwet-ac2": gwet_ac2,
    "brennan-prediger": brennan_prediger,
    "percent-agreement": percent_agreement,
}
"""As the gate calls them."""
