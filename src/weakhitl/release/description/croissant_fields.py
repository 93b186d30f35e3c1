"""Columns as fields of a Croissant record set."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pyarrow as pa

from weakhitl.release.description.features import dtype
from weakhitl.release.shards import LABEL, PROBABILITY, PROVENANCE

RECORDS, FILES = "data", "shards"
"""Identifiers of the record set and of the set of files that it is read from."""

_DATA_TYPES = {
    "bool": "sc:Boolean",
    "date32": "sc:Date",
    "date64": "sc:Date",
    **{name: f"cr:{name[0].upper()}{name[1:]}" for name in ("int8", "int16", "int32", "int64")},
    **{name: f"cr:UI{name[2:]}" for name in ("uint8", "uint16", "uint32", "uint64")},
    **{name: f"cr:{name[0].upper()}{name[1:]}" for name in ("float16", "float32", "float64")},
}
_FAMILIES = {"time32": "sc:Time", "time64": "sc:Time", "timestamp": "sc:DateTime", "decimal": "sc:Float"}
_MEANINGS = {
    LABEL: "The class.",
    PROBABILITY: "Probability of the label.",
    PROVENANCE: "Where the label comes from.",
}

Field = dict[str, Any]


def columns(schema: pa.Schema) -> Iterator[Field]:
    """Give a field for every column that Croissant has a type for; durations and the like have none."""
    for column in schema:
        identifier = f"{RECORDS}/{quote(column.name, safe='')}"
        found = _field(identifier, column.name, column.type, column.name, ())
        if found is None:
            continue
        if column.name == LABEL:
            found["dataType"] = [found["dataType"], "cr:Label"]
        if column.name in _MEANINGS:
            found["description"] = _MEANINGS[column.name]
        yield found


def _field(identifier: str, name: str, kind: pa.DataType, column: str, path: tuple[str, ...]) -> Field | None:
    """Describe a column, or what is at ``path`` within its structs; None where there is no type for it."""
    depth, inner = _unpacked(kind)
    field: Field = {"@type": "cr:Field", "@id": identifier, "name": name}
    if depth:
        field |= {"isArray": True, "arrayShape": ",".join(["-1"] * depth)}
    if pa.types.is_struct(inner):
        parts = list(_parts(identifier, inner, column, ())) if depth < 2 and not path else []
        return field | {"subField": parts} if parts else None
    data_type = _data_type(inner)
    if data_type is None:
        return None
    return field | {"dataType": data_type, "source": _source(column, path)}


def _parts(identifier: str, struct: pa.DataType, column: str, path: tuple[str, ...]) -> Iterator[Field]:
    """Describe what a struct holds; structs within are laid out flat, as readers know one floor of sub-fields."""
    for at in range(struct.num_fields):
        part = struct.field(at)
        inside = (*path, part.name)
        below = f"{identifier}/{quote(part.name, safe='')}"
        if pa.types.is_struct(part.type):
            yield from _parts(below, part.type, column, inside)
        elif (field := _field(below, ".".join(inside), part.type, column, inside)) is not None:
            yield field


def _unpacked(kind: pa.DataType) -> tuple[int, pa.DataType]:
    """Give how many lists are around a type, and the type."""
    depth = 0
    while pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        depth, kind = depth + 1, kind.value_type
    return depth, kind


def _source(column: str, path: tuple[str, ...]) -> Field:
    source: Field = {"fileSet": {"@id": FILES}, "extract": {"column": column}}
    if path:
        source["transform"] = {"jsonPath": ".".join(["$", *map(_step, path)])}
    return source


def _step(name: str) -> str:
    if re.fullmatch(r"[A-Za-z_]\w*", name, re.ASCII):
        return name
    mark = '"' if "'" in name else "'"
    return f"{mark}{name}{mark}"


def _data_type(kind: pa.DataType) -> str | None:
    """Give Croissant's name of a type; bytes count as text, as in every reader of Croissant."""
    try:
        name = dtype(kind)
    except TypeError:
        return None
    if name.startswith("duration"):
        return None
    family = next((found for prefix, found in _FAMILIES.items() if name.startswith(prefix)), "sc:Text")
    return _DATA_TYPES.get(name, family)
