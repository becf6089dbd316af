"""The calibrated validation loss of every epoch, by which a recipe may choose the best one."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column("epochs", sa.Column("val_calibrated_loss", sa.Float()))
