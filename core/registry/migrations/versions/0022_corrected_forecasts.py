"""Forecasts that are corrected by past ones: what was expected before the correction, and whether a speed was known.

Those so far were not corrected. A speed counts as known once a forecast had been compared with a finished run.
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    with op.batch_alter_table("forecasts", recreate="always") as forecasts:
        forecasts.add_column(sa.Column("seconds_model", sa.Float(), nullable=False, server_default="0"))
        forecasts.add_column(sa.Column("speed_known", sa.Boolean(), nullable=False, server_default="0"))
    op.execute("UPDATE forecasts SET seconds_model = seconds")
    op.execute("UPDATE forecasts SET speed_known = TRUE WHERE made_at > (SELECT min(measured_at) FROM forecasts)")
