"""Pydantic's errors in our words."""

import re
from collections.abc import Collection, Iterator
from difflib import get_close_matches
from itertools import groupby
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from weakhitl.config.gate import CheckSection, WaiverSection
from weakhitl.config.judge import JudgeSection
from weakhitl.config.section import Section
from weakhitl.config.sections import Config, RuleSection, WebhookSection

_KINDS = {"float": "a number", "list": "a list", "dict": "a table"}
_ALTERNATIVE = re.compile(r"constrained-(float)|(list|dict)\[.*\]")
"""How pydantic names the alternatives of a key that takes values of several types."""


def sentences(error: ValidationError) -> list[str]:
    """Say of each fault where it is, what was found and what was expected."""
    faults = groupby(error.errors(), key=lambda detail: detail["loc"][: _depth(detail)])
    return [sentence for _, alternatives in faults for sentence in _of_one_key(list(alternatives))]


def _depth(detail: ErrorDetails) -> int:
    """Count the parts of a fault's place before the name of an alternative, or all."""
    names = (at for at, part in enumerate(detail["loc"]) if at and _ALTERNATIVE.fullmatch(str(part)))
    return next(names, len(detail["loc"]))


def _of_one_key(details: list[ErrorDetails]) -> Iterator[str]:
    """Say what is wrong with the alternative that the value is meant as, or which there are."""
    depth = _depth(details[0])
    if depth == len(details[0]["loc"]):
        yield from map(_sentence, details)
        return
    meant = [detail for detail in details if len(detail["loc"]) > depth + 1 or "type" not in detail["type"]]
    for detail in meant:
        yield _sentence({**detail, "loc": detail["loc"][:depth] + detail["loc"][depth + 1 :]})
    if not meant:
        kinds = [
            _KINDS[found[1] or found[2]]
            for part in details
            if (found := _ALTERNATIVE.fullmatch(str(part["loc"][depth])))
        ]
        yield f"{_place(details[0]['loc'][:depth])} = {details[0]['input']!r}: expected {' or '.join(kinds)}"


def _sentence(detail: ErrorDetails) -> str:
    *parents, last = detail["loc"] or ("",)
    where = _place(detail["loc"])
    if detail["type"] == "extra_forbidden":
        section = f"[{_place(tuple(parents))}]" if parents else "the file"
        known = _keys(parents)
        meant = nearest(str(last), known) or f"; expected one of {', '.join(known)}"
        return f"unknown key {str(last)!r} in {section}{meant}"
    if detail["type"] == "missing":
        return f"{where} is missing" if parents else f"the section [{where}] is missing"
    if detail["type"] == "dict_type":
        return f"{where} = {detail['input']!r}: expected {_KINDS['dict']}"
    message = detail["msg"].removeprefix("Value error, ")
    if detail["type"] == "value_error":
        return f"{where}: {message}" if where else message
    return f"{where} = {detail['input']!r}: {message[0].lower()}{message[1:]}"


def _place(location: tuple[int | str, ...]) -> str:
    text = ""
    for part in location:
        if part == "[key]":  # how pydantic says that a name in a table is meant, and not its value
            continue
        text += f" {part + 1}:" if isinstance(part, int) else (f" {part}" if text.endswith(":") else f".{part}")
    return text.strip(". :")


_LISTS: dict[int | str, type[Section]] = {
    "check": CheckSection,
    "waiver": WaiverSection,
    "rule": RuleSection,
    "webhook": WebhookSection,
    "judge": JudgeSection,
}


def _keys(parents: list[int | str]) -> list[str]:
    model: Any = Config
    for part in parents:
        if part in _LISTS:
            model = _LISTS[part]
        elif isinstance(part, str):
            model = model.model_fields[part].annotation
    return [inner.alias or name for name, inner in model.model_fields.items()]


def nearest(name: str, known: Collection[str]) -> str:
    """Ask whether the nearest known name was meant; empty where none is near."""
    close = get_close_matches(name, known, n=1)
    return f"; did you mean {close[0]!r}?" if close else ""
