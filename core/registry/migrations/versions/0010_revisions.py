"""Every run keeps the revision of its dataset's board at which it last changed; an index for counts.

The triggers that raise revisions are created after every migration (``core/registry/revisions.py``).
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.drop_index("runs_to_fill_in", "runs")
    with op.batch_alter_table("runs", recreate="always") as runs:
        for name in ("family", "pattern", "backbone", "search"):  # reflected as DEFAULT (''), unlike the schema
            runs.alter_column(name, server_default="", existing_type=sa.Text(), existing_nullable=False)
        runs.add_column(sa.Column("revision", sa.Integer(), nullable=False, server_default="0"))
    op.create_index("runs_to_fill_in", "runs", ["id"], sqlite_where=sa.text("search = ''"))
    op.create_index("runs_by_revision", "runs", ["dataset_id", "revision"])
    op.create_index("runs_by_status", "runs", ["dataset_id", "status"])
    op.create_table(
        "boards",
        sa.Column("dataset_id", sa.Text(), primary_key=True, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("deletions", sa.Integer(), nullable=False),
    )
