"""The tables. A change here needs a new file in ``migrations/versions`` and a new ``HEAD``; tests compare the two."""

import json
from collections.abc import Iterable
from dataclasses import fields
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    ColumnElement,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Select,
    Table,
    Text,
    UniqueConstraint,
    func,
    select,
    text,
)

HEAD = "0011"
"""The newest revision. Revisions are numbers, so that a newer one differs from an unknown one."""

metadata = MetaData()


def _owner(table: str) -> ForeignKey:
    """A reference to an owner; deleting the owner deletes the row."""
    return ForeignKey(f"{table}.id", ondelete="CASCADE")


def _required(name: str, kind: Any, *more: Any, **options: Any) -> Column:
    return Column(name, kind, *more, nullable=False, **options)


preferences = Table("preferences", metadata, Column("name", Text, primary_key=True), _required("value", JSON))

datasets = Table(
    "datasets",
    metadata,
    Column("number", Integer, primary_key=True),
    _required("id", Text, unique=True),
    _required("name", Text),
    _required("version", Integer),
    _required("digest", Text, index=True),
    _required("class_names", JSON),
    _required("counts", JSON),
    _required("rejections", JSON),
    _required("split_given", Boolean),
    _required("seed", Integer),
    _required("size_bytes", Integer),
    _required("created_at", Float),
    _required("seconds", Float),
    _required("notes", JSON),
    _required("unlabelled", Integer, server_default="0"),
    Column("grey_bits", Integer),
    UniqueConstraint("name", "version"),
)

photos = Table(
    "photos",
    metadata,
    Column("dataset_id", Text, _owner("datasets"), primary_key=True),
    Column("digest", Text, primary_key=True),
    _required("file", Text),
    _required("class_name", Text),
    _required("split", Text),
    _required("width", Integer),
    _required("height", Integer),
    _required("stored_bytes", Integer),
    Column("pixels", Text),
    CheckConstraint("split IN ('train', 'validation', 'test')", name="known_split"),
    Index("photos_in_order", "dataset_id", "split", "class_name", "digest"),
    sqlite_with_rowid=False,
)

unlabelled_photos = Table(
    "unlabelled_photos",
    metadata,
    Column("dataset_id", Text, _owner("datasets"), primary_key=True),
    Column("digest", Text, primary_key=True),
    _required("file", Text),
    _required("width", Integer),
    _required("height", Integer),
    _required("stored_bytes", Integer),
    sqlite_with_rowid=False,
)

runs = Table(
    "runs",
    metadata,
    Column("number", Integer, primary_key=True),
    _required("id", Text, unique=True),
    _required("dataset_id", Text, _owner("datasets"), index=True),
    _required("recipe", Text),
    _required("fingerprint", Text, index=True),
    _required("name", Text),
    _required("status", Text),
    _required("reason", Text),
    _required("priority", Integer),
    _required("position", Float),
    _required("attempt", Integer),
    Column("cancel", Text),
    Column("extends", Text, ForeignKey("runs.id", ondelete="SET NULL"), index=True),
    Column("reproduces", Text, ForeignKey("runs.id", ondelete="SET NULL", name="reproduced_run"), index=True),
    Column("slot", Text),
    _required("epochs_done", Integer),
    Column("best_epoch", Integer),
    Column("test_accuracy", Float),
    Column("test_low", Float),
    Column("test_high", Float),
    Column("wall_seconds", Float),
    _required("created_at", Float, index=True),
    Column("started_at", Float),
    Column("ended_at", Float),
    _required("notes", Text),
    _required("tags", JSON),
    _required("starred", Boolean, server_default="0"),
    _required("archived", Boolean, server_default="0"),
    # For filtering, grouping and searching; "" until ``backfill`` has processed an older row.
    _required("family", Text, server_default=""),
    _required("pattern", Text, server_default=""),
    _required("backbone", Text, server_default=""),
    _required("search", Text, server_default=""),
    _required("colour", Integer, server_default="0"),
    _required("revision", Integer, server_default="0"),  # kept by the triggers of ``revisions``
    CheckConstraint("status IN ('SCHEDULED', 'RUNNING', 'FINISHED', 'FAILED', 'KILLED')", name="known_status"),
    Index("runs_waiting", "status", "priority", "position"),
    Index("runs_by_name", "dataset_id", "name", unique=True),
    Index("runs_to_fill_in", "id", sqlite_where=text("search = ''")),
    Index("runs_by_revision", "dataset_id", "revision"),
    Index("runs_by_status", "dataset_id", "status"),
)

boards = Table(
    "boards",
    metadata,
    Column("dataset_id", Text, primary_key=True),  # no reference: numbers go on when a dataset is imported again
    _required("number", Integer),
    _required("deletions", Integer),
)

attempts = Table(
    "attempts",
    metadata,
    Column("run_id", Text, _owner("runs"), primary_key=True),
    Column("number", Integer, primary_key=True),
    _required("slot", Text),
    _required("token", Text),
    _required("started_at", Float),
    Column("ended_at", Float),
    _required("outcome", Text),
    Column("first_epoch", Integer),
    Column("process", JSON(none_as_null=True)),
    Column("spent", JSON(none_as_null=True)),
)

epochs = Table(
    "epochs",
    metadata,
    Column("run_id", Text, _owner("runs"), primary_key=True),
    Column("number", Integer, primary_key=True),
    _required("attempt", Integer),
    Column("loss", Float),  # SQLite keeps NaN as NULL
    Column("accuracy", Float),
    Column("val_loss", Float),
    Column("val_accuracy", Float),
    _required("seconds", Float),
    Column("val_calibrated_loss", Float),
    sqlite_with_rowid=False,
)

evaluations = Table(
    "evaluations",
    metadata,
    Column("run_id", Text, _owner("runs"), primary_key=True),
    _required("accuracy", Float),
    _required("n", Integer),
    _required("ci95", JSON),
    Column("loss", Float),
    Column("balanced_accuracy", Float),
    Column("macro_f1", Float),
    Column("ece", Float),
    Column("right", LargeBinary),
    Column("hardest", JSON(none_as_null=True)),  # NULL until ``backfill`` has processed an older row
    # Long columns are last, because SQLite reads a row up to the column it needs.
    _required("per_class", JSON),
    _required("confusion", JSON),
    Index("evaluations_to_fill_in", "run_id", sqlite_where=text("hardest IS NULL")),
)

costs = Table(
    "costs",
    metadata,
    Column("run_id", Text, _owner("runs"), primary_key=True),
    _required("wall_seconds", Float),
    _required("cpu_seconds", Float),
    Column("device_seconds", Float),
    _required("peak_rss_bytes", Integer),
    Column("peak_gpu_bytes", Integer),
    Column("energy_joules", Float),
    _required("energy_source", Text),
    Column("alone_wall_seconds", Float),
    Column("alone_cpu_seconds", Float),
    _required("parameters_total", Integer),
    _required("parameters_trainable", Integer),
    _required("multiply_adds", Integer),
    _required("model_bytes", Integer),
    Column("ms_per_photo", Float),
    _required("stages", JSON),
    _required("alone_checked", Boolean, server_default="1"),  # 0 until ``workbench.training_time`` has corrected it
    Index("costs_to_check", "run_id", sqlite_where=text("alone_checked = 0")),
)

models = Table(
    "models",
    metadata,
    Column("number", Integer, primary_key=True),
    _required("id", Text, unique=True),
    _required("run_id", Text, _owner("runs"), unique=True),
    _required("dataset_id", Text, _owner("datasets"), index=True),
    _required("path", Text),
    _required("sha256", Text, index=True),
    _required("size_bytes", Integer),
    _required("card", JSON),
    _required("created_at", Float),
)

alias_moves = Table(
    "alias_moves",
    metadata,
    Column("number", Integer, primary_key=True),
    _required("dataset_id", Text, _owner("datasets")),
    _required("alias", Text),
    Column("run_id", Text),  # no reference: the history stays when the run is deleted
    _required("run_name", Text),
    _required("at", Float),
    _required("who", Text),
    _required("why", Text),
    Column("restores", Integer),  # number of the move that a rollback went back to
    Index("alias_moves_in_order", "dataset_id", "alias", "number"),
)

log = Table(
    "log",
    metadata,
    Column("number", Integer, primary_key=True),
    _required("at", Float),
    _required("action", Text),
    _required("detail", JSON),
)


def ids_in(ids: Iterable[str]) -> Select:
    """What ``IN`` takes: any number of ids is one parameter."""
    values = func.json_each(json.dumps(list(ids))).table_valued("value")
    return select(values.c.value)


def equal(column: ColumnElement, value: Any) -> list[ColumnElement[bool]]:
    """What ``where`` takes: the condition that the column has this value; any value for None."""
    return [] if value is None else [column == value]


def columns_of(table: Table, value: type) -> list[Column]:
    """The columns that hold the fields of a value, in the order of its fields."""
    return [table.c[field.name] for field in fields(value) if field.name in table.c]


def row_of(table: Table, value: Any) -> dict[str, Any]:
    """The fields of ``value`` that ``table`` has a column for."""
    return {name: getattr(value, name) for name in table.c.keys() if hasattr(value, name)}  # noqa: SIM118
