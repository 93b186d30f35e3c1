"""Migrations of the store, in alembic's form; run by ``versions``."""
