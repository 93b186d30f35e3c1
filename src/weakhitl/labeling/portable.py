"""Functions that travel to other processes: code of one's own goes along, since they could not import it."""

import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from threading import RLock
from types import ModuleType
from typing import Any

import cloudpickle

_NEVER = {"__main__", "__mp_main__"}
_INSTALLED = [
    Path(__file__).resolve().parents[1],
    *(Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "platstdlib", "purelib", "platlib")),
]
_PACKAGES = {"site-packages", "dist-packages"}
"""Folders of packages, also of the user's and of the Python below an environment, which ``sysconfig`` does not name."""
_registering = RLock()


def packed(value: Any) -> bytes:
    """Pickle a value together with the user's own modules that it needs."""
    with _by_value():
        pickled: bytes = cloudpickle.dumps(value)
    return pickled


@lru_cache(maxsize=4)
def unpacked(pickled: bytes) -> Any:
    """Unpickle what ``packed`` gave, once a process."""
    return cloudpickle.loads(pickled)


def is_installed(file: Path) -> bool:
    """Whether a file belongs to Python or to an installed package, as ours is even where its source lies elsewhere."""
    found = file.resolve()
    return not _PACKAGES.isdisjoint(found.parts) or any(found.is_relative_to(place) for place in _INSTALLED)


@contextmanager
def _by_value() -> Iterator[None]:
    """While this lasts, modules of the user's own are pickled whole."""
    with _registering:
        known = cloudpickle.list_registry_pickle_by_value()
        found = [module for module in list(sys.modules.values()) if isinstance(module, ModuleType) and _is_own(module)]
        added = [module for module in found if module.__name__ not in known]
        for module in added:
            cloudpickle.register_pickle_by_value(module)
        try:
            yield
        finally:
            for module in added:
                cloudpickle.unregister_pickle_by_value(module)


def _is_own(module: ModuleType) -> bool:
    file, name = vars(module).get("__file__"), module.__name__
    if file is None or sys.modules.get(name) is not module or name in _NEVER:
        return False
    return not is_installed(Path(file))
