"""Blobs of the store of artifacts: which artifact needs which, and which are to be deleted."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_table(
        "artifact_blobs",
        sa.Column("artifact", sa.Text(), primary_key=True),
        sa.Column("digest", sa.Text(), primary_key=True),
    )
    op.create_index("artifact_blobs_by_digest", "artifact_blobs", ["digest"])
    op.create_table("doomed_blobs", sa.Column("digest", sa.Text(), primary_key=True))
