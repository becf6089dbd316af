"""The tables. A change here needs a new file in ``migrations/versions`` and a new ``HEAD``; tests compare the two."""

import json
from collections.abc import Iterable
from dataclasses import fields
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ColumnElement,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    Select,
    Table,
    Text,
    UniqueConstraint,
    func,
    literal,
    select,
    text,
)

from core.registry.column_types import Number, Whole, Words
from core.registry.functions import each_text

HEAD = "0024"
"""The newest revision. Revisions are numbers, so that a newer one differs from an unknown one."""

metadata = MetaData()

ON_MODELS = "substr(backbone, 1, 2) = 'r-' OR pattern IN ('cascade', 'distillation', 'quantization')"
"""Which runs may build on the model of another one: the condition of the index ``runs_on_models``, word by word."""


def _owner(table: str) -> ForeignKey:
    """A reference to an owner; deleting the owner deletes the row."""
    return ForeignKey(f"{table}.id", ondelete="CASCADE")


def _required(name: str, kind: Any, *more: Any, **options: Any) -> Column:
    return Column(name, kind, *more, nullable=False, **options)


preferences = Table("preferences", metadata, Column("name", Words, primary_key=True), _required("value", JSON))

datasets = Table(
    "datasets",
    metadata,
    Column("number", Whole, primary_key=True),
    _required("id", Words, unique=True),
    _required("name", Words),
    _required("version", Whole),
    _required("digest", Words, index=True),
    _required("class_names", JSON),
    _required("counts", JSON),
    _required("rejections", JSON),
    _required("split_given", Boolean),
    _required("seed", Whole),
    _required("size_bytes", Whole),
    _required("created_at", Number),
    _required("seconds", Number),
    _required("notes", JSON),
    _required("unlabelled", Whole, server_default="0"),
    Column("grey_bits", Whole),
    _required("owner", Words, server_default=""),  # name of an account; "" from before there were any, or without login
    UniqueConstraint("name", "version"),
)

photos = Table(
    "photos",
    metadata,
    Column("dataset_id", Words, _owner("datasets"), primary_key=True),
    Column("digest", Words, primary_key=True),
    _required("file", Words),
    _required("class_name", Words),
    _required("split", Words),
    _required("width", Whole),
    _required("height", Whole),
    _required("stored_bytes", Whole),
    Column("pixels", Words),
    CheckConstraint("split IN ('train', 'validation', 'test')", name="known_split"),
    Index("photos_in_order", "dataset_id", "split", "class_name", "digest"),
    sqlite_with_rowid=False,
)

unlabelled_photos = Table(
    "unlabelled_photos",
    metadata,
    Column("dataset_id", Words, _owner("datasets"), primary_key=True),
    Column("digest", Words, primary_key=True),
    _required("file", Words),
    _required("width", Whole),
    _required("height", Whole),
    _required("stored_bytes", Whole),
    sqlite_with_rowid=False,
)

runs = Table(
    "runs",
    metadata,
    Column("number", Whole, primary_key=True),
    _required("id", Words, unique=True),
    _required("dataset_id", Words, _owner("datasets"), index=True),
    _required("recipe", Words),
    _required("fingerprint", Words, index=True),
    _required("name", Words),
    _required("status", Words),
    _required("reason", Words),
    _required("priority", Whole),
    _required("position", Number),
    _required("attempt", Whole),
    Column("cancel", Words),
    Column("extends", Words, ForeignKey("runs.id", ondelete="SET NULL"), index=True),
    Column("reproduces", Words, ForeignKey("runs.id", ondelete="SET NULL", name="reproduced_run"), index=True),
    Column("slot", Words),
    _required("epochs_done", Whole),
    Column("best_epoch", Whole),
    Column("test_accuracy", Number),
    Column("test_low", Number),
    Column("test_high", Number),
    Column("wall_seconds", Number),
    _required("created_at", Number, index=True),
    Column("started_at", Number),
    Column("ended_at", Number),
    _required("notes", Words),
    _required("tags", JSON),
    _required("starred", Boolean, server_default="0"),
    _required("archived", Boolean, server_default="0"),
    # For filtering, grouping and searching; "" until ``backfill`` has processed an older row.
    _required("family", Words, server_default=""),
    _required("pattern", Words, server_default=""),
    _required("backbone", Words, server_default=""),
    _required("search", Words, server_default=""),
    _required("colour", Whole, server_default="0"),
    _required("revision", Whole, server_default="0"),  # kept by the triggers of ``revisions``
    _required("owner", Words, server_default=""),
    CheckConstraint("status IN ('SCHEDULED', 'RUNNING', 'FINISHED', 'FAILED', 'KILLED')", name="known_status"),
    Index("runs_waiting", "status", "priority", "position"),
    Index("runs_by_name", "dataset_id", "name", unique=True),
    Index("runs_to_fill_in", "id", sqlite_where=text("search = ''")),
    Index("runs_by_revision", "dataset_id", "revision"),
    Index("runs_by_status", "dataset_id", "status", "created_at", "archived"),
    Index("runs_newest", "status", "created_at", "archived"),
    Index("runs_on_models", "created_at", sqlite_where=text(ON_MODELS)),
)

boards = Table(
    "boards",
    metadata,
    Column("dataset_id", Words, primary_key=True),  # no reference: numbers go on when a dataset is imported again
    _required("number", Whole),
    _required("deletions", Whole),
)

attempts = Table(
    "attempts",
    metadata,
    Column("run_id", Words, _owner("runs"), primary_key=True),
    Column("number", Whole, primary_key=True),
    _required("slot", Words),
    _required("token", Words),
    _required("started_at", Number),
    Column("ended_at", Number),
    _required("outcome", Words),
    Column("first_epoch", Whole),
    Column("process", JSON(none_as_null=True)),
    Column("spent", JSON(none_as_null=True)),
)

epochs = Table(
    "epochs",
    metadata,
    Column("run_id", Words, _owner("runs"), primary_key=True),
    Column("number", Whole, primary_key=True),
    _required("attempt", Whole),
    Column("loss", Number),  # NaN is NULL
    Column("accuracy", Number),
    Column("val_loss", Number),
    Column("val_accuracy", Number),
    _required("seconds", Number),
    Column("val_calibrated_loss", Number),
    sqlite_with_rowid=False,
)

evaluations = Table(
    "evaluations",
    metadata,
    Column("run_id", Words, _owner("runs"), primary_key=True),
    _required("accuracy", Number),
    _required("n", Whole),
    _required("ci95", JSON),
    Column("loss", Number),
    Column("balanced_accuracy", Number),
    Column("macro_f1", Number),
    Column("ece", Number),
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
    Column("run_id", Words, _owner("runs"), primary_key=True),
    _required("wall_seconds", Number),
    _required("cpu_seconds", Number),
    Column("device_seconds", Number),
    _required("peak_rss_bytes", Whole),
    Column("peak_gpu_bytes", Whole),
    Column("energy_joules", Number),
    _required("energy_source", Words),
    Column("alone_wall_seconds", Number),
    Column("alone_cpu_seconds", Number),
    _required("parameters_total", Whole),
    _required("parameters_trainable", Whole),
    _required("multiply_adds", Whole),
    _required("model_bytes", Whole),
    Column("ms_per_photo", Number),
    _required("stages", JSON),
    _required("alone_checked", Boolean, server_default="1"),  # 0 until ``workbench.training_time`` has corrected it
    Index("costs_to_check", "run_id", sqlite_where=text("alone_checked = 0")),
)

models = Table(
    "models",
    metadata,
    Column("number", Whole, primary_key=True),
    _required("id", Words, unique=True),
    _required("run_id", Words, _owner("runs"), unique=True),
    _required("dataset_id", Words, _owner("datasets"), index=True),
    _required("path", Words),
    _required("sha256", Words, index=True),
    _required("size_bytes", Whole),
    _required("card", JSON),
    _required("created_at", Number),
    Index("models_by_size", "size_bytes"),  # their sum is read without their cards
)

alias_moves = Table(
    "alias_moves",
    metadata,
    Column("number", Whole, primary_key=True),
    _required("dataset_id", Words, _owner("datasets")),
    _required("alias", Words),
    Column("run_id", Words),  # no reference: the history stays when the run is deleted
    _required("run_name", Words),
    _required("at", Number),
    _required("who", Words),
    _required("why", Words),
    Column("restores", Whole),  # number of the move that a rollback went back to
    Index("alias_moves_in_order", "dataset_id", "alias", "number"),
)

backbones = Table(
    "backbones",
    metadata,
    Column("name", Words, primary_key=True),
    _required("row", JSON),
    _required("files", JSON),
    _required("facts", JSON),
    _required("added_at", Number),
)

tokens = Table(
    "tokens",
    metadata,
    Column("number", Whole, primary_key=True),
    _required("name", Words),
    _required("digest", Words, unique=True),
    _required("scope", Words),
    _required("created_at", Number),
    _required("expires_at", Number),
    Column("revoked_at", Number),
    Column("used_at", Number),
    _required("owner", Words, server_default=""),
)

log = Table(
    "log",
    metadata,
    Column("number", Whole, primary_key=True),
    _required("at", Number),
    _required("action", Words),
    _required("detail", JSON),
    _required("who", Words, server_default=""),  # "" of entries from before 0.8
)

users = Table(
    "users",
    metadata,
    Column("number", Whole, primary_key=True),
    _required("name", Words, unique=True),
    _required("role", Words),
    Column("password", Words),  # argon2id
    Column("subject", Words, unique=True),  # of the OpenID provider
    _required("disabled", Boolean, server_default="0"),
    _required("created_at", Number),
)

sessions = Table(
    "sessions",
    metadata,
    Column("digest", Words, primary_key=True),  # SHA-256 of the cookie's secret
    _required("user", Words, index=True),
    _required("address", Words),
    _required("agent", Words),
    _required("created_at", Number),
    _required("seen_at", Number),
    _required("expires_at", Number),
    Column("ended_at", Number),
    _required("how", Words, server_default=""),  # "" of sessions from before 0.11
)

second_factors = Table(
    "second_factors",
    metadata,
    Column("user", Words, primary_key=True),
    _required("secret", Words),  # of the authenticator app, in clear text: codes are computed from it
    Column("confirmed_at", Number),  # NULL until a code has shown that the app has the secret
    _required("last_step", BigInteger),  # of the newest code that was accepted; none up to it is accepted again
)

recovery_codes = Table(
    "recovery_codes",
    metadata,
    Column("digest", Words, primary_key=True),  # SHA-256 of the code
    _required("user", Words, index=True),
)

second_steps = Table(
    "second_steps",
    metadata,
    Column("digest", Words, primary_key=True),  # SHA-256 of the cookie's secret
    _required("user", Words),
    _required("how", Words),
    _required("expires_at", Number),
)

links = Table(
    "links",
    metadata,
    Column("digest", Words, primary_key=True),  # SHA-256 of the link's secret
    _required("user", Words),  # "" for the first admin, who chooses a name
    _required("created_at", Number),
    _required("expires_at", Number),
    Column("used_at", Number),
)

sign_in_limits = Table(
    "sign_in_limits",
    metadata,
    Column("key", Words, primary_key=True),  # account/<digest of its name> or address/<address>
    _required("level", Number),  # sign-ins that may fail at once
    _required("at", Number),
)

leases = Table(
    "leases",
    metadata,
    Column("name", Words, primary_key=True),
    _required("token", BigInteger),  # grows by one whenever another holder takes it, and never falls
    _required("holder", Words),
    _required("taken_at", Number),
    _required("expires_at", Number),  # by the clock of the database
)

artifacts = Table(
    "artifacts",
    metadata,
    Column("name", Words, primary_key=True),
    _required("token", BigInteger),  # of the lease under which it was published: an attempt, for a run
    _required("digest", Words),  # SHA-256 of the listing of its files
    _required("size_bytes", BigInteger),
    _required("files", BigInteger),
    _required("created_at", Number),
)

artifact_blobs = Table(
    "artifact_blobs",
    metadata,
    Column("artifact", Words, primary_key=True),  # also of a publication that is under way
    Column("digest", Words, primary_key=True),
    Index("artifact_blobs_by_digest", "digest"),
)

doomed_blobs = Table("doomed_blobs", metadata, Column("digest", Words, primary_key=True))

nodes = Table(
    "nodes",
    metadata,
    Column("name", Words, primary_key=True),
    _required("facts", JSON),
    _required("seen_at", Number),
)

slots = Table(
    "slots",
    metadata,
    Column("name", Words, primary_key=True),
    _required("title", Words),
    _required("resources", JSON),
)

run_needs = Table(
    "run_needs",
    metadata,
    Column("run_id", Words, _owner("runs"), primary_key=True),
    _required("needs", JSON),
)

shortlists = Table(
    "shortlists",
    metadata,
    Column("number", Whole, primary_key=True),
    _required("dataset_id", Words, _owner("datasets"), index=True),
    _required("question", JSON),
    _required("answer", JSON),  # candidates with scores; see ``core.advising.values``
    _required("seconds", Number),
    _required("who", Words),
    _required("created_at", Number),
)

forecasts = Table(
    "forecasts",
    metadata,
    Column("run_id", Words, _owner("runs"), primary_key=True),
    Column("attempt", Whole, primary_key=True),  # which it is of; it may not have started
    _required("launch", Words),
    _required("kind", Words),
    _required("machine", Words),
    _required("made_at", Number),
    _required("seconds", Number),
    _required("seconds_low", Number),
    _required("seconds_high", Number),
    _required("memory_bytes", Number),
    _required("memory_low", Number),
    _required("memory_high", Number),
    _required("disk_bytes", BigInteger),
    _required("compared", Whole),
    Column("energy_joules", Number),
    Column("energy_low", Number),
    Column("energy_high", Number),
    Column("measured_at", Number),
    Column("measured_seconds", Number),
    Column("measured_memory_bytes", Number),
    Column("measured_energy_joules", Number),
    _required("left_out", Words),
    _required("seconds_model", Number, server_default="0"),
    _required("speed_known", Boolean, server_default="0"),
    Index("forecasts_checked", "measured_at"),
)

stored_sizes = Table(
    "stored_sizes",
    metadata,
    Column("run_id", Words, _owner("runs"), primary_key=True),
    _required("owner", Words, index=True),
    _required("bytes", BigInteger),  # of the folder of the run; see ``core.jobs.stored_size``
    _required("measured_at", Number),
)

pool_sizes = Table(
    "pool_sizes",
    metadata,
    Column("dataset_id", Words, _owner("datasets"), primary_key=True),
    _required("bytes", BigInteger),  # of the photos that were added to its pool; see ``core.jobs.stored_size``
)

reports = Table(
    "reports",
    metadata,
    Column("run_id", Words, _owner("runs"), primary_key=True),
    Column("attempt", Whole, primary_key=True),
    _required("at", Number),
    Column("progress", JSON(none_as_null=True)),
    Column("exit", JSON(none_as_null=True)),
    _required("log", Words, server_default=""),
)


def ids_in(ids: Iterable[str]) -> Select:
    """What ``IN`` takes: any number of ids is one parameter."""
    values = each_text(literal(json.dumps(list(ids)), Text)).table_valued("value")
    return select(values.c.value)


def begins_with(column: ColumnElement, prefix: str) -> ColumnElement[bool]:
    """Letter by letter; SQLite's LIKE ignores the case."""
    return func.substr(column, 1, len(prefix)) == prefix


def equal(column: ColumnElement, value: Any) -> list[ColumnElement[bool]]:
    """What ``where`` takes: the condition that the column has this value; any value for None."""
    return [] if value is None else [column == value]


def columns_of(table: Table, value: type) -> list[Column]:
    """The columns that hold the fields of a value, in the order of its fields."""
    return [table.c[field.name] for field in fields(value) if field.name in table.c]


def row_of(table: Table, value: Any) -> dict[str, Any]:
    """The fields of ``value`` that ``table`` has a column for."""
    return {name: getattr(value, name) for name in table.c.keys() if hasattr(value, name)}  # noqa: SIM118
