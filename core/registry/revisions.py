"""Revisions of boards: which runs have changed since a board was read. Kept by triggers, so that no write is missed.

Every write to a run, its evaluation, its cost or its model raises the number in ``boards`` of the dataset, and the run
keeps the number as its ``revision``. A board that was read at number N is brought up to date by the runs above N; runs
were deleted when ``deletions`` has grown. The row of a dataset is never deleted, so that its numbers never repeat.
"""

from sqlalchemy import Connection, event

from core.registry.schema import metadata


def _raise(run: str, deletions: int = 0) -> str:
    """Raises the number of the dataset of ``NEW`` or ``OLD``."""
    return f"""
    INSERT INTO boards (dataset_id, number, deletions) VALUES ({run}.dataset_id, 1, {deletions})
    ON CONFLICT (dataset_id) DO UPDATE SET number = number + 1, deletions = deletions + {deletions};"""


_STAMP = f"""{_raise("NEW")}
    UPDATE runs SET revision = (SELECT number FROM boards WHERE dataset_id = NEW.dataset_id)
    WHERE number = NEW.number;"""

_TRIGGERS = {
    "board_gains_run": f"AFTER INSERT ON runs BEGIN {_STAMP} END",
    # A new revision comes from a trigger. What is set to itself, as below, has changed elsewhere.
    "board_changes_run": f"AFTER UPDATE ON runs WHEN NEW.revision = OLD.revision BEGIN {_STAMP} END",
    "board_loses_run": f"AFTER DELETE ON runs BEGIN {_raise('OLD', 1)} END",
} | {
    f"board_{verb.lower()}s_{table}": f"""AFTER {verb} ON {table} BEGIN
    UPDATE runs SET revision = revision WHERE id = {row}.run_id; END"""
    for table in ("evaluations", "costs", "models")
    for verb, row in (("INSERT", "NEW"), ("UPDATE", "NEW"), ("DELETE", "OLD"))
}


def drop_triggers(connection: Connection) -> None:
    """Before a migration: one that rebuilds the table of runs would fail while triggers refer to it."""
    for name in _TRIGGERS:
        connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}")


def create_triggers(connection: Connection) -> None:
    """After the migrations: a rebuilt table has lost its triggers."""
    for name, what in _TRIGGERS.items():
        connection.exec_driver_sql(f"CREATE TRIGGER {name} {what}")


@event.listens_for(metadata, "after_create")
def _with_tables(_target: object, connection: Connection, **_options: object) -> None:
    create_triggers(connection)
