"""Write YAML that every reader reads alike: blocks of mappings and lists, and every text in double quotes.

A JSON string is a YAML string, so quotes and backslashes are those of JSON. What YAML does not print is written as its
own escape: a reader may refuse it raw, or take it for the end of a line.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_PLAIN_KEY = re.compile(r"[a-z][a-z_]*")
_HIDDEN = re.compile("[^\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
# YAML 1.1 reads a key such as `no` as false; these are the only short words of our own keys' shape that it knows.
_NOT_TEXT = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})


def front_matter(content: Mapping[str, Any]) -> str:
    """Write a mapping of texts, numbers, lists and mappings between two lines of dashes.

    >>> print(front_matter({"pretty_name": "no: 1", "tags": ["a"], "splits": [{"name": "train", "n": 2}]}), end="")
    ---
    pretty_name: "no: 1"
    tags:
    - "a"
    splits:
    - name: "train"
      "n": 2
    ---
    """
    return "\n".join(["---", *_mapping(content), "---", ""])


def _mapping(content: Mapping[str, Any]) -> Iterator[str]:
    for key, value in content.items():
        name = key if _PLAIN_KEY.fullmatch(key) and key not in _NOT_TEXT else _scalar(key)
        if isinstance(value, Mapping) and value:
            yield f"{name}:"
            yield from (f"  {line}" for line in _mapping(value))
        elif isinstance(value, Sequence) and not isinstance(value, str) and value:
            yield f"{name}:"
            yield from _list(value)
        else:
            yield f"{name}: {_scalar(value)}"


def _list(values: Sequence[Any]) -> Iterator[str]:
    """Write a list of texts, numbers or mappings; a list of lists is not needed, so there is none."""
    for value in values:
        lines = _mapping(value) if isinstance(value, Mapping) else [_scalar(value)]
        yield from (f"{'  ' if at else '- '}{line}" for at, line in enumerate(lines))


def _scalar(value: Any) -> str:
    return _HIDDEN.sub(_escape, json.dumps(value, ensure_ascii=False, allow_nan=False))


def _escape(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"
