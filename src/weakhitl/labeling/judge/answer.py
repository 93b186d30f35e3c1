"""What a judge said of an item: strict JSON, or nothing."""

import json
from dataclasses import dataclass
from typing import Any

from weakhitl.errors import SchemaError
from weakhitl.schema import ABSTAIN, LabelSchema

_SHOWN = 500
"""Letters of an answer that are kept."""


@dataclass(frozen=True)
class Answer:
    """One answer of a judge, and what it took.

    Attributes
    ----------
    key
        Hash of who was asked and of all that was asked: the same question is not asked twice.
    item
        The item's id.
    label
        A class name; None is an abstention.
    problem
        Why an answer that was given counts as none; empty where it counts.
    text
        The answer as it came, shortened.
    tokens_in, tokens_out
        As the endpoint counted them; 0 for a judge that runs here.
    cost
        What it cost, by the prices of the configuration.
    seconds
        How long it took.

    """

    key: str
    item: str
    label: str | None
    problem: str = ""
    text: str = ""
    tokens_in: int = 0
    tokens_out: int = 0
    cost: float = 0.0
    seconds: float = 0.0


def parse_answer(text: str, schema: LabelSchema) -> tuple[str | None, str]:
    """Give the label, None to abstain, and what is wrong with the answer, empty where nothing is.

    Right is one JSON object with the key ``label``, a class name or null, and nothing around it. Other keys, such as a
    reason, are let pass.

    Examples
    --------
    >>> schema = LabelSchema(["HAM", "SPAM"])
    >>> parse_answer('{"label": "SPAM"}', schema)
    ('SPAM', '')
    >>> parse_answer('{"label": null}', schema)
    (None, '')
    >>> parse_answer("It is spam.", schema)
    (None, 'is no JSON object')

    """
    try:
        found = json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        return None, "is no JSON object"
    if not isinstance(found, dict) or "label" not in found:
        return None, "has no label"
    if found["label"] is None:
        return None, ""
    return decode(found["label"], schema)


def decode(label: Any, schema: LabelSchema) -> tuple[str | None, str]:
    """Give a class name, or None and what is wrong with it; abstaining is not wrong."""
    try:
        code = schema.encode(label) if isinstance(label, str) else None
    except SchemaError:
        code = None
    if code is None:
        return None, f"{str(label)[:40]!r} is no class"
    return (None if code == ABSTAIN else label), ""


def shortened(text: str) -> str:
    """Give what is kept of an answer."""
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse an object that says two things."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key occurs twice")
    return found
