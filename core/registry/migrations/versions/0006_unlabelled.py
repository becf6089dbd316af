"""Adds photos without a class, kept apart from those that are trained on."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    with op.batch_alter_table("datasets", recreate="always") as datasets:
        datasets.add_column(sa.Column("unlabelled", sa.Integer(), nullable=False, server_default="0"))
    op.create_table(
        "unlabelled_photos",
        sa.Column("dataset_id", sa.Text(), sa.ForeignKey("datasets.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("digest", sa.Text(), primary_key=True),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("stored_bytes", sa.Integer(), nullable=False),
        sqlite_with_rowid=False,
    )
