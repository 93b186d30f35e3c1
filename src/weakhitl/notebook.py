"""How results show themselves in notebooks: small tables without colours of their own."""

from collections.abc import Iterable, Sequence
from html import escape


def html_table(header: Sequence[str], rows: Iterable[Sequence[object]], caption: str = "", note: str = "") -> str:
    """Give a table as HTML; everything is escaped.

    >>> html_table(["class"], [["<b>"]])
    '<table><thead><tr><th scope="col">class</th></tr></thead><tbody><tr><td>&lt;b&gt;</td></tr></tbody></table>'

    """
    head = "".join(f'<th scope="col">{escape(str(name))}</th>' for name in header)
    body = "".join("<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows)
    title = f"<caption>{escape(caption)}</caption>" if caption else ""
    below = f"<p>{escape(note)}</p>" if note else ""
    return f"<table>{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{below}"
