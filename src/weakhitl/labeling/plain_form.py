"""A form of a value that says all there is to know of it, to be hashed; what has none is never trusted."""

import re
from enum import Enum
from typing import Any

import numpy as np

_LEAVES = (str, bytes, int, float, bool, type(None), complex)


class UnseenError(Exception):
    """Something that a function depends on cannot be hashed."""


def plain_form(value: Any) -> Any:
    """Give a form whose ``repr`` says all there is to know of a value. Raises ``UnseenError`` where there is none."""
    if isinstance(value, _LEAVES):
        return value
    kind = type(value)
    plain: list[Any] | None = None
    if kind in (tuple, list):
        plain = [plain_form(one) for one in value]
    elif kind in (set, frozenset):
        plain = sorted(map(repr, map(plain_form, value)))
    elif kind is dict:
        plain = [(plain_form(key), plain_form(one)) for key, one in value.items()]
    elif isinstance(value, np.ndarray) and not value.dtype.hasobject:
        plain = [str(value.dtype), value.shape, value.tobytes()]
    elif isinstance(value, Enum):
        plain = [value.name, plain_form(value.value)]
    elif isinstance(value, re.Pattern):
        plain = [value.pattern, int(value.flags)]
    if plain is None:
        raise UnseenError
    return [kind.__name__, *plain]
