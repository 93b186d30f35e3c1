"""Mappers, where ``snorkel.map.core`` has them."""

from weakhitl.labeling.mapper import (
    BaseMapper,
    LambdaMapper,
    Mapper,
    get_hashable,
    get_parameters,
    is_hashable,
    lambda_mapper,
)

__all__ = ["BaseMapper", "LambdaMapper", "Mapper", "get_hashable", "get_parameters", "is_hashable", "lambda_mapper"]
