"""What a word is, in any script: where one ends, and into which words a text falls.

Between the characters of some scripts, such as Han or Thai, no space shows where a word ends; marks, such as the vowel
signs of Hindi, belong to the letter before them, and no regular expression of Python counts them as part of a word.
Source: Unicode Standard Annex 29, Unicode text segmentation, without its dictionaries.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache

_KATAKANA = "\u3099\u309a\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\uff66-\uff9f"
"""What is spelled in these stands together, whatever scripts are beside it."""
_CLOSE = (
    "\u0e01-\u0e3a\u0e40-\u0e4e"  # Thai
    "\u0e81-\u0ece\u0edc-\u0edf"  # Lao
    "\u1000-\u103f\u1050-\u109f"  # Burmese
    "\u1780-\u17d3\u17dc-\u17dd"  # Khmer
    "\u3041-\u3096\u309d-\u309f"  # Hiragana
    "\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Han
)
"""Scripts that put no space between words."""
_JOINERS = "\u200c\u200d"
_LOOKS = "\ufe00-\ufe0f"
"""Selectors of how a sign looks: a heart in red is a heart."""
_LAST_MARKS = 0x1F000
"""From here on there are no marks but selectors of variants of Han."""

# In the dialect of Rust: what may stand beside a term, by the kind of its end.
_NO_WORD = rf"[^\p{{L}}\p{{M}}\p{{N}}\p{{Pc}}{_JOINERS}]{_CLOSE}{_KATAKANA}{_LOOKS}"
_BEFORE = {"word": f"[{_NO_WORD}]", "katakana": f"[^{_KATAKANA}]", "close": ""}
_AFTER = {
    kind: rf"[[[{beside}]--[\p{{M}}{_JOINERS}]]{_LOOKS}]"
    for kind, beside in {"word": _NO_WORD, "katakana": f"^{_KATAKANA}", "close": r"\s\S"}.items()
}


def spellings(term: str) -> list[str]:
    r"""Give the ways in which the same term is encoded: composed, or as letters and marks.

    >>> [len(one) for one in spellings("caf\u00e9")], spellings("tea")
    ([4, 5], ['tea'])

    """
    bare = re.sub(f"[{_LOOKS}]+$", "", term) or term
    return list(dict.fromkeys([bare, *(unicodedata.normalize(form, bare) for form in ("NFC", "NFD"))]))


def standing_alone(terms: Iterable[str]) -> str:
    """Give a pattern, in the dialect of Rust, of texts in which one of the terms stands alone (``stands_alone``)."""
    groups: dict[tuple[str, str], list[str]] = {}
    for term in terms:
        first, last = _end(term[0]), _end(_last_letter(term, 0, len(term)))
        ends = rf"(?:\A|{_BEFORE[first]})", rf"(?:\z|{_AFTER[last]})"
        groups.setdefault(ends, []).append(re.escape(term))
    return "|".join(f"{before}(?:{'|'.join(found)}){after}" for (before, after), found in groups.items())


def stands_alone(text: str, start: int, stop: int) -> bool:
    r"""Say whether ``text[start:stop]`` is no part of a longer word.

    A letter, digit or underscore beside it makes a longer word, a mark behind it another letter. In scripts that
    put no space between words any character may be an edge; what is spelled in katakana ends where they do.

    >>> stands_alone("win a car", 0, 3), stands_alone("windy", 0, 3), stands_alone("\u5f88\u597d\u5403", 1, 2)
    (True, False, True)

    """
    return (start == 0 or _are_apart(text[start], text[start - 1])) and (
        stop == len(text) or _ends_before(_last_letter(text, start, stop), text[stop])
    )


def words_of(text: str) -> list[str]:
    r"""Give the words of a text, of two characters or more; of scripts without spaces, characters and pairs of them.

    >>> words_of("It's a caf\u00e9"), words_of("\u5f88\u597d\u5403")
    (['It', 'café'], ['很', '很好', '好', '好吃', '吃'])

    """
    found: list[str] = []
    end = -1
    for match in _compiled().finditer(text):
        is_close = _kind(match[0][0]) == "close"
        if is_close and match.start() == end:
            found.append(found[-1] + match[0])
        found.append(match[0])
        end = match.end() if is_close else -1
    return found


def always_in_pairs(counts: Mapping[str, int]) -> set[str]:
    r"""Give the characters that say no more than a pair that holds them: that are on as many items, ``counts[word]``.

    >>> sorted(always_in_pairs({"\u5f88": 9, "\u5f88\u597d": 7, "\u597d": 7, "good": 7}))
    ['好']

    """
    parts = ((word, part) for word in counts for part in _compiled().findall(word) if part != word)
    return {part for word, part in parts if counts.get(part) == counts[word]}


def n_words(text: str) -> int:
    r"""Count words as white space parts them; in scripts without spaces, every character.

    >>> n_words("it's a dog"), n_words("\u5f88\u597d\u5403")
    (3, 3)

    """
    return len(text.split() if text.isascii() else _pieces().findall(text))


@cache
def word_pattern() -> str:
    """Give a pattern, in the dialect of Python, of a text's words: those of ``words_of`` but for the pairs."""
    marks = _marks()
    letter = rf"[^\W{_CLOSE}{_KATAKANA}]"
    spaced = rf"[{marks}]*{letter}(?:{letter}+|[{marks}]+)+"
    close = rf"(?![{marks}])[{_CLOSE}][{marks}]*"
    any_script = rf"{spaced}|(?:[{_KATAKANA}][{marks}]*)+|{close}"
    quick = r"[0-9A-Z_a-z]{2,}+(?![^\x00-\x7f])"
    return rf"{quick}|(?=[0-9A-Z_a-z]*[^\x00-\x7f])(?:{any_script})"


def alone_in_python(words: Iterable[str]) -> str:
    r"""Give a pattern, in the dialect of Python, of texts in which one of these words stands alone.

    Marks that make another letter of a word's last one are not looked for: people are to read it.

    >>> alone_in_python(["cash", "win"]), alone_in_python(["win", "\u5f88\u597d"])
    ('\\b(cash|win)\\b', '\\b(win)\\b|很好')

    """
    kinds: dict[str, list[str]] = {"": [], r"\b": [], r"(?!\w)": []}
    for word in words:
        edge = "" if _kind(word[0]) == "close" else r"\b" if re.match(r"\w", word[-1]) else r"(?!\w)"
        kinds[edge].append(re.escape(word))
    bounded = [rf"\b({'|'.join(kinds[edge])}){edge}" for edge in (r"\b", r"(?!\w)") if kinds[edge]]
    return "|".join([*bounded, *kinds[""]])


def name_of(text: str) -> str:
    """Give a name made of a text, of what may stand in a name of Python.

    >>> name_of("SPAM says 'win!'")
    'SPAM_says_win_'

    """
    return re.sub(r"\0+", "_", "".join(char if f"a{char}".isidentifier() else "\0" for char in text))


@cache
def _compiled() -> re.Pattern[str]:
    return re.compile(word_pattern())


@cache
def _pieces() -> re.Pattern[str]:
    return re.compile(rf"[{_CLOSE}][{_marks()}]*|[^\s{_CLOSE}]+")


@cache
def _marks() -> str:
    """Give the ranges of all marks but those that say how a sign looks."""
    found = [code for code in range(0x300, _LAST_MARKS) if _is_mark(chr(code))]
    starts = [code for code in found if not _is_mark(chr(code - 1))]
    ends = [code for code in found if not _is_mark(chr(code + 1))]
    return "".join(f"{chr(start)}-{chr(end)}" for start, end in zip(starts, ends, strict=True))


def _last_letter(text: str, start: int, stop: int) -> str:
    """Give the last character of ``text[start:stop]`` that is no mark of another."""
    at = stop - 1
    while at > start and _is_mark(text[at]):
        at -= 1
    return text[at]


@lru_cache(maxsize=1 << 14)
def _are_apart(end: str, beside: str) -> bool:
    return _end(end) == "close" or _kind(beside) != _end(end)


@lru_cache(maxsize=1 << 14)
def _ends_before(end: str, beside: str) -> bool:
    return _are_apart(end, beside) and not _is_mark(beside)


def _end(char: str) -> str:
    """Give the kind of a term's end: a sign is bounded as a word is, and white space bounds itself."""
    kind = _kind(char)
    return kind if kind != "sign" else "close" if char.isspace() else "word"


@lru_cache(maxsize=1 << 14)
def _kind(char: str) -> str:
    """``word``, ``katakana`` or ``close`` for the script of a character, ``sign`` for what is in no word."""
    if re.match(f"[{_KATAKANA}]", char):
        return "katakana"
    if re.match(f"[{_CLOSE}]", char):
        return "close"
    category = unicodedata.category(char)
    is_word = category[0] in "LMN" or category == "Pc" or char in _JOINERS
    return "word" if is_word and not re.match(f"[{_LOOKS}]", char) else "sign"


@lru_cache(maxsize=1 << 14)
def _is_mark(char: str) -> bool:
    """Say whether a character belongs to the one before it."""
    category = unicodedata.category(char)
    return (category[0] == "M" or char in _JOINERS) and not re.match(f"[{_LOOKS}]", char)
