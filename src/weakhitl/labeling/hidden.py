"""Functions of a file that a later one of the same name hides: Python says nothing, and a copy is quickly made."""

import ast
from collections import defaultdict
from collections.abc import Iterator


def hidden_functions(source: str | bytes) -> dict[str, str]:
    r"""Say which names are made twice at the top of a file, by decorators or calls: name -> where, and what that does.

    Examples
    --------
    >>> hidden_functions("@lf\ndef f(x): ...\n\n@lf\ndef f(x): ...\n")
    {'f': "'f' is made on line 2 and again on line 5, which hides the first"}
    >>> hidden_functions("def f(x): ...\nf = lf(f)\n")
    {}

    """
    lines: dict[str, list[int]] = defaultdict(list)
    for name, line in _made(ast.parse(source)):
        lines[name].append(line)
    return {
        name: f"{name!r} is made on line {first} and again on line {more[0]}, which hides the first"
        for name, (first, *more) in lines.items()
        if more
    }


def _made(module: ast.Module) -> Iterator[tuple[str, int]]:
    """Give each name with the line on which a decorated function or the result of a call gets it."""
    for node in module.body:
        if isinstance(node, ast.FunctionDef) and node.decorator_list:
            yield node.name, node.lineno
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            used = {part.id for part in ast.walk(node.value) if isinstance(part, ast.Name)}
            yield from ((to.id, node.lineno) for to in node.targets if isinstance(to, ast.Name) and to.id not in used)
