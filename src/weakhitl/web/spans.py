"""The passages of a text that declared functions go by; written ones are not run here, so theirs are not known."""

import re
from collections.abc import Sequence

from weakhitl.config.sections import RuleSection
from weakhitl.words import spellings, stands_alone


class Spans:
    """Finds what keywords and patterns of ``[[labeling.rule]]`` match."""

    def __init__(self, rules: Sequence[RuleSection]) -> None:
        self._words = [
            (re.compile(re.escape(spelling), re.IGNORECASE), rule.whole_words)
            for rule in rules
            if rule.kind == "keyword"
            for word in rule.words
            for spelling in spellings(word)
        ]
        self._patterns = [rule.pattern for rule in rules if rule.kind == "regex" and rule.pattern]

    def find(self, text: str) -> tuple[str, ...]:
        """Give the passages, as they stand in the text."""
        found = {
            match[0]
            for word, is_whole in self._words
            for match in word.finditer(text)
            if not is_whole or stands_alone(text, *match.span())
        }
        if self._patterns:
            import polars as pl

            cell = pl.Series([text])
            found |= {part for pattern in self._patterns for part in cell.str.extract_all(pattern)[0] if part}
        return tuple(sorted(found))
