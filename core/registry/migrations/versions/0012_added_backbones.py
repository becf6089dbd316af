"""Backbones that a person added, beside the catalogue."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "backbones",
        sa.Column("name", sa.Text(), primary_key=True),
        sa.Column("row", sa.JSON(), nullable=False),
        sa.Column("files", sa.JSON(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("added_at", sa.Float(), nullable=False),
    )
