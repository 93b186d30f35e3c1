"""Mappers, as in ``snorkel.map``."""

from weakhitl.snorkel.map.core import BaseMapper, LambdaMapper, Mapper, lambda_mapper

__all__ = ["BaseMapper", "LambdaMapper", "Mapper", "lambda_mapper"]
