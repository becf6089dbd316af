"""Adds a normalised text of every run for searching; an empty one marks rows for ``backfill``."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.drop_index("runs_to_fill_in", "runs")
    with op.batch_alter_table("runs", recreate="always") as runs:
        for name in ("family", "pattern", "backbone"):  # reflected as DEFAULT (''), which differs from the schema
            runs.alter_column(name, server_default="", existing_type=sa.Text(), existing_nullable=False)
        runs.add_column(sa.Column("search", sa.Text(), nullable=False, server_default=""))
    op.create_index("runs_to_fill_in", "runs", ["id"], sqlite_where=sa.text("search = ''"))
