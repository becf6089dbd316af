"""A home that has lost its registry says so, and begins a new one only when asked."""

import json
import shutil
from pathlib import Path

import pytest

from core.__main__ import main
from core.errors import Conflict, Unavailable
from core.files.home import registry_file, run_folder, run_folders
from core.files.locks import try_acquire
from core.jobs.imports import run_import
from core.registry import Registry
from core.registry.copying import snapshot_to
from core.settings import Settings
from core.workbench import Workbench
from core.workbench.rebuild import rebuild
from tests.factories import make_run
from tests.photo_files import archive, classes


@pytest.fixture
def home(settings: Settings, registry: Registry, tmp_path: Path, monkeypatch) -> Settings:
    """A home with a dataset, and a run that has a folder."""
    monkeypatch.setenv("GRAFT_HOME", str(settings.home))
    photos = archive(tmp_path / "pets.zip", classes(cat=8, dog=8))
    dataset, _ = run_import(photos, settings=settings, registry=registry)
    run = registry.add_run(make_run(1, dataset=dataset))
    run_folder(settings, run.id).path.mkdir(parents=True)
    run_folder(settings, run.id).log.write_text("epoch 1")
    registry.close()
    return settings


def lose(settings: Settings, how: str) -> None:
    for path in settings.home.glob("registry.db*"):
        path.unlink()
    if how == "empty":
        registry_file(settings).touch()


@pytest.mark.parametrize("how", ["missing", "empty"])
def test_a_lost_registry_is_told_and_nothing_is_begun(home, how, capsys):
    lose(home, how)
    for _ in range(2):  # also the second time
        with pytest.raises(Unavailable, match=rf"is {how}, but the home has 1 run and 1 dataset.*--rebuild"):
            Workbench.open(home)
    assert not registry_file(home).exists() or registry_file(home).stat().st_size == 0
    assert main(["runs"]) == 1
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_lone_dataset_without_a_registry_is_told_too(home):
    lose(home, "missing")
    (run,) = run_folders(home)
    shutil.rmtree(run.path)
    with pytest.raises(Unavailable, match="but the home has 1 dataset"):
        Workbench.open(home)


def test_a_backup_beside_it_is_named_and_works(home):
    snapshot_to(Workbench.open(home).registry, home.home / "registry-schema-0005-20261128-100000.db")
    lose(home, "missing")
    with pytest.raises(Unavailable, match="newest one here is registry-schema-0005-20261128-100000.db") as refusal:
        Workbench.open(home)
    assert "Nothing was changed" in str(refusal.value)
    (home.home / "registry-schema-0005-20261128-100000.db").rename(registry_file(home))
    assert len(Workbench.open(home).registry.runs()) == 1


@pytest.mark.parametrize("how", ["missing", "empty"])
def test_doctor_begins_a_new_registry_with_the_datasets_and_puts_the_runs_aside(home, how, capsys):
    photos = len(Workbench.open(home).registry.photos(Workbench.open(home).registry.datasets()[0].id))
    lose(home, how)
    main(["doctor", "--rebuild", "--json"])
    rebuilt = json.loads(capsys.readouterr().out)["rebuilt"]
    assert (rebuilt["datasets"], rebuilt["runs"]) == (1, 1)
    registry = Workbench.open(home).registry
    assert len(registry.photos(registry.datasets()[0].id)) == photos
    assert registry.runs() == []
    assert [path.read_text() for path in Path(rebuilt["aside"]).glob("*/log.txt")] == ["epoch 1"]


def test_a_registry_that_is_there_is_not_replaced(home):
    with pytest.raises(Conflict, match="There is a registry"):
        rebuild(home)


def test_nothing_is_rebuilt_under_a_running_trainer(home):
    lose(home, "missing")
    (run,) = run_folders(home)
    with try_acquire(run.alive_lock), pytest.raises(Conflict, match="stop --now"):
        rebuild(home)


def test_a_registry_deleted_while_it_is_open_is_missed_and_not_made_anew(home):
    bench = Workbench.open(home)
    bench.registry.close()
    lose(home, "missing")
    with pytest.raises(Unavailable, match="cannot be opened"):
        bench.registry.runs()
    assert not registry_file(home).exists()
