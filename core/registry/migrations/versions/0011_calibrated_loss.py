"""The calibrated validation loss of every epoch, by which a recipe may choose the best one."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    without_rowid = {"sqlite_with_rowid": False}
    with op.batch_alter_table("epochs", recreate="always", table_kwargs=without_rowid) as epochs:
        epochs.add_column(sa.Column("val_calibrated_loss", sa.Float()))
