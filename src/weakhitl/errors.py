"""The exception tree. Every message says who, what was found, what was expected and what to do."""

from collections.abc import Sequence
from typing import Any

SHOWN_FAULTS = 20


class WeakHITLError(Exception):
    """Root of all errors that this package raises on purpose; ``exit_code`` is the command line's."""

    exit_code = 3


class _FaultsError(WeakHITLError):
    """Several faults of one thing, reported together."""

    def __init__(self, where: str, faults: str | Sequence[str]) -> None:
        self.where = where
        self.faults = (faults,) if isinstance(faults, str) else tuple(faults)
        super().__init__(_sentence(where, self.faults))

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel between processes whole."""
        return type(self), (self.where, self.faults)


class DataError(_FaultsError):
    """A file or table cannot be used as it is."""


class RowsError(DataError):
    """Rows of a table cannot be used; ``rows`` holds the position of each, from 0, and what is wrong with it."""

    def __init__(self, where: str, rows: Sequence[tuple[int, str]]) -> None:
        self.rows = tuple(rows)
        super().__init__(where, [f"row {row + 1}: {what}" for row, what in self.rows])

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel between processes whole."""
        return type(self), (self.where, self.rows)


class SchemaError(_FaultsError):
    """A set of classes, or a label that should be one of them, is not valid."""


class ConfigError(_FaultsError):
    """``weakhitl.toml`` is missing or wrong."""

    exit_code = 2


class LabelingFunctionError(_FaultsError):
    """A labeling function, or the file that holds it, is broken."""


class StateError(WeakHITLError):
    """A step is missing, stale or already done; the message names the command that helps."""


class UsageError(WeakHITLError):
    """A command or a call was given values that do not fit together."""

    exit_code = 2


def _sentence(where: str, faults: Sequence[str]) -> str:
    if len(faults) == 1:
        return f"{where}: {faults[0]}"
    shown = [f"  - {fault}" for fault in faults[:SHOWN_FAULTS]]
    if len(faults) > SHOWN_FAULTS:
        shown.append(f"  - and {len(faults) - SHOWN_FAULTS:,} more")
    return "\n".join([f"{where}: {len(faults):,} faults", *shown])
