"""Adds the identity of the pixels to every photo, unknown in older rows, and the scale of 16-bit grey to every dataset."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    with op.batch_alter_table("photos", recreate="always", table_kwargs={"sqlite_with_rowid": False}) as photos:
        photos.add_column(sa.Column("pixels", sa.Text(), nullable=True))
    with op.batch_alter_table("datasets", recreate="always") as datasets:
        datasets.alter_column("unlabelled", server_default="0", existing_type=sa.Integer(), existing_nullable=False)
        datasets.add_column(sa.Column("grey_bits", sa.Integer(), nullable=True))
    op.execute("UPDATE datasets SET grey_bits = 16")  # their 16-bit grey photos were stored as their upper 8 bits
