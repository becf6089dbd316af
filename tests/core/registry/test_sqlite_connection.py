"""The connections to one file; its errors are tried in ``test_opening``."""

import sqlite3

import pytest

from core.errors import NoSpace, Unavailable
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
