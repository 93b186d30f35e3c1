"""Markdown that shows a text as it is, whatever it holds: names of classes, columns, people and projects."""

import re
from collections.abc import Iterable, Sequence

_SPECIAL = re.compile(r"[\\`*<>|~&$#]|\](?=[(\[:])|(?<![^\W_])_|_(?![^\W_])")


def plain(text: object) -> str:
    r"""Write a text on one line so that Markdown shows it and does not read it.

    >>> print(plain("a_b | <b>*no*</b>"))
    a_b \| \<b\>\*no\*\</b\>
    """
    return _SPECIAL.sub(lambda found: f"\\{found[0]}", " ".join(str(text).split()))


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Write a table; its cells are shown as they are."""
    lines = [_row(map(plain, header)), "|" + " --- |" * len(header), *(_row(map(plain, row)) for row in rows)]
    return "\n".join(lines)


def code_block(text: str, language: str) -> str:
    """Fence a text with more backticks than it holds in a row."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
