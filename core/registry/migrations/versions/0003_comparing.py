"""Stars, archive and aliases; metrics of the test photos for sorting lists; keys for grouping repetitions."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    with op.batch_alter_table("runs", recreate="always") as runs:
        for name in ("starred", "archived"):
            runs.add_column(sa.Column(name, sa.Boolean(), nullable=False, server_default="0"))
        for name in ("family", "pattern", "backbone"):
            runs.add_column(sa.Column(name, sa.Text(), nullable=False, server_default=""))
    with op.batch_alter_table("evaluations", recreate="always") as evaluations:
        columns: list[sa.Column] = [sa.Column(name, sa.Float(), nullable=True) for name in ("balanced_accuracy", "macro_f1", "ece")]
        columns.append(sa.Column("right", sa.LargeBinary(), nullable=True))
        columns.append(sa.Column("hardest", sa.JSON(none_as_null=True), nullable=True))
        for column in columns:  # before the long columns, because SQLite reads a row up to the column it needs
            evaluations.add_column(column, insert_before="per_class")
    # Empty once ``backfill`` is done: every start checks whether there is anything to do.
    op.create_index("runs_to_fill_in", "runs", ["id"], sqlite_where=sa.text("family = ''"))
    op.create_index("evaluations_to_fill_in", "evaluations", ["run_id"], sqlite_where=sa.text("hardest IS NULL"))
    op.create_table(
        "alias_moves",
        sa.Column("number", sa.Integer(), primary_key=True),
        sa.Column("dataset_id", sa.Text(), sa.ForeignKey("datasets.id", ondelete="CASCADE"), nullable=False),
        sa.Column("alias", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=True),
        sa.Column("run_name", sa.Text(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
    )
    op.create_index("alias_moves_in_order", "alias_moves", ["dataset_id", "alias", "number"])
