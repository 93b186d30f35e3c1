"""Bring a database to the newest version, from nothing or from any earlier one."""

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from weakhitl.errors import StateError

NEWEST = "0003"
_KNOWN = ("0001", "0002", NEWEST)


def upgrade(engine: Engine, name: str, *, read_only: bool = False) -> None:
    """Run the migrations that a database lacks, all or none; several processes may do so at once.

    Raises ``StateError`` where a later weakhitl wrote it, or an earlier one and it may only be read.
    """
    with engine.connect() as connection:
        version = _version(connection)
        if version == NEWEST:
            return
        _require_known(version, name)
    if read_only:
        raise StateError(
            f"{name} was written by an earlier weakhitl and may only be read here; somebody who may write it has "
            "to run `weakhitl status` once"
        )
    with engine.connect() as connection:
        connection.execution_options(writes=True)
        with connection.begin():
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(7236914501)"))
            _migrate(connection, name)


def _migrate(connection: Connection, name: str) -> None:
    version = _version(connection)  # once more: somebody else may have been quicker
    if version == NEWEST:
        return
    _require_known(version, name)
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    if version is not None and not inspect(connection).has_table("alembic_version"):
        command.stamp(config, version)
    command.upgrade(config, "head")


def _require_known(version: str | None, name: str) -> None:
    if version is not None and version not in _KNOWN:
        raise StateError(f"{name} was written by a later weakhitl (version {version}); upgrade weakhitl")


def _version(connection: Connection) -> str | None:
    """Give the revision that a database is at; None for an empty one.

    The first two versions were kept in SQLite's own number, without alembic.
    """
    names = inspect(connection).get_table_names()
    if "alembic_version" in names:
        found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        if found is not None:
            return str(found)
    if connection.dialect.name != "sqlite":
        return None
    number = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
    return f"{number:04d}" if number else None
