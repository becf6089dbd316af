"""Adds the run that a reproduction repeats."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    reproduced = sa.ForeignKey("runs.id", ondelete="SET NULL", name="reproduced_run")
    with op.batch_alter_table("runs") as batch:
        batch.add_column(sa.Column("reproduces", sa.Text(), reproduced, nullable=True))
        batch.create_index("ix_runs_reproduces", ["reproduces"], unique=False)
