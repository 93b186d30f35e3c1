"""A user's own functions that the configuration names as ``file.py:function``."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from weakhitl.config import CheckSection, is_own
from weakhitl.errors import ConfigError
from weakhitl.gate import OwnCheck
from weakhitl.labeling.discover import load_apart


def own_checks(checks: Iterable[CheckSection], root: Path) -> dict[str, OwnCheck]:
    """Load the functions that checks name; paths are relative to ``root``.

    Only commands do this: neither a server nor ``verify`` runs them. Raises ``ConfigError`` with every file that
    cannot be loaded and every function that is not there.
    """
    found: dict[str, OwnCheck] = {}
    faults: list[str] = []
    for metric in dict.fromkeys(check.metric for check in checks if is_own(check.metric)):
        function, fault = load_named(metric, root)
        if fault:
            faults.append(fault)
        else:
            found[metric] = function
    if faults:
        raise ConfigError("gate", faults)
    return found


def load_named(named: str, root: Path) -> tuple[Any, str]:
    """Load what ``file.py:name`` names, something to be called or with ``predict``; or say what is wrong."""
    file, name = named.rsplit(":", 1)
    path = root / file
    if not path.is_file():
        return None, f"{named}: there is no file {path}"
    module, fault = load_apart(path)
    if module is None:
        return None, fault
    found = getattr(module, name, None)
    if callable(found) or hasattr(found, "predict"):
        return found, ""
    known = ", ".join(key for key, value in vars(module).items() if callable(value) and key[0] != "_")
    return None, f"{named}: {path} has no function {name!r}; it has {known or 'none'}"
