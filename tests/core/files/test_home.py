"""Where folders and files below the home are, and ids that cannot lead out of it."""

import threading

import pytest

from core.errors import InvalidInput, NotFound
from core.files import home
from core.files.home import dataset_folder, import_folder, import_folders, run_folder, run_folders, undeleted
from core.files.locks import is_held, try_acquire
from core.settings import Settings


@pytest.fixture
def settings(tmp_path):
    return Settings(home=tmp_path)


def test_names_on_disk_are_a_contract(settings, tmp_path):
    paths = {
        "runs/r-1": run_folder(settings, "r-1").path,
        "datasets/d-1": dataset_folder(settings, "d-1").path,
        "uploads/import-0a1b": import_folder(settings, "0a1b").path,
        "datasets/.import.lock": home.import_lock(settings),
        "runs/.launch.lock": home.launch_lock(settings),
        "features/.locks/k": home.features_lock(settings, "k"),
        "weights": home.weights_folder(settings),
        "registry.db": home.registry_file(settings),
        "supervisor.lock": home.supervisor_lock(settings),
        "supervisor.json": home.supervisor_state(settings),
        "supervisor.log": home.supervisor_log(settings),
        "deletion.lock": home.deletion_lock(settings),
    }
    assert {name: str(path.relative_to(tmp_path)) for name, path in paths.items()} == {name: name for name in paths}


@pytest.mark.parametrize("folder", [run_folder, dataset_folder, import_folder])
@pytest.mark.parametrize("name", ["../../x", "a/b", "x/../../..", "/etc", "../x", "r\0"])
def test_no_id_leads_out_of_its_folder(settings, folder, name):
    with pytest.raises(InvalidInput, match="An id may only contain"):
        folder(settings, name)


def test_folders_of_runs_are_listed_and_files_beside_them_are_not(settings):
    assert run_folders(settings) == []
    for run_id in ("r-1", "r-2"):
        run_folder(settings, run_id).path.mkdir(parents=True)
    home.launch_lock(settings).touch()
    assert sorted(folder.run_id for folder in run_folders(settings)) == ["r-1", "r-2"]


def test_imports_are_listed_once_their_request_is_there(settings):
    job = import_folder(settings, "0a1b")
    job.path.mkdir(parents=True)
    assert import_folders(settings) == []
    job.request.touch()
    assert [folder.job_id for folder in import_folders(settings)] == ["0a1b"]


def test_nothing_is_deleted_while_the_folder_of_a_run_is_written(settings):
    run_folder(settings, "r-1").path.mkdir(parents=True)
    lock = home.deletion_lock(settings)
    with undeleted(settings, "r-1"):
        assert try_acquire(lock) is None
        with undeleted(settings, "r-1"):  # several may write
            pass
    assert not is_held(lock)
    with pytest.raises(NotFound, match="r-gone"), undeleted(settings, "r-gone"):
        pass
    assert not is_held(lock)


def test_whoever_writes_waits_for_a_deletion_and_then_sees_it(settings):
    run, errors = run_folder(settings, "r-1"), []

    def write():
        try:
            with undeleted(settings, "r-1"):
                pass
        except NotFound as error:
            errors.append(error)

    run.path.mkdir(parents=True)
    with try_acquire(home.deletion_lock(settings)):
        writer = threading.Thread(target=write)
        writer.start()
        run.path.rmdir()
    writer.join(30)
    assert len(errors) == 1
