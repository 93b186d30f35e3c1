"""Batches and ratings."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the first tables."""
    op.create_table(
        "batch",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("seed", sa.BigInteger, nullable=False),
        sa.Column("overlap", sa.Integer),
        sa.Column("frame", sa.Integer, nullable=False),
    )
    op.create_table(
        "routed",
        sa.Column("place", sa.Integer, primary_key=True),
        sa.Column("batch", sa.Integer, sa.ForeignKey("batch.number"), nullable=False),
        sa.Column("item", sa.Text, nullable=False, unique=True),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("probability", sa.Float(53), nullable=False),
        sa.Column("rank", sa.Integer, nullable=False),
    )
    op.create_table(
        "rating",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("item", sa.Text, nullable=False),
        sa.Column("annotator", sa.Text, nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.UniqueConstraint("item", "annotator", "role"),
    )
