"""What time it is."""

import os
from datetime import UTC, datetime, timedelta

from weakhitl.errors import StateError, UsageError

_EPOCH = "SOURCE_DATE_EPOCH"
_SLACK = timedelta(minutes=1)
"""Clocks that are set by a network may step back a little."""


def moment() -> datetime:
    """Give the moment in whole seconds, UTC; ``SOURCE_DATE_EPOCH`` in the environment stands in for the clock."""
    given = os.environ.get(_EPOCH)
    if not given:
        return datetime.now(UTC).replace(microsecond=0)
    try:
        return datetime.fromtimestamp(int(given), UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise UsageError(f"{_EPOCH} is {given!r}; expected seconds since 1970, such as 1700000000") from error


def check_clock(now: datetime, earlier: str, what: str) -> None:
    """Raise ``StateError`` if ``what`` happened after ``now``: the clock went back. Nothing, where it was given."""
    if os.environ.get(_EPOCH) or datetime.fromisoformat(earlier) <= now + _SLACK:
        return
    raise StateError(f"the clock says {now.isoformat()}, but {what} is of {earlier}; set the clock, then try again")
