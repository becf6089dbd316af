"""The connections to one file; its errors are tried in ``test_opening``."""

import sqlite3
import time

import pytest

from core.errors import NoSpace, Unavailable
from core.registry import Registry, sqlite_connection
from core.registry.sqlite_connection import connect, copy_to, explain, sqlite


def test_a_connection_makes_no_file(tmp_path):
    with pytest.raises(sqlite.Error, match="unable to open"):
        connect(tmp_path / "registry.db")
    assert not (tmp_path / "registry.db").exists()


def test_a_copy_is_complete_and_appears_at_once(tmp_path):
    source, target = tmp_path / "a.db", tmp_path / "b.db"
    with sqlite3.connect(source) as file:
        file.execute("CREATE TABLE t (x)")
        file.execute("INSERT INTO t VALUES (7)")
    copy_to(source, target)
    with sqlite3.connect(target) as file:
        assert file.execute("SELECT x FROM t").fetchall() == [(7,)]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.db", "b.db"]


@pytest.mark.parametrize(
    ("message", "kind", "told"),
    [
        ("database or disk is full", NoSpace, "nothing was changed"),
        ("database disk image is malformed", Unavailable, "is damaged"),
        ("attempt to write a readonly database", Unavailable, "cannot be written"),
        ("database is locked", Unavailable, "was held by another program for over 30 seconds"),
        ("disk I/O error", Unavailable, "check the disk"),
    ],
)
def test_an_error_about_file_or_disk_is_one_sentence(tmp_path, message, kind, told):
    error = explain(tmp_path / "registry.db", message)
    assert type(error) is kind and told in str(error)


def test_a_writer_that_waits_tries_every_few_milliseconds_and_begins_as_soon_as_the_lock_is_free(tmp_path, monkeypatch):
    """SQLite's own waiting sleeps longer and longer, so that a writer among eight could be passed over for seconds."""
    registry = Registry.open(tmp_path / "registry.db")
    other, waited = connect(tmp_path / "registry.db"), []
    other.execute("BEGIN IMMEDIATE")

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 20:
            other.execute("COMMIT")

    monkeypatch.setattr(sqlite_connection.time, "sleep", sleep)
    registry.set_preference("currency", "EUR")
    assert len(waited) == 20 and max(waited) < 0.01
    assert registry.preference("currency") == "EUR"


def test_a_connection_waits_for_checkpoints_as_before_once_it_has_begun(tmp_path):
    database = Registry.open(tmp_path / "registry.db").database
    with database.writing() as connection:
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 30_000


def test_a_lock_that_stays_held_is_an_error_after_the_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(sqlite_connection, "BUSY_SECONDS", 0.2)
    registry = Registry.open(tmp_path / "registry.db")
    with registry.writing():
        began = time.monotonic()
        with pytest.raises(Unavailable, match="was held by another program"):
            registry.set_preference("currency", "EUR")
        assert time.monotonic() - began >= 0.2
    registry.set_preference("currency", "EUR")  # the connection is as good as before
