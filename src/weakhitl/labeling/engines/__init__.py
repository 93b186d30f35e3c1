"""Engines: what hands work out, to this process, to others, or to a cluster. All give the same votes."""

from weakhitl.errors import UsageError
from weakhitl.labeling.engines.local import LocalEngine
from weakhitl.labeling.engines.on_dask import DaskEngine
from weakhitl.labeling.engines.on_spark import SparkEngine
from weakhitl.labeling.engines.protocol import Engine, ids_of

_ENGINES: dict[str, type[Engine]] = {"local": LocalEngine, "dask": DaskEngine, "spark": SparkEngine}


def make_engine(engine: "str | Engine", processes: int = 1) -> Engine:
    """Give an engine by its name; ``processes`` is for the local one. Raises ``UsageError`` for an unknown name."""
    if not isinstance(engine, str):
        return engine
    if engine not in _ENGINES:
        raise UsageError(f"there is no engine {engine!r}; the engines are {', '.join(_ENGINES)}")
    if engine == "local":
        return LocalEngine(processes)
    if processes != 1:
        raise UsageError(f"processes are for the local engine; {engine} has workers of its own")
    return _ENGINES[engine]()


__all__ = ["DaskEngine", "Engine", "LocalEngine", "SparkEngine", "ids_of", "make_engine"]
