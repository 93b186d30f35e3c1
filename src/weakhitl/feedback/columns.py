"""Columns of a dataset as a classifier reads them: texts, numbers, categories."""

from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from weakhitl.errors import DataError, UsageError
from weakhitl.frames import as_pandas
from weakhitl.monitor.drift import column_kind
from weakhitl.monitor.shifts import cells
from weakhitl.wording import named_twice
from weakhitl.words import word_pattern


def usable_columns(table: pd.DataFrame) -> list[str]:
    """Name the columns that a model can learn from: all but ids.

    >>> usable_columns(pd.DataFrame({"key": ["a1", "b2", "c3"], "text": ["a dog", "a cat", "two cats"]}))
    ['text']

    """
    return [str(name) for name in table.columns if column_kind(cells(table[name])) != "id"]


def as_items(table: Any) -> pd.DataFrame:
    """Take a table of items, with names of columns that are text.

    Raises ``DataError`` for what is no table, and for columns of one name.
    """
    table = as_pandas(table)
    if not isinstance(table, pd.DataFrame):
        raise DataError("items", f"are a {type(table).__name__}; expected a DataFrame, such as texts.to_frame('text')")
    names = [str(name) for name in table.columns]
    if twice := named_twice(names):
        raise DataError("items", twice)
    return table.set_axis(names, axis=1)


def column_kinds(table: pd.DataFrame) -> dict[str, str]:
    """Say what each column holds."""
    return {name: column_kind(cells(table[name])) for name in table.columns}


def clean(table: pd.DataFrame, kinds: dict[str, str]) -> pd.DataFrame:
    """Give numbers as finite numbers, all else as text, what is missing as nan or empty."""
    columns = {name: _numbers(table[name]) if kind == "number" else cells(table[name]) for name, kind in kinds.items()}
    return pd.DataFrame(columns, index=table.index)


def features(table: pd.DataFrame, kinds: dict[str, str]) -> ColumnTransformer:
    """Texts by TF-IDF, numbers scaled, what else there is by its values; for these items, which are clean.

    Of texts without words, such as emoji, characters are read. Raises ``UsageError`` where there is no column.
    """
    steps: list[tuple[str, Any, Any]] = []
    for name in (name for name, kind in kinds.items() if kind == "text"):
        by_terms = [one for one in _vectorizers(len(table)) if _finds_terms(one, table[name])]
        steps += [(name, one, name) for one in by_terms[:1]]
    if numbers := [name for name, kind in kinds.items() if kind == "number"]:
        steps.append(("numbers", make_pipeline(SimpleImputer(), StandardScaler()), numbers))
    if categories := [name for name, kind in kinds.items() if kind in ("category", "id")]:
        steps.append(("categories", OneHotEncoder(handle_unknown="ignore"), categories))
    if not steps:
        raise UsageError("there is no column to learn from")
    return ColumnTransformer(steps)


def _vectorizers(n: int) -> list[TfidfVectorizer]:
    """Give what reads a text of ``n``: by its words, or where these tell nothing by its characters."""
    settings = {"min_df": 1 if n < 100 else 2, "ngram_range": (1, 2), "sublinear_tf": True}
    return [TfidfVectorizer(token_pattern=word_pattern(), **settings), TfidfVectorizer(analyzer="char", **settings)]


def _finds_terms(vectorizer: TfidfVectorizer, texts: "pd.Series[str]") -> bool:
    """Say whether any term is in as many texts as the vectorizer needs."""
    analyze, seen = vectorizer.build_analyzer(), set[str]()
    for text in texts:
        terms = set(analyze(text))
        if terms and (vectorizer.min_df == 1 or not terms.isdisjoint(seen)):
            return True
        seen |= terms
    return False


def _numbers(column: "pd.Series[Any]") -> "pd.Series[float]":
    return pd.to_numeric(column, errors="coerce").replace([np.inf, -np.inf], np.nan)
