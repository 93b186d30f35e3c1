"""Numbers that a caller gives: one that lies outside its range, or is none, is named before anything is computed."""

from math import inf

from weakhitl.errors import UsageError


def require_share(name: str, value: float, such_as: float | None = None, *, ends: bool = False) -> None:
    """Raise ``UsageError`` unless a number lies between 0 and 1; with ``ends`` it may be one of them.

    >>> require_share("confidence", 95, such_as=0.95)
    Traceback (most recent call last):
    weakhitl.errors.UsageError: confidence is 95; expected a number between 0 and 1, such as 0.95
    """
    if not (0 <= value <= 1 if ends else 0 < value < 1):
        example = "" if such_as is None else f", such as {such_as:g}"
        raise UsageError(f"{name} is {value}; expected a number {'from 0 to' if ends else 'between 0 and'} 1{example}")


def require_amount(name: str, value: float, *, above: bool = False) -> None:
    """Raise ``UsageError`` unless a number is finite and not below 0; with ``above`` not 0 either."""
    if not (0 < value < inf if above else 0 <= value < inf):
        raise UsageError(f"{name} is {value}; expected {'a number above 0' if above else '0 or more'}")
