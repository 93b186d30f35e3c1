"""Tables of other packages, such as polars, pyarrow and Hugging Face's datasets, as pandas' own."""

from typing import Any


def as_pandas(table: Any) -> Any:
    """Give a table that can become a DataFrame as one; anything else, a single column too, as it is.

    >>> import pyarrow as pa
    >>> as_pandas(pa.table({"item": ["a", "b"]}))["item"].tolist()
    ['a', 'b']
    >>> as_pandas({"item": ["a", "b"]})
    {'item': ['a', 'b']}

    """
    if hasattr(table, "to_pandas") and (hasattr(table, "columns") or hasattr(table, "column_names")):
        table = table.to_pandas()
    return table
