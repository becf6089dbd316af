"""Second factors: secrets of authenticator apps, recovery codes, sign-ins that wait for a code; how a session began."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    op.create_table(
        "second_factors",
        sa.Column("user", sa.Text(), primary_key=True),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("confirmed_at", sa.Float()),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("digest", sa.Text(), primary_key=True),
        sa.Column("user", sa.Text(), nullable=False, index=True),
    )
    op.create_table(
        "second_steps",
        sa.Column("digest", sa.Text(), primary_key=True),
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.Float(), nullable=False),
    )
    op.add_column("sessions", sa.Column("how", sa.Text(), nullable=False, server_default=""))
