"""A labeling function's code, taken out of its file together with what it needs of it."""

import ast
import sys
from pathlib import Path
from types import FunctionType

from weakhitl.labeling.function import LabelingFunction, adopted


def standalone_source(function: LabelingFunction, name: str) -> str | None:
    """Give the code of a function under another name, after the imports and the statements of its file that it needs.

    None where it cannot stand alone: it has resources or preprocessors, takes tables, asks another labeling function,
    or is no plain function of a file.
    """
    plain = function.function
    if function.batch or function.pre or function.resources or not isinstance(plain, FunctionType):
        return None
    module = sys.modules.get(plain.__module__)
    file = getattr(module, "__file__", None)
    if module is None or file is None:
        return None
    body = ast.parse(Path(file).read_bytes()).body
    own = next((one for one in body if isinstance(one, ast.FunctionDef) and one.name == plain.__name__), None)
    if own is None:
        return None
    own.name, own.decorator_list = name, []
    needed = _needed(body, own)
    if any(isinstance(adopted(vars(module).get(one)), LabelingFunction) for kept in needed for one in _binds(kept)):
        return None
    return "\n\n".join(ast.unparse(one) for one in [*needed, own])


def _needed(body: list[ast.stmt], own: ast.stmt) -> list[ast.stmt]:
    """Give the statements that bind what a statement uses, and what those use, in the order of the file."""
    kept: set[int] = set()
    names = _uses(own)
    while True:
        more = {at for at, one in enumerate(body) if one is not own and at not in kept and _binds(one) & names}
        if not more:
            return [one for at, one in enumerate(body) if at in kept]
        kept |= more
        names = names.union(*(_uses(body[at]) for at in more))


def _uses(statement: ast.stmt) -> set[str]:
    return {one.id for one in ast.walk(statement) if isinstance(one, ast.Name)}


def _binds(statement: ast.stmt) -> set[str]:
    """Names that a statement of a file gives a value: by an import, a definition, or anything that assigns."""
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return {(alias.asname or alias.name).partition(".")[0] for alias in statement.names}
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {statement.name}
    return {one.id for one in ast.walk(statement) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)}
