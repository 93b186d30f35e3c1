"""Wording: numbers in sentences."""


def number_of(number: int, one: str, many: str = "") -> str:
    """Put a number before what it counts, in the singular or, ``one`` with an s unless given, in the plural.

    >>> number_of(1, "item waits", "items wait"), number_of(2000, "item")
    ('1 item waits', '2,000 items')
    """
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"
