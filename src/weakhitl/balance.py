"""The class balance: how large a share of the items each class has."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from typing_extensions import TypeAliasType

from weakhitl.arrays import ArrayLike
from weakhitl.errors import DataError
from weakhitl.schema import LabelSchema
from weakhitl.votes import FloatArray

Balance = TypeAliasType("Balance", ArrayLike | Mapping[str, float])
"""A share for each class: by name, or in the schema's order."""


def class_balance(balance: Balance | None, schema: LabelSchema) -> FloatArray:
    """``share[class]``: the class balance that the user gave; uniform where none is given.

    Raises ``DataError`` for a class without a share, for one that is none, and for what are no positive shares that sum
    to 1.

    Examples
    --------
    >>> class_balance({"SPAM": 0.1, "HAM": 0.9}, LabelSchema(["HAM", "SPAM"]))
    array([0.9, 0.1])

    """
    k = len(schema)
    if balance is None:
        return np.full(k, 1.0 / k)
    given: Any = _in_order(balance, schema) if isinstance(balance, Mapping) else balance
    try:
        shares = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError):
        shares = np.empty(0)
    if shares.shape != (k,) or not (np.isfinite(shares) & (shares > 0)).all() or abs(shares.sum() - 1) > 1e-6:
        raise DataError("class balance", f"{balance!r} is not {k} positive shares that sum to 1")
    return np.asarray(shares / shares.sum())


def _in_order(balance: Mapping[str, float], schema: LabelSchema) -> list[float]:
    faults = [f"{name!r} is not a class; {schema.expected(name)}" for name in balance if name not in schema.classes]
    faults += [f"class {name!r} has no share" for name in schema.classes if name not in balance]
    if faults:
        raise DataError("class balance", faults)
    return [balance[name] for name in schema.classes]
