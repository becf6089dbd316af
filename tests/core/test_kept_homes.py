"""A home that is copied is the one that would have been filled."""

import json
from contextlib import closing
from dataclasses import replace

import pytest

from core.datasets.manifest import read_manifest
from core.files.home import dataset_folder, registry_file, run_folder
from core.registry import Registry
from core.registry.sqlite_connection import connect
from core.runs.values import Status
from core.settings import Settings
from tests import kept_homes
from tests.factories import Filled, fill

AGE = 3600.0


def filled_home(folder) -> tuple[Filled, dict, dict]:
    """What was added, what is in the registry, and what is in the other files."""
    settings = Settings(home=folder)
    with closing(Registry.open(registry_file(settings))) as registry:
        added = fill(registry, settings)
    with closing(connect(registry_file(settings))) as file:
        entries = file.execute("SELECT type, name, sql FROM sqlite_master ORDER BY name").fetchall()
        kept = {
            name: file.execute(f'SELECT * FROM "{name}"').fetchall() for kind, name, _ in entries if kind == "table"
        }
    files = {name: one.read_bytes() for name, one in kept_homes._files(settings).items() if one.is_file()}
    return added, kept | {"entries": entries}, files


@pytest.fixture
def two(tmp_path, monkeypatch):
    """A filled home, and its copy when it is an hour old."""
    monkeypatch.setattr(kept_homes, "_kept", kept := {})
    first = filled_home(tmp_path / "first")
    ((key, home),) = kept.items()
    kept[key] = replace(home, filled_at=home.filled_at - AGE)
    return first, filled_home(tmp_path / "second")


def test_times_are_later_by_the_age_and_everything_else_is_equal(two):
    (first, before, files), (second, after, copied) = two
    assert after["entries"] == before["entries"] and after.keys() == before.keys()
    later = set()
    for table in before.keys() - {"entries"}:
        assert len(before[table]) == len(after[table])
        for old, new in zip(before[table], after[table], strict=True):
            later |= {round(b - a, -1) for a, b in zip(old, new, strict=True) if a != b}
    assert later == {AGE}
    run, copy = first.runs[0], second.runs[0]
    assert (
        round(copy.ended_at - run.ended_at, -1)
        == round(second.dataset.created_at - first.dataset.created_at, -1)
        == AGE
    )
    assert replace(copy, created_at=0, started_at=0, ended_at=0) == replace(run, created_at=0, started_at=0, ended_at=0)
    changed = {name.rpartition("/")[2] for name in files if files[name] != copied.get(name)}
    assert changed == {"progress.json", "manifest.json"} and files.keys() == copied.keys()


def test_what_is_returned_is_what_the_copy_has(two, tmp_path):
    _, (second, _, _) = two
    settings = Settings(home=tmp_path / "second")
    with closing(Registry.open(registry_file(settings))) as registry:
        assert tuple(registry.run(run.id) for run in second.runs) == second.runs
        assert registry.dataset(second.dataset.id) == second.dataset
    assert read_manifest(dataset_folder(settings, second.dataset.id).path)[0] == second.dataset
    (run,) = second.with_status(Status.RUNNING)
    progress = json.loads(run_folder(settings, run.id).progress.read_text())
    assert 0 <= progress["updated_at"] - run.started_at < AGE / 2


def test_a_home_with_rows_is_filled_and_not_replaced(settings, registry):
    first, second = fill(registry, settings), fill(registry, settings)
    assert [one.dataset.version for one in (first, second)] == [1, 2]
    assert len(registry.runs(first.dataset.id)) == len(registry.runs(second.dataset.id)) == 6
