"""A user's own checks: Python functions that the policy names as ``file.py:function``."""

from collections.abc import Iterable
from pathlib import Path

from weakhitl.config import CheckSection, is_own
from weakhitl.errors import ConfigError
from weakhitl.gate import OwnCheck
from weakhitl.labeling.discover import load_file


def own_checks(checks: Iterable[CheckSection], root: Path) -> dict[str, OwnCheck]:
    """Load the functions that checks name; paths are relative to ``root``.

    Only commands do this: neither a server nor ``verify`` runs them. Raises ``ConfigError`` with every file that
    cannot be loaded and every function that is not there.
    """
    found: dict[str, OwnCheck] = {}
    faults: list[str] = []
    for metric in dict.fromkeys(check.metric for check in checks if is_own(check.metric)):
        file, name = metric.rsplit(":", 1)
        path = root / file
        if not path.is_file():
            faults.append(f"{metric}: there is no file {path}")
            continue
        module, fault = load_file(path)
        if module is None:
            faults.append(fault)
        elif not callable(function := getattr(module, name, None)):
            known = ", ".join(key for key, value in vars(module).items() if callable(value) and key[0] != "_")
            faults.append(f"{metric}: {path} has no function {name!r}; it has {known or 'none'}")
        else:
            found[metric] = function
    if faults:
        raise ConfigError("gate", faults)
    return found
