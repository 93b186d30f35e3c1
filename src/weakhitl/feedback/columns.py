"""Columns of a dataset as a classifier reads them: texts, numbers, categories."""

from typing import Any

import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from weakhitl.errors import UsageError
from weakhitl.monitor.drift import column_kind
from weakhitl.monitor.shifts import cells
from weakhitl.words import word_pattern


def usable_columns(table: pd.DataFrame) -> list[str]:
    """Name the columns that a model can learn from: all but ids.

    >>> usable_columns(pd.DataFrame({"key": ["a1", "b2", "c3"], "text": ["a dog", "a cat", "two cats"]}))
    ['text']

    """
    return [str(name) for name in table.columns if column_kind(cells(table[name])) != "id"]


def column_kinds(table: pd.DataFrame) -> dict[str, str]:
    """Say what each column holds."""
    return {str(name): column_kind(cells(table[name])) for name in table.columns}


def clean(table: pd.DataFrame, kinds: dict[str, str]) -> pd.DataFrame:
    """Give numbers as numbers, all else as text, what is missing as nan or empty."""
    columns = {
        name: pd.to_numeric(table[name], errors="coerce") if kind == "number" else cells(table[name])
        for name, kind in kinds.items()
    }
    return pd.DataFrame(columns, index=table.index)


def features(kinds: dict[str, str], n: int) -> ColumnTransformer:
    """Texts by TF-IDF, numbers scaled, what else there is by its values; for ``n`` items.

    Raises ``UsageError`` where there is no column.
    """
    least = 1 if n < 100 else 2
    steps: list[tuple[str, Any, Any]] = [
        (name, TfidfVectorizer(min_df=least, ngram_range=(1, 2), sublinear_tf=True, token_pattern=word_pattern()), name)
        for name, kind in kinds.items()
        if kind == "text"
    ]
    if numbers := [name for name, kind in kinds.items() if kind == "number"]:
        steps.append(("numbers", make_pipeline(SimpleImputer(), StandardScaler()), numbers))
    if categories := [name for name, kind in kinds.items() if kind in ("category", "id")]:
        steps.append(("categories", OneHotEncoder(handle_unknown="ignore"), categories))
    if not steps:
        raise UsageError("there is no column to learn from")
    return ColumnTransformer(steps)
