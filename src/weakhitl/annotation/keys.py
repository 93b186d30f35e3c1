"""Which key stands for which class, on the pages and in the terminal."""

from collections.abc import Sequence
from string import digits

_NUMBERED = "1234567890"
_LETTERS = "wetyiopadhjklzxvbnm"
"""As they lie on a keyboard, without those that stand for something else there: c f g q r s u."""


def class_keys(classes: Sequence[str]) -> dict[str, str]:
    """Class -> its key, for as many classes as there are keys.

    A class that is called by a digit has this digit, so that nobody who presses 1 says 0. Where there is one, no digit
    stands for anything else; else the first ten have digits. Letters stand for the others.

    Examples
    --------
    >>> class_keys(["HAM", "SPAM"])
    {'HAM': '1', 'SPAM': '2'}
    >>> class_keys(["-1", "0", "1"])
    {'-1': 'w', '0': '0', '1': '1'}

    """
    keys = {name: name for name in classes if len(name) == 1 and name in digits}
    free = iter(_LETTERS if keys else _NUMBERED + _LETTERS)
    found = {name: keys.get(name) or next(free, "") for name in classes}
    return {name: key for name, key in found.items() if key}
