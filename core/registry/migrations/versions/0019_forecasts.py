"""Forecasts: what was expected of a run when it was launched, and what it took."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    numbers = ("made_at", "seconds", "seconds_low", "seconds_high", "memory_bytes", "memory_low", "memory_high")
    unknown = (
        "energy_joules", "energy_low", "energy_high",
        "measured_at", "measured_seconds", "measured_memory_bytes", "measured_energy_joules",
    )  # fmt: skip
    op.create_table(
        "forecasts",
        sa.Column("run_id", sa.Text(), sa.ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("attempt", sa.Integer(), primary_key=True),
        sa.Column("launch", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("machine", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Float(), nullable=False) for name in numbers),
        sa.Column("disk_bytes", sa.BigInteger(), nullable=False),
        sa.Column("compared", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Float()) for name in unknown),
        sa.Column("left_out", sa.Text(), nullable=False),
        sa.Index("forecasts_checked", "measured_at"),
    )
