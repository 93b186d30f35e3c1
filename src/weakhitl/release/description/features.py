"""Arrow types in the words of Hugging Face's ``datasets``, as a dataset card lists them."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from weakhitl.errors import DataError
from weakhitl.release.shards import LABEL

_RENAMED = {
    "halffloat": "float16",
    "float": "float32",
    "double": "float64",
    "date32[day]": "date32",
    "date64[ms]": "date64",
}
_INTEGERS = {f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)}
_TEXTS = {
    f"{size}{kind}{view}" for kind in ("string", "binary") for size, view in (("", ""), ("large_", ""), ("", "_view"))
}
_SAME = {"null", "bool", *_INTEGERS, *_TEXTS}
_FAMILIES = ("time32[", "time64[", "timestamp[", "duration[", "decimal128(", "decimal256(", "fixed_size_binary[")

Feature = dict[str, Any]


def features(schema: pa.Schema, classes: Sequence[str]) -> list[Feature]:
    """List the columns as a card's ``features``. Raises ``DataError`` for every column that ``datasets`` cannot hold.

    A label that is stored as text is declared with its classes: ``datasets`` reads the same files as they are, and
    gives the class's position in the configured order, which is what training wants, with the names beside it.
    """
    found, faults = [], []
    for field in schema:
        try:
            feature = _feature(field.type)
        except TypeError as error:
            faults.append(
                f"column {field.name!r} holds {error}, which Hugging Face's datasets cannot; "
                "turn it into a list, a struct or text"
            )
            continue
        if field.name == LABEL and field.type == pa.string():
            names = {str(code): name for code, name in enumerate(classes)}
            feature = {"dtype": {"class_label": {"names": names}}}
        found.append({"name": field.name, **feature})
    if faults:
        raise DataError("the released data", faults)
    return found


def _feature(kind: pa.DataType) -> Feature:
    """Raise ``TypeError`` with the name of a type that has no counterpart."""
    if pa.types.is_struct(kind):
        return {"struct": [{"name": kind.field(at).name, **_feature(kind.field(at).type)} for at in range(len(kind))]}
    if pa.types.is_fixed_size_list(kind):
        return {"list": _inner(kind.value_type), "length": kind.list_size}
    if pa.types.is_list(kind):
        return {"list": _inner(kind.value_type)}
    if pa.types.is_large_list(kind):
        return {"large_list": _inner(kind.value_type)}
    return {"dtype": dtype(kind)}


def _inner(kind: pa.DataType) -> Any:
    """Give what a list holds: a card writes a bare type or a bare list of fields there."""
    feature = _feature(kind)
    return feature[next(iter(feature))] if set(feature) in ({"dtype"}, {"struct"}) else feature


def dtype(kind: pa.DataType) -> str:
    """Name a type that is neither list nor struct. Raises ``TypeError`` where there is no name.

    >>> dtype(pa.float64()), dtype(pa.timestamp("us", tz="UTC")), dtype(pa.dictionary(pa.int8(), pa.string()))
    ('float64', 'timestamp[us, tz=UTC]', 'string')
    """
    if pa.types.is_dictionary(kind):
        return dtype(kind.value_type)
    name = str(kind)
    if name in _SAME or name.startswith(_FAMILIES):
        return name
    if name in _RENAMED:
        return _RENAMED[name]
    raise TypeError(name)


def in_words(kind: pa.DataType) -> str:
    """Say what a column holds; the names of what lists hold are left out, which a Parquet file does not keep.

    >>> in_words(pa.list_(pa.struct({"a": pa.int8(), "b": pa.float64()})))
    'list of struct of a: int8, b: float64'
    """
    if pa.types.is_struct(kind):
        fields = [kind.field(at) for at in range(len(kind))]
        return f"struct of {', '.join(f'{field.name}: {in_words(field.type)}' for field in fields)}"
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        return f"list of {in_words(kind.value_type)}"
    return dtype(kind)
