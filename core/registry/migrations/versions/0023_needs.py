"""What runs need of the slots in which they train, and what the slots of the supervisor have."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    op.create_table(
        "slots",
        sa.Column("name", sa.Text(), primary_key=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("resources", sa.JSON(), nullable=False),
    )
    op.create_table(
        "run_needs",
        sa.Column("run_id", sa.Text(), sa.ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("needs", sa.JSON(), nullable=False),
    )
