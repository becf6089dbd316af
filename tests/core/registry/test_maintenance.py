"""Backups and the check of the file."""

import secrets
import sqlite3
from contextlib import closing

import pytest

from core.errors import Conflict
from core.registry import Registry
from tests.core.registry.databases import ON_SQLITE
from tests.factories import fill


@ON_SQLITE
def test_a_backup_can_be_made_while_in_use_and_opened_in_its_place(registry, tmp_path):
    filled = fill(registry)
    target = tmp_path / "backups" / "today.db"
    with registry.reading() as reader:
        reader.exec_driver_sql("SELECT * FROM runs").fetchone()
        registry.backup(target)
    registry.set_preference("later", True)
    copy = Registry.open(target)
    assert copy.run(filled.runs[0].id) == filled.runs[0]
    assert copy.preference("later") is None
    assert copy.integrity_check() == "ok"
    with pytest.raises(Conflict, match="already there"):
        registry.backup(target)
    assert not list(target.parent.glob(".*"))


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
