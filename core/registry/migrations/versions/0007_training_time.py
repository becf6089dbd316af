"""The cost without reuse may be unknown; marks the runs whose figure is checked when the home is opened.

Up to 0.4.0 it missed what only an earlier attempt, or only the run that was extended, had reused. The epochs of a run
that extended a deleted one took longer than the run itself.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

MARK = """
    UPDATE costs SET alone_checked = 0 WHERE
    run_id IN (SELECT id FROM runs WHERE attempt > 1 OR extends IS NOT NULL)
    OR wall_seconds < (SELECT sum(seconds) FROM epochs WHERE epochs.run_id = costs.run_id)
"""


def upgrade() -> None:
    with op.batch_alter_table("costs", recreate="always") as costs:
        for name in ("alone_wall_seconds", "alone_cpu_seconds"):
            costs.alter_column(name, existing_type=sa.Float(), nullable=True)
        costs.add_column(sa.Column("alone_checked", sa.Boolean(), nullable=False, server_default="1"))
    op.execute(MARK)
    op.create_index("costs_to_check", "costs", ["run_id"], sqlite_where=sa.text("alone_checked = 0"))
