"""Find the labeling functions of a Python file or a folder of them."""

import hashlib
import importlib.util
import sys
import traceback
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

from weakhitl.errors import LabelingFunctionError
from weakhitl.labeling.function import LabelingFunction, adopted
from weakhitl.labeling.function_files import FunctionFile, function_files
from weakhitl.labeling.hidden import hidden_functions
from weakhitl.labeling.mistaken_imports import mistaken_imports
from weakhitl.labeling.portable import is_installed
from weakhitl.labeling.rule import Rule


def discover(*paths: str | Path) -> list[LabelingFunction | Rule]:
    """Collect the labeling functions and rules of files and folders, in the order in which they are written.

    Lists of them count, too. A folder's ``*.py`` files, those in its folders included, are taken in the order of their
    names; those that begin with an underscore, or are in such a folder or in a package, are helpers and are left out.
    Raises ``LabelingFunctionError`` naming every file that cannot be imported (with the line), every name that two
    functions share, and every function that a later one hides.
    """
    found: dict[str, tuple[LabelingFunction | Rule, Path]] = {}
    faults: list[str] = []
    _put_away_helpers()
    files = _files(paths)
    for file in files:
        path = file.path
        module, fault = load_file(path, file.root)
        if module is None:
            faults.append(fault)
            continue
        functions = _functions_of(module)
        hides = hidden_functions(path.read_bytes())
        faults += [f"{path}: {what}" for name, what in hides.items() if name in functions]
        for function in functions.values():
            known = found.setdefault(function.name, (function, path))
            if known[0] is not function:
                faults.append(
                    f"{path}: the name {function.name!r} is taken by a function of {known[1]}; "
                    "if one file imports the other, begin the name of the imported one with an underscore"
                )
    if not faults and not found:
        looked = ", ".join(file.name for file in files)
        faults.append(
            f"no labeling function in {looked}; decorate a function of a row with @labeling_function"
            if looked
            else "no Python file is there; write one with an @labeling_function, or, where only rules or judges "
            "vote, take it out of `functions` under [labeling]"
        )
    if faults:
        raise LabelingFunctionError(", ".join(map(str, paths)), faults)
    return [adopted(function) for function, _ in found.values()]


def _files(paths: Iterable[str | Path]) -> list[FunctionFile]:
    listed = [Path(path) for path in paths]
    faults = [f"{path}: there is no such file or folder" for path in listed if not path.exists()]
    faults += [f"{path}: is no Python file" for path in listed if path.is_file() and path.suffix != ".py"]
    if faults:
        raise LabelingFunctionError("labeling functions", faults)
    return [file for file in function_files(listed) if not file.is_helper or file.path in listed]


def load_file(path: Path, root: Path | None = None) -> tuple[ModuleType | None, str]:
    """Import a file under a name of its own; give the module, or what went wrong.

    It may import what is beside it, and what is in ``root``. No bytecode is kept: it would be one file more in a
    release that is verified, and old code where a file changes twice within a second.
    """
    digest = hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:12]
    spec = importlib.util.spec_from_file_location(f"weakhitl_functions_{digest}_{path.stem}", path)
    if spec is None or spec.loader is None:
        return None, f"{path}: is no Python file"
    module = importlib.util.module_from_spec(spec)
    before = set(sys.modules)
    folders = list(dict.fromkeys(folder.resolve() for folder in (path.parent, root or path.parent)))
    beside = [str(folder) for folder in folders]
    sys.path[:0] = beside
    keeps_none, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        sys.modules[spec.name] = module  # dataclasses and pickle look modules up by name
        spec.loader.exec_module(module)
    except SyntaxError as error:
        return (
            None,
            f"{error.filename}, line {error.lineno}: {error.msg}: {(error.text or '').strip()}",
        )
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a user's file may raise anything
        frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == str(path)]
        line = f", line {frames[-1].lineno}" if frames else ""
        return None, _mistaken(path, folders) or f"{path}{line}: {type(error).__name__}: {error}"
    finally:
        sys.dont_write_bytecode = keeps_none
        for folder in beside:
            sys.path.remove(folder)
        _helpers.update(sys.modules.keys() - before)
    mistaken = _mistaken(path, folders)
    return (None, mistaken) if mistaken else (module, "")


def _mistaken(path: Path, folders: list[Path]) -> str:
    """Say which imports gave another file than the one beside; empty if none did."""
    mistaken = mistaken_imports(path, folders)
    wrong = [f"{path}: {name!r} is {got} here, and not {meant}" for name, (got, meant) in mistaken.items()]
    return "; ".join([*wrong, "Python keeps one module of a name, so rename one of the files"]) if wrong else ""


_helpers: set[str] = set()
"""Modules that function files have imported."""


def load_apart(path: Path) -> tuple[ModuleType | None, str]:
    """Import a file that is no function file as ``load_file`` does; its helpers may have the names of theirs."""
    theirs = _put_away_helpers()
    try:
        return load_file(path)
    finally:
        sys.modules.update(theirs)
        _helpers.update(theirs)


def _put_away_helpers() -> dict[str, ModuleType]:
    """Let files of one's own be imported again, since they may have been edited; gives what was imported before."""
    files = {name: getattr(sys.modules.get(name), "__file__", None) for name in _helpers}
    _helpers.clear()
    return {name: sys.modules.pop(name) for name, file in files.items() if file and not is_installed(Path(file))}


def _functions_of(module: ModuleType) -> dict[str, LabelingFunction | Rule]:
    """Give the functions by what holds them in the module: a name, or a list's name and the place there."""
    found = {}
    for name, value in vars(module).items():
        if _is_function(value):
            found[name] = value
        elif isinstance(value, list | tuple) and value and _is_function(value[0]):
            found |= {f"{name}[{place}]": one for place, one in enumerate(value) if _is_function(one)}
    return found


def _is_function(value: object) -> bool:
    return isinstance(adopted(value), LabelingFunction | Rule)
