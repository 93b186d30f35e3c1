"""Values that code reaches: of its global names, in closures, defaults and classes."""

import sys
from collections.abc import Container, Iterable, Iterator, Mapping
from enum import EnumType
from functools import cached_property
from pathlib import Path
from types import BuiltinFunctionType, CodeType, FunctionType, GetSetDescriptorType, MemberDescriptorType, ModuleType
from typing import Any, NamedTuple

from weakhitl.labeling.function import LabelingFunction
from weakhitl.labeling.mapper import LambdaMapper, get_hashable
from weakhitl.labeling.plain_form import UnseenError, plain_form
from weakhitl.labeling.portable import is_installed
from weakhitl.labeling.rule import Rule

_ABSTRACT = "_abc_impl"  # what Python keeps in an abstract class


class _Tuple(NamedTuple):
    field: int


_FIELDS = (MemberDescriptorType, GetSetDescriptorType, type(vars(_Tuple)["field"]))


class Reached:
    """The values that code reaches, each under the way to it; ``files`` are those whose text counts already.

    Raises ``UnseenError`` for a value that has no plain form, and for code of the user's own that is in no such file.
    """

    def __init__(self, files: Container[Path]) -> None:
        self._files = files
        self._seen: set[object] = set()
        self.values: list[tuple[str, Any]] = []

    def add_globals(self, known: Mapping[str, Any], names: Iterable[str], where: str = "") -> None:
        """Add what global names stand for; ``known`` are those of a module."""
        for name in names:
            if name in known and (id(known), name) not in self._seen:
                self._seen.add((id(known), name))
                self.add(f"{where}{name}", known[name])

    def add(self, where: str, value: Any) -> None:
        """Add a value, or what a function or a class holds."""
        if isinstance(value, LabelingFunction | LambdaMapper | FunctionType | type):
            if id(value) not in self._seen:
                self._seen.add(id(value))
                self._add_code(where, value)
        elif not isinstance(value, ModuleType | Rule) and not _is_of_a_module(value):
            self.values.append((where, plain_form(value)))

    def _add_code(self, where: str, value: Any) -> None:
        held: Iterable[tuple[str, Any]] = ()
        if isinstance(value, LabelingFunction | LambdaMapper):
            held = _of_ours(value)
        elif self._is_own(value):
            held = _of_class(value) if isinstance(value, type) else _of_function(value)
            if isinstance(value, FunctionType) and not is_installed(Path(value.__code__.co_filename)):
                self.add_globals(value.__globals__, global_names(value.__code__), f"{where}.")
        for name, one in held:
            self.add(f"{where}.{name}", one)

    def _is_own(self, value: Any) -> bool:
        file = getattr(sys.modules.get(value.__module__), "__file__", None)
        if file is None or is_installed(Path(file)):
            return False  # a version says what it is
        if Path(file).resolve() not in self._files:
            raise UnseenError
        return True


def global_names(code: CodeType) -> list[str]:
    """Names that code, and the code inside it, takes from its module; some are only names of attributes."""
    inner = [one for one in code.co_consts if isinstance(one, CodeType)]
    return [*code.co_names, *(name for one in inner for name in global_names(one))]


def _of_ours(value: LabelingFunction | LambdaMapper) -> Iterator[tuple[str, Any]]:
    yield "function", value.function
    yield from _numbered("pre", value.pre)
    if isinstance(value, LabelingFunction):
        yield "resources", value.resources
    elif value.memoize_key is not get_hashable:
        yield "memoize_key", value.memoize_key


def _of_function(function: FunctionType) -> Iterator[tuple[str, Any]]:
    """Give what it closes over and its defaults; of what Python wrote, as in a dataclass, the class tells."""
    if not function.__code__.co_filename.startswith("<"):
        for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
            try:
                yield name, cell.cell_contents
            except ValueError:  # empty
                continue
        yield from _numbered("default", function.__defaults__ or ())
        yield from (function.__kwdefaults__ or {}).items()


def _of_class(owner: type) -> Iterator[tuple[str, Any]]:
    """Give its bases, its methods, and the values of its attributes."""
    yield from ((one.__name__, one) for one in owner.__bases__)
    attributes = {name: _function_of(value) for name, value in vars(owner).items()}
    yield from ((name, one) for name, one in attributes.items() if isinstance(one, FunctionType | type))
    if isinstance(owner, EnumType):
        yield from owner.__members__.items()
        return
    for name, one in attributes.items():
        if not isinstance(one, (FunctionType, type, *_FIELDS)) and not _is_pythons(name):
            yield name, one


def _function_of(attribute: Any) -> Any:
    if isinstance(attribute, staticmethod | classmethod):
        return attribute.__func__
    if isinstance(attribute, property):
        return attribute.fget
    return attribute.func if isinstance(attribute, cached_property) else attribute


def _is_pythons(name: str) -> bool:
    return name == _ABSTRACT or (name.startswith("__") and name.endswith("__"))


def _is_of_a_module(value: Any) -> bool:
    """Whether it is a function written in C, such as ``math.sqrt``: a version says what it is."""
    return isinstance(value, BuiltinFunctionType) and isinstance(value.__self__, ModuleType)


def _numbered(name: str, values: Iterable[Any]) -> list[tuple[str, Any]]:
    return [(f"{name} {at}", one) for at, one in enumerate(values)]
