"""Preprocessors for Spark rows, whose fields cannot be set."""

from weakhitl.snorkel.map.spark import make_spark_mapper as make_spark_preprocessor

__all__ = ["make_spark_preprocessor"]
