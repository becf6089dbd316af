"""Indexes for pages with 100,000 runs: the newest by status, the datasets with runs, runs that build on a model, and the
size of all models without their cards.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"

_ON_MODELS = "substr(backbone, 1, 2) = 'r-' OR pattern IN ('cascade', 'distillation', 'quantization')"


def upgrade() -> None:
    op.drop_index("runs_by_status", "runs")
    op.create_index("runs_by_status", "runs", ["dataset_id", "status", "created_at", "archived"])
    op.create_index("runs_newest", "runs", ["status", "created_at", "archived"])
    # the option of the database in use only: naming one of PostgreSQL imports all of its dialect
    where: dict[str, Any] = {f"{op.get_bind().dialect.name}_where": sa.text(_ON_MODELS)}
    op.create_index("runs_on_models", "runs", ["created_at"], **where)
    op.create_index("models_by_size", "models", ["size_bytes"])
