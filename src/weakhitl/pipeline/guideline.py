"""The guideline of a new project, and whether somebody has written it."""

from collections.abc import Sequence
from pathlib import Path

_ASKED = "What is asked, in one sentence."
_APPLIES = "When it applies. Two examples."

_TEMPLATE = """\
# Guideline

{asked}

{classes}
## Borderline cases

| example | label | because |
| --- | --- | --- |

## When you cannot tell

Answer "I can't tell". It is better than a guess.
"""


def new_guideline(classes: Sequence[str]) -> str:
    """Give the text to fill in."""
    return _TEMPLATE.format(asked=_ASKED, classes="".join(f"## {name}\n\n{_APPLIES}\n\n" for name in classes))


def left_to_write(path: Path | None) -> str:
    """Say that a guideline still holds a sentence to fill in; empty where it does not, or where there is none."""
    if path is None or not path.is_file():
        return ""
    text = path.read_text(encoding="utf-8", errors="replace")
    left = next((one for one in (_ASKED, _APPLIES) if one in text), "")
    return left and f'{path.name} still says "{left}": write what people and judges are to do'
