"""Results say what they hold, not all of it: a table by its size, a long list by its length."""

from dataclasses import fields
from typing import Any

import numpy as np
import pandas as pd

from weakhitl.wording import number_of

_FEW = 5
_LONG = 300


class Brief:
    """A dataclass (``repr=False``) that holds tables, arrays or long lists, and would fill the screen with them.

    >>> from dataclasses import dataclass
    >>> @dataclass(repr=False)
    ... class Found(Brief):
    ...     table: pd.DataFrame
    ...     seconds: dict[str, float]
    >>> Found(pd.DataFrame({"item": ["a", "b"]}), {"spam": 0.5})
    Found(table=<DataFrame: 2 rows, 1 column>, seconds={'spam': 0.5})

    """

    def __repr__(self) -> str:
        this: Any = self  # a dataclass, as its heirs are
        held = ", ".join(f"{one.name}={_brief(getattr(this, one.name))}" for one in fields(this) if one.repr)
        return f"{type(self).__name__}({held})"


def _brief(value: Any) -> str:
    if isinstance(value, pd.DataFrame):
        return f"<DataFrame: {number_of(len(value), 'row')}, {number_of(len(value.columns), 'column')}>"
    if isinstance(value, np.ndarray | pd.Series | pd.Index):
        shape = " x ".join(f"{size:,}" for size in value.shape)
        return f"<{type(value).__name__}: {shape}>"
    if isinstance(value, list | tuple | dict | set | frozenset) and len(value) > _FEW:
        return f"<{type(value).__name__} of {len(value):,}>"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name!r}: {_brief(one)}" for name, one in value.items()) + "}"
    if isinstance(value, list | tuple):
        inside = ", ".join(map(_brief, value))
        return f"[{inside}]" if isinstance(value, list) else f"({inside}{',' * (len(value) == 1)})"
    shown = repr(value)
    return shown if len(shown) <= _LONG else f"<{type(value).__name__}>"
