"""The gate: what the evidence says, and whether it is enough to release."""

from weakhitl.gate.assessment import Assessment, assess
from weakhitl.gate.checks import CHECKS, figure, run_gate
from weakhitl.gate.evidence import Evidence
from weakhitl.gate.verdicts import FAIL, PASS, UNDECIDED, Gate, Verdict

__all__ = [
    "CHECKS",
    "FAIL",
    "PASS",
    "UNDECIDED",
    "Assessment",
    "Evidence",
    "Gate",
    "Verdict",
    "assess",
    "figure",
    "run_gate",
]
