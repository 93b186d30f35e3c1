"""Under which guideline, and when, a rating was made."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add both to the ratings; they are empty where nobody wrote them down."""
    for name in ("guideline", "time"):
        op.add_column("rating", sa.Column(name, sa.Text, nullable=False, server_default=""))
