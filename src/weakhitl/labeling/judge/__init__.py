"""A model as an annotator: it is asked about items, blind to all other votes, and its answers are votes of a source."""

from weakhitl.labeling.judge.answer import Answer, parse_answer
from weakhitl.labeling.judge.asking import Asked, Asker, answers_to, ask_all, rows_of
from weakhitl.labeling.judge.endpoint import Endpoint, Model, Prices
from weakhitl.labeling.judge.ledger import Ledger, Spent
from weakhitl.labeling.judge.own import Own
from weakhitl.labeling.judge.prompt import DEFAULT, Prompt, fill

__all__ = [
    "DEFAULT",
    "Answer",
    "Asked",
    "Asker",
    "Endpoint",
    "Ledger",
    "Model",
    "Own",
    "Prices",
    "Prompt",
    "Spent",
    "answers_to",
    "ask_all",
    "fill",
    "parse_answer",
    "rows_of",
]
