"""Drawing in SVG: shapes across in per cent of the width, down in pixels, so that text keeps its size on any screen.

Colours are CSS classes of the page, which follow light and dark.
"""

from collections.abc import Iterable, Sequence
from html import escape
from math import ceil, floor, log10

LEFT, RIGHT = 2.0, 98.0
"""Where a plot begins and ends, in per cent: points at the ends of a scale keep whole."""


def drawing(name: str, title: str, description: str, height: float, parts: Iterable[str]) -> str:
    """Put parts into one picture with a name and a description for those who cannot see it."""
    key = "".join(letter if letter.isalnum() else "-" for letter in name)
    about = f'<title id="{key}-t">{escape(title)}</title><desc id="{key}-d">{escape(description)}</desc>'
    named = f'role="img" aria-labelledby="{key}-t" aria-describedby="{key}-d"'
    return f'<svg {named} width="100%" height="{height:g}">{about}{"".join(parts)}</svg>'


def across(value: float, low: float = 0.0, high: float = 1.0, span: tuple[float, float] = (LEFT, RIGHT)) -> float:
    """Where a value of a scale lies, in per cent; what is off the scale lies at its end.

    >>> across(0.5), across(2)
    (50.0, 98.0)

    """
    share = 0.0 if high <= low else (min(max(value, low), high) - low) / (high - low)
    return span[0] + share * (span[1] - span[0])


def line(start: tuple[float, float], end: tuple[float, float], style: str) -> str:
    """Draw a line between two points (per cent across, pixels down)."""
    return f'<line x1="{start[0]:.4g}%" y1="{start[1]:g}" x2="{end[0]:.4g}%" y2="{end[1]:g}" class="{style}"/>'


def box(corner: tuple[float, float], size: tuple[float, float], style: str, note: str = "") -> str:
    """Draw a rectangle; ``note`` shows where a pointer rests on it."""
    title = f"<title>{escape(note)}</title>" if note else ""
    shape = (
        f'x="{corner[0]:.4g}%" y="{corner[1]:g}" width="{max(size[0], 0):.4g}%" height="{size[1]:g}" class="{style}"'
    )
    return f"<rect {shape}>{title}</rect>" if title else f"<rect {shape}/>"


def dot(at: tuple[float, float], style: str, radius: float = 4.5) -> str:
    """Draw a point."""
    return f'<circle cx="{at[0]:.4g}%" cy="{at[1]:g}" r="{radius:g}" class="{style}"/>'


def text(at: tuple[float, float], words: str, style: str = "", anchor: str = "start") -> str:
    """Write words; ``anchor`` start, middle or end."""
    kind = f' class="{style}"' if style else ""
    side = "" if anchor == "start" else f' text-anchor="{anchor}"'
    return f'<text x="{at[0]:.4g}%" y="{at[1]:g}"{kind}{side}>{escape(words)}</text>'


def arrow(at: tuple[float, float]) -> str:
    """Draw the head of an arrow that points down and ends here."""
    return (
        f'<svg x="{at[0]:.4g}%" y="{at[1]:g}" overflow="visible"><path d="M-4.5,-7 L4.5,-7 L0,0 z" class="head"/></svg>'
    )


def clipped(words: str, most: int) -> str:
    """Shorten a name that has no room; the table behind the figure has it whole.

    >>> clipped("a_long_name_of_a_function", 12)
    'a_long_name…'

    """
    return words if len(words) <= most else words[: most - 1] + "…"


def scale(
    ends: tuple[float, float], y: float, top: float, span: tuple[float, float] = (LEFT, RIGHT), *, most: int = 6
) -> list[str]:
    """Draw the grid and the numbers of a scale at ``y``, lines up to ``top``; ``most`` steps."""
    parts = []
    for tick in ticks(*ends, most):
        x = across(tick, *ends, span)
        parts.append(line((x, top), (x, y), "grid"))
        parts.append(text((x, y + 15), f"{tick:g}", "muted", "middle"))
    return parts


def ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Give round numbers between the ends, in at most so many steps.

    >>> ticks(0, 1)
    [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]

    """
    wide = high - low
    if wide <= 0:
        return [low]
    size = 10.0 ** floor(log10(wide / most))
    step = next(size * times for times in (1, 2, 5, 10) if wide / (size * times) <= most + 1e-9)
    first, last = ceil(low / step - 1e-9), floor(high / step + 1e-9)
    return [round(at * step, 9) for at in range(first, last + 1)]


def legend(names: Sequence[tuple[str, str]], y: float) -> list[str]:
    """Write what colours mean, side by side; ``names`` are (class, words)."""
    each = 100 / max(len(names), 1)
    return [
        f'<svg x="{at * each:.4g}%" y="{y - 9:g}" overflow="visible">'
        f'<rect width="10" height="10" class="{style}"/><text x="15" y="9" class="small">{escape(words)}</text></svg>'
        for at, (style, words) in enumerate(names)
    ]


def name(corner: tuple[float, float], size: tuple[float, float], words: str, style: str = "small") -> str:
    """Write a name that is cut off where its room ends; where a pointer rests on it, it shows in whole."""
    place = f'x="{corner[0]:.4g}%" y="{corner[1]:g}" width="{size[0]:.4g}%" height="{size[1]:g}"'
    return f'<svg {place}><title>{escape(words)}</title><text y="12" class="{style}">{escape(words)}</text></svg>'
