"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table('datasets',
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('id', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('digest', sa.Text(), nullable=False),
    sa.Column('class_names', sa.JSON(), nullable=False),
    sa.Column('counts', sa.JSON(), nullable=False),
    sa.Column('rejections', sa.JSON(), nullable=False),
    sa.Column('split_given', sa.Boolean(), nullable=False),
    sa.Column('seed', sa.Integer(), nullable=False),
    sa.Column('size_bytes', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.Float(), nullable=False),
    sa.Column('seconds', sa.Float(), nullable=False),
    sa.Column('notes', sa.JSON(), nullable=False),
    sa.PrimaryKeyConstraint('number'),
    sa.UniqueConstraint('id'),
    sa.UniqueConstraint('name', 'version')
    )
    op.create_index('ix_datasets_digest', 'datasets', ['digest'], unique=False)
    op.create_table('log',
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('at', sa.Float(), nullable=False),
    sa.Column('action', sa.Text(), nullable=False),
    sa.Column('detail', sa.JSON(), nullable=False),
    sa.PrimaryKeyConstraint('number')
    )
    op.create_table('preferences',
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('value', sa.JSON(), nullable=False),
    sa.PrimaryKeyConstraint('name')
    )
    op.create_table('photos',
    sa.Column('dataset_id', sa.Text(), nullable=False),
    sa.Column('digest', sa.Text(), nullable=False),
    sa.Column('file', sa.Text(), nullable=False),
    sa.Column('class_name', sa.Text(), nullable=False),
    sa.Column('split', sa.Text(), nullable=False),
    sa.Column('width', sa.Integer(), nullable=False),
    sa.Column('height', sa.Integer(), nullable=False),
    sa.Column('stored_bytes', sa.Integer(), nullable=False),
    sa.CheckConstraint("split IN ('train', 'validation', 'test')", name='known_split'),
    sa.ForeignKeyConstraint(['dataset_id'], ['datasets.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('dataset_id', 'digest'),
    sqlite_with_rowid=False
    )
    op.create_index('photos_in_order', 'photos', ['dataset_id', 'split', 'class_name', 'digest'], unique=False)
    op.create_table('runs',
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('id', sa.Text(), nullable=False),
    sa.Column('dataset_id', sa.Text(), nullable=False),
    sa.Column('recipe', sa.Text(), nullable=False),
    sa.Column('fingerprint', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('status', sa.Text(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('priority', sa.Integer(), nullable=False),
    sa.Column('position', sa.Float(), nullable=False),
    sa.Column('attempt', sa.Integer(), nullable=False),
    sa.Column('cancel', sa.Text(), nullable=True),
    sa.Column('extends', sa.Text(), nullable=True),
    sa.Column('slot', sa.Text(), nullable=True),
    sa.Column('epochs_done', sa.Integer(), nullable=False),
    sa.Column('best_epoch', sa.Integer(), nullable=True),
    sa.Column('test_accuracy', sa.Float(), nullable=True),
    sa.Column('test_low', sa.Float(), nullable=True),
    sa.Column('test_high', sa.Float(), nullable=True),
    sa.Column('wall_seconds', sa.Float(), nullable=True),
    sa.Column('created_at', sa.Float(), nullable=False),
    sa.Column('started_at', sa.Float(), nullable=True),
    sa.Column('ended_at', sa.Float(), nullable=True),
    sa.Column('notes', sa.Text(), nullable=False),
    sa.Column('tags', sa.JSON(), nullable=False),
    sa.CheckConstraint("status IN ('SCHEDULED', 'RUNNING', 'FINISHED', 'FAILED', 'KILLED')", name='known_status'),
    sa.ForeignKeyConstraint(['dataset_id'], ['datasets.id'], ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['extends'], ['runs.id'], ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('number'),
    sa.UniqueConstraint('id')
    )
    op.create_index('ix_runs_created_at', 'runs', ['created_at'], unique=False)
    op.create_index('ix_runs_dataset_id', 'runs', ['dataset_id'], unique=False)
    op.create_index('ix_runs_extends', 'runs', ['extends'], unique=False)
    op.create_index('ix_runs_fingerprint', 'runs', ['fingerprint'], unique=False)
    op.create_index('runs_waiting', 'runs', ['status', 'priority', 'position'], unique=False)
    op.create_table('attempts',
    sa.Column('run_id', sa.Text(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('slot', sa.Text(), nullable=False),
    sa.Column('token', sa.Text(), nullable=False),
    sa.Column('started_at', sa.Float(), nullable=False),
    sa.Column('ended_at', sa.Float(), nullable=True),
    sa.Column('outcome', sa.Text(), nullable=False),
    sa.Column('first_epoch', sa.Integer(), nullable=True),
    sa.Column('process', sa.JSON(none_as_null=True), nullable=True),
    sa.Column('spent', sa.JSON(none_as_null=True), nullable=True),
    sa.ForeignKeyConstraint(['run_id'], ['runs.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('run_id', 'number')
    )
    op.create_table('costs',
    sa.Column('run_id', sa.Text(), nullable=False),
    sa.Column('wall_seconds', sa.Float(), nullable=False),
    sa.Column('cpu_seconds', sa.Float(), nullable=False),
    sa.Column('device_seconds', sa.Float(), nullable=True),
    sa.Column('peak_rss_bytes', sa.Integer(), nullable=False),
    sa.Column('peak_gpu_bytes', sa.Integer(), nullable=True),
    sa.Column('energy_joules', sa.Float(), nullable=True),
    sa.Column('energy_source', sa.Text(), nullable=False),
    sa.Column('alone_wall_seconds', sa.Float(), nullable=False),
    sa.Column('alone_cpu_seconds', sa.Float(), nullable=False),
    sa.Column('parameters_total', sa.Integer(), nullable=False),
    sa.Column('parameters_trainable', sa.Integer(), nullable=False),
    sa.Column('multiply_adds', sa.Integer(), nullable=False),
    sa.Column('model_bytes', sa.Integer(), nullable=False),
    sa.Column('ms_per_photo', sa.Float(), nullable=True),
    sa.Column('stages', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['run_id'], ['runs.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('run_id')
    )
    op.create_table('epochs',
    sa.Column('run_id', sa.Text(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('attempt', sa.Integer(), nullable=False),
    sa.Column('loss', sa.Float(), nullable=True),
    sa.Column('accuracy', sa.Float(), nullable=True),
    sa.Column('val_loss', sa.Float(), nullable=True),
    sa.Column('val_accuracy', sa.Float(), nullable=True),
    sa.Column('seconds', sa.Float(), nullable=False),
    sa.ForeignKeyConstraint(['run_id'], ['runs.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('run_id', 'number'),
    sqlite_with_rowid=False
    )
    op.create_table('evaluations',
    sa.Column('run_id', sa.Text(), nullable=False),
    sa.Column('accuracy', sa.Float(), nullable=False),
    sa.Column('n', sa.Integer(), nullable=False),
    sa.Column('ci95', sa.JSON(), nullable=False),
    sa.Column('loss', sa.Float(), nullable=True),
    sa.Column('per_class', sa.JSON(), nullable=False),
    sa.Column('confusion', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['run_id'], ['runs.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('run_id')
    )
    op.create_table('models',
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('id', sa.Text(), nullable=False),
    sa.Column('run_id', sa.Text(), nullable=False),
    sa.Column('dataset_id', sa.Text(), nullable=False),
    sa.Column('path', sa.Text(), nullable=False),
    sa.Column('sha256', sa.Text(), nullable=False),
    sa.Column('size_bytes', sa.Integer(), nullable=False),
    sa.Column('card', sa.JSON(), nullable=False),
    sa.Column('created_at', sa.Float(), nullable=False),
    sa.ForeignKeyConstraint(['dataset_id'], ['datasets.id'], ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['run_id'], ['runs.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('number'),
    sa.UniqueConstraint('id'),
    sa.UniqueConstraint('run_id')
    )
    op.create_index('ix_models_dataset_id', 'models', ['dataset_id'], unique=False)
    op.create_index('ix_models_sha256', 'models', ['sha256'], unique=False)
