"""Revisions of boards: which runs have changed since a board was read. Kept by triggers, so that no write is missed.

Every write to a run, its evaluation, its cost or its model raises the number in ``boards`` of the dataset, and the run
keeps the number as its ``revision``. A board that was read at number N is brought up to date by the runs above N; runs
were deleted when ``deletions`` has grown. The row of a dataset is never deleted, so that its numbers never repeat.
"""

from sqlalchemy import Connection, event

from core.registry.audit_log import ONLY_GROWS
from core.registry.schema import metadata


def _raise(run: str, deletions: int = 0) -> str:
    """Raises the number of the dataset of ``NEW`` or ``OLD``."""
    return f"""
    INSERT INTO boards (dataset_id, number, deletions) VALUES ({run}.dataset_id, 1, {deletions})
    ON CONFLICT (dataset_id) DO UPDATE SET number = boards.number + 1, deletions = boards.deletions + {deletions}"""


_NUMBER = "(SELECT number FROM boards WHERE dataset_id = NEW.dataset_id)"
_STAMP = f"{_raise('NEW')}; UPDATE runs SET revision = {_NUMBER} WHERE number = NEW.number;"
_RESULTS = [
    (f"board_{verb.lower()}s_{table}", verb, table, row)
    for table in ("evaluations", "costs", "models")
    for verb, row in (("INSERT", "NEW"), ("UPDATE", "NEW"), ("DELETE", "OLD"))
]

_SQLITE = {
    "board_gains_run": f"AFTER INSERT ON runs BEGIN {_STAMP} END",
    # A new revision comes from a trigger. What is set to itself, as below, has changed elsewhere.
    "board_changes_run": f"AFTER UPDATE ON runs WHEN NEW.revision = OLD.revision BEGIN {_STAMP} END",
    "board_loses_run": f"AFTER DELETE ON runs BEGIN {_raise('OLD', 1)}; END",
} | {
    name: f"AFTER {verb} ON {table} BEGIN UPDATE runs SET revision = revision WHERE id = {row}.run_id; END"
    for name, verb, table, row in _RESULTS
}
_SQLITE |= {
    f"log_refuses_{verb.lower()}": f"BEFORE {verb} ON log BEGIN SELECT RAISE(ABORT, '{ONLY_GROWS}'); END"
    for verb in ("UPDATE", "DELETE")
}

# PostgreSQL would walk through all versions of the row of ``boards`` that a transaction has made. So the numbers come
# from a sequence (only one transaction writes at a time, so they grow in the order of the commits), and a statement
# writes the highest once.
_HIGHEST = """INSERT INTO boards (dataset_id, number, deletions) SELECT dataset_id, max(revision), 0 FROM changed
    GROUP BY dataset_id ON CONFLICT (dataset_id) DO UPDATE SET number = excluded.number; RETURN NULL;"""
_GONE = """INSERT INTO boards (dataset_id, number, deletions)
    SELECT dataset_id, nextval('revisions'), count(*) FROM changed GROUP BY dataset_id
    ON CONFLICT (dataset_id) DO UPDATE SET number = excluded.number, deletions = boards.deletions + excluded.deletions;
    RETURN NULL;"""
_SEQUENCE = """CREATE SEQUENCE IF NOT EXISTS revisions;
    SELECT setval('revisions', 1 + coalesce(max(number), 0)) FROM boards"""
_NEXT = "NEW.revision := nextval('revisions'); RETURN NEW;"
_EACH, _ALL_NEW = "FOR EACH ROW", "REFERENCING NEW TABLE AS changed FOR EACH STATEMENT"
_ALL_OLD = _ALL_NEW.replace("NEW", "OLD")

_POSTGRESQL = {
    "board_gains_run": ("BEFORE INSERT", "runs", _EACH, _NEXT),
    "board_gained_runs": ("AFTER INSERT", "runs", _ALL_NEW, _HIGHEST),
    "board_changes_run": ("BEFORE UPDATE", "runs", _EACH, _NEXT),
    "board_changed_runs": ("AFTER UPDATE", "runs", _ALL_NEW, _HIGHEST),
    "board_lost_runs": ("AFTER DELETE", "runs", _ALL_OLD, _GONE),
} | {
    name: (f"AFTER {verb}", table, _EACH, f"UPDATE runs SET revision = revision WHERE id = {row}.run_id; RETURN NULL;")
    for name, verb, table, row in _RESULTS
}
_POSTGRESQL |= {
    "log_refuses_changes": (
        "BEFORE UPDATE OR DELETE",
        "log",
        _EACH,
        f"RAISE EXCEPTION '{ONLY_GROWS}' USING ERRCODE = 'integrity_constraint_violation';",
    )
}


def drop_triggers(connection: Connection) -> None:
    """Before a migration: one that rebuilds the table of runs would fail while triggers refer to it."""
    if connection.dialect.name == "sqlite":
        for name in _SQLITE:
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}")
        return
    for name in _POSTGRESQL:
        connection.exec_driver_sql(f"DROP FUNCTION IF EXISTS {name} CASCADE")


def create_triggers(connection: Connection) -> None:
    """After the migrations: a rebuilt table has lost its triggers."""
    if connection.dialect.name == "sqlite":
        for name, what in _SQLITE.items():
            connection.exec_driver_sql(f"CREATE TRIGGER {name} {what}")
        return
    connection.exec_driver_sql(_SEQUENCE)
    for name, (when, table, each, body) in _POSTGRESQL.items():
        function = f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$"
        trigger = f"CREATE TRIGGER {name} {when} ON {table} {each} EXECUTE FUNCTION {name}()"
        connection.exec_driver_sql(f"{function}; {trigger}")


@event.listens_for(metadata, "after_create")
def _with_tables(_target: object, connection: Connection, **_options: object) -> None:
    create_triggers(connection)
