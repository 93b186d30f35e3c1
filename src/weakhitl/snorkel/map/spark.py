"""Mappers for Spark rows, whose fields cannot be set."""

from collections.abc import Mapping
from typing import Any

from weakhitl.snorkel.map.core import Mapper

__all__ = ["make_spark_mapper"]


def make_spark_mapper(mapper: Mapper) -> Mapper:
    """Let a mapper give new Spark rows; gives the same mapper."""
    mapper._update_fields = _with_fields  # type: ignore[method-assign, assignment]  # noqa: SLF001 - Snorkel's hook
    return mapper


def _with_fields(x: Any, fields: Mapping[str, Any]) -> Any:
    from pyspark.sql import Row

    return Row(**{**x.asDict(), **fields})
