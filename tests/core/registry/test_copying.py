"""A registry is copied whole from either database to either one, or not at all."""

import subprocess
import sys

import pytest

from core.errors import Conflict, Unavailable
from core.registry import Registry, copying
from core.registry.copying import copy_registry, snapshot_to
from core.registry.registry import database_at
from core.registry.schema import metadata
from core.registry.search import RunQuery
from core.settings import REPOSITORY
from tests.factories import board_of, fill, make_run


@pytest.fixture(params=["sqlite", "postgresql"])
def target(request, tmp_path) -> str:
    """The address of a database in which nothing is."""
    if request.param == "sqlite":
        return str(tmp_path / "copies" / "registry.db")
    return request.getfixturevalue("server").new_database()


def test_all_is_copied_and_proved(registry, target):
    filled = fill(registry, runs=8)
    registry.set_preference("a", {"z": 1, "b": [1.5, None]})
    copied = copy_registry(registry, database_at(target))
    assert {one.name for one in copied} == set(metadata.tables)
    assert {one.name: one.rows for one in copied}["runs"] == 8
    there = Registry(database_at(target))
    there.database.bring_up_to_date(None)
    assert there.runs() == registry.runs() and there.log_entries() == registry.log_entries()
    assert board_of(there, filled.dataset.id) == board_of(registry, filled.dataset.id)
    assert there.preference("a") == registry.preference("a") and there.integrity_check() == "ok"
    with there.board_changes(filled.dataset.id) as changes:
        before = changes.revision
    new = there.add_run(make_run(99, dataset=filled.dataset))
    with there.board_changes(filled.dataset.id, before) as changes:
        assert changes.count == 1, "the copy has its triggers"
    assert len(there.matching_numbers(RunQuery(statuses=()))) == 9 and there.run(new.id) == new
    there.close()


def test_a_target_that_is_not_empty_and_a_source_in_use_are_refused(registry, target):
    fill(registry, runs=2)
    copy_registry(registry, database_at(target))
    with pytest.raises(Conflict, match="is not empty. Nothing was changed"):
        copy_registry(registry, database_at(target))
    registry.take("supervisor", "a machine")
    with pytest.raises(Conflict, match="in use: supervisor .a machine.. Stop Graft on all machines"):
        copy_registry(registry, database_at(target))


def test_a_copy_that_differs_is_not_kept(registry, target, monkeypatch):
    fill(registry, runs=2)
    real, calls = copying._described, []

    def wrong(table, connection):
        calls.append(table)
        found = real(table, connection)
        return found if len(calls) % 2 or table.name != "runs" else type(found)(**vars(found) | {"rows": 1})

    monkeypatch.setattr(copying, "_described", wrong)
    with pytest.raises(Unavailable, match="The table runs of .* differs"):
        copy_registry(registry, database_at(target))
    assert not database_at(target).has_registry()


def test_killed_in_the_middle_it_leaves_nothing_half(registry, target):
    fill(registry, runs=2)
    code = (
        "import os, sys; from core.registry import Registry, copying; from core.registry.registry import database_at\n"
        "real = copying._described\n"
        "copying._described = lambda table, read: os._exit(9) if table.name == 'runs' else real(table, read)\n"
        "copying.copy_registry(Registry(database_at(sys.argv[1])), database_at(sys.argv[2]))"
    )
    done = subprocess.run([sys.executable, "-c", code, registry.database.address, target], cwd=REPOSITORY)
    assert done.returncode == 9
    assert not database_at(target).has_registry()
    assert copy_registry(registry, database_at(target))


def test_a_snapshot_is_one_state_of_a_registry_in_use_as_an_sqlite_file(registry, tmp_path):
    filled = fill(registry, runs=6)
    registry.take("supervisor", "a machine")
    with registry.reading() as reader:
        reader.exec_driver_sql("SELECT * FROM runs").fetchone()
        snapshot_to(registry, tmp_path / "registry.db")
    registry.set_preference("later", True)
    copy = Registry.open(tmp_path / "registry.db")
    assert copy.runs() == registry.runs() and copy.preference("later") is None
    assert board_of(copy, filled.dataset.id) == board_of(registry, filled.dataset.id)
    assert copy.integrity_check() == "ok" and copy.held_leases()
    copy.close()
