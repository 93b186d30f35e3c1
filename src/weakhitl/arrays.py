"""What is read as an array: an alias that keeps its name where help and notebooks show signatures."""

import numpy.typing as npt
from typing_extensions import TypeAliasType

ArrayLike = TypeAliasType("ArrayLike", npt.ArrayLike)
"""Anything that NumPy makes an array of: lists, arrays, Series."""
