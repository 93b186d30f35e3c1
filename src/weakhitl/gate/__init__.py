"""The gate: what the evidence says, and whether it is enough to release."""

from weakhitl.gate.assessment import Assessment, assess
from weakhitl.gate.checks import OwnCheck, figure, run_gate, run_policy
from weakhitl.gate.evidence import FUNCTION, ITEM, PERSON, Context, Evidence, of_kind, recall_rows
from weakhitl.gate.metrics import METRICS
from weakhitl.gate.subject import Subject
from weakhitl.gate.verdicts import FAIL, PASS, UNDECIDED, WAIVED, Gate, Status, Verdict

__all__ = [
    "FAIL",
    "FUNCTION",
    "ITEM",
    "METRICS",
    "PASS",
    "PERSON",
    "UNDECIDED",
    "WAIVED",
    "Assessment",
    "Context",
    "Evidence",
    "Gate",
    "OwnCheck",
    "Status",
    "Subject",
    "Verdict",
    "assess",
    "figure",
    "of_kind",
    "recall_rows",
    "run_gate",
    "run_policy",
]
