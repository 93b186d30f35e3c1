"""Preprocessors, as in ``snorkel.preprocess``."""

from weakhitl.snorkel.preprocess.core import BasePreprocessor, LambdaPreprocessor, Preprocessor, preprocessor

__all__ = ["BasePreprocessor", "LambdaPreprocessor", "Preprocessor", "preprocessor"]
