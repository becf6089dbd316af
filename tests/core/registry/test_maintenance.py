"""The check of what is stored, and what ends when it is restored."""

import secrets
import sqlite3
from contextlib import closing

import pytest
from sqlalchemy import text

from core.errors import NotFound
from core.registry.schema import HEAD
from core.runs.values import Status
from tests.core.registry.databases import ON_SQLITE


@ON_SQLITE
def test_the_check_names_rows_whose_owner_is_missing(registry):
    assert registry.integrity_check() == "ok"
    with closing(sqlite3.connect(registry.database.path)) as file:
        file.execute("INSERT INTO attempts VALUES ('r-gone', 1, 'cpu', '', 0, NULL, '', 1, NULL, NULL)")
        file.commit()
    assert registry.integrity_check() == "attempts: a row refers to a missing row of runs"


def test_health_figures(registry):
    name, version = registry.product.split()
    assert name in ("SQLite", "PostgreSQL") and int(version.split(".")[0]) >= 3
    before = registry.size
    registry.set_preference("long", secrets.token_hex(250_000))  # PostgreSQL compresses long values
    assert registry.size >= before + 250_000


def test_the_schema_is_that_of_the_code_until_another_version_migrates_it(registry):
    assert registry.schema_revision() == HEAD
    with registry.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert registry.schema_revision() == "9999"


def test_after_a_restore_nothing_of_the_old_processes_goes_on(running):
    running.add_user("anna", "trainer")
    session, _ = running.open_session("anna", address="::1", agent="", how="password")
    secret, lease = running.new_link("anna"), running.take("run/r-1", "a trainer")
    assert running.settle_restored("20261129") == ["r-1", "r-2"]
    assert {run.status for run in running.runs()} == {Status.KILLED} and running.queue() == []
    assert [one.outcome for one in running.attempts("r-1")] == [Status.KILLED]
    assert running.held_leases() == [] and running.take("run/r-1", "another").token == lease.token + 1
    assert running.signed_in(session.digest) is None and running.sessions() == []
    with pytest.raises(NotFound):
        running.link_user(secret)
    assert running.log_entries(limit=1)[0].detail == {"snapshot": "20261129", "interrupted": ["r-1", "r-2"]}
    assert running.requeue("r-1") and running.queue()[0].id == "r-1"
