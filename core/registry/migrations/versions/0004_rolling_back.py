"""Which move of an alias a rollback went back to, so that rolling back twice goes back two steps."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    with op.batch_alter_table("alias_moves", recreate="always") as moves:
        moves.add_column(sa.Column("restores", sa.Integer(), nullable=True))
