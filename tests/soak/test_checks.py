"""The checker of the soak test finds damage of every kind; a home at rest has none."""

import os
import subprocess
import sys

import numpy as np
import pytest

from core.datasets.manifest import write_manifest
from core.files.home import dataset_folder, registry_file, run_folder
from core.runs.values import Status
from core.training.checkpoints import Checkpoints
from tests.factories import make_dataset, make_model, make_photos, make_run
from tests.soak.checks import differences, problems, read_notes
from tests.soak.victims import kill_all, processes_of

JPEG_END = b"\xff\xd9"


@pytest.fixture
def rest(settings, registry):
    """A home at rest with one ended run; returns the run."""
    photos = make_photos(per_class=3)
    dataset = make_dataset(photos)
    registry.add_dataset(dataset, photos)
    folder = dataset_folder(settings, dataset.id)
    folder.photos.mkdir(parents=True)
    for photo in photos:
        folder.photo(photo.digest).write_bytes(b"photo" + JPEG_END)
    write_manifest(folder.path, dataset, photos)
    run = registry.add_run(make_run(dataset=dataset))
    run_folder(settings, run.id).path.mkdir(parents=True)
    claimed = registry.claim("cpu", "token")
    registry.end(run.id, claimed.attempt, Status.FAILED, "It failed.")
    return run


@pytest.fixture
def found(settings, registry):
    """What the checker says, as one text."""
    return lambda notes=(): "\n".join(problems(settings, registry, list(notes)))


def note(run, attempt=1, alone=True):
    return {"run": run.id, "attempt": attempt, "alone": alone}


def test_nothing_is_wrong_with_a_home_at_rest(rest, found):
    assert found([note(rest)]) == ""


def test_a_run_that_waits_or_runs_at_rest_is_found(rest, found, registry):
    registry.requeue(rest.id)
    assert f"{rest.id} ({rest.name}) is SCHEDULED" in found()
    registry.claim("cpu", "token")
    assert "attempts are running at rest" in found()


@pytest.mark.parametrize(
    ("notes", "told"),
    [
        ([(1, True), (1, True)], "began twice"),
        ([(1, False)], "began beside another one"),
        ([(1, True), (2, True)], "the registry has [1]"),
    ],
)
def test_an_attempt_that_began_twice_or_unknown_to_the_registry_is_found(rest, found, notes, told):
    assert told in found([note(rest, *one) for one in notes])


def test_files_that_are_damaged_or_missing_are_found(rest, found, settings, registry):
    photo = next(dataset_folder(settings, rest.dataset_id).photos.glob("*.jpg"))
    photo.write_bytes(b"")
    assert "photos are not whole" in found()
    photo.unlink()
    assert "1 photos are missing" in found()
    Checkpoints(run_folder(settings, rest.id).checkpoints).save(1, lambda path: np.savez(path, a=1), {})
    assert "damaged checkpoints" not in found()
    (run_folder(settings, rest.id).checkpoints / "000001" / "state.npz").write_bytes(b"half")
    assert "damaged checkpoints: [1]" in found()


@pytest.mark.parametrize("name", ["runs/.tmp-export-r-1.onnx", "runs/r-1/model/.tmp", ".registry.json.ab12.part"])
def test_a_temporary_file_is_found_wherever_it_is(rest, found, settings, name):
    path = settings.home / name.replace("r-1/", f"{rest.id}/")
    path.mkdir(parents=True)
    assert "temporary files" in found()


def test_features_that_the_next_run_continues_are_no_leftover(rest, found, settings):
    (settings.home / "features" / ".partial-ab12").mkdir(parents=True)
    assert found() == ""


def test_folders_and_rows_that_belong_to_nothing_are_found(rest, found, settings):
    run_folder(settings, "r-unknown1").path.mkdir()
    run_folder(settings, rest.id).path.rmdir()
    assert "run folders without a run" in found() and "runs without a folder" in found()


def test_a_model_with_another_hash_is_found(rest, found, settings, registry, monkeypatch):
    model = make_model(rest)
    monkeypatch.setattr(type(registry), "models", lambda self: [model])
    assert "has no file" in found()
    (settings.home / model.path).parent.mkdir(parents=True)
    (settings.home / model.path).write_bytes(b"other")
    assert "has another hash" in found()


def test_a_damaged_registry_is_found(rest, found, settings, registry):
    registry.close()
    with registry_file(settings).open("r+b") as file:
        file.seek(0, os.SEEK_END)
        for page in range(8, file.tell() // 4096, 3):
            file.seek(4096 * page + 100)
            file.write(b"\xff" * 200)
    assert "integrity_check" in found()


def test_predictions_that_differ_in_the_last_bit_are_told(rest, settings, registry, tmp_path):
    from dataclasses import replace

    other = replace(settings, home=tmp_path / "other")
    for home, value in ((settings, 0.5), (other, np.nextafter(np.float32(0.5), np.float32(1)))):
        folder = run_folder(home, rest.id)
        folder.path.mkdir(parents=True, exist_ok=True)
        for split in ("validation", "test"):
            np.savez(folder.predictions(split), digests=["a"], probabilities=np.float32([[value, 0.5]]))
    assert differences(settings, registry, rest.id, (settings, registry, rest.id)) == []
    told = differences(settings, registry, rest.id, (other, registry, rest.id))
    assert [one.partition(" (")[0] for one in told] == [
        "predictions of the validation photos",
        "predictions of the test photos",
    ]


def test_notes_that_a_kill_cut_are_left_out(tmp_path):
    path = tmp_path / "notes.jsonl"
    path.write_text('{"run": "r-1", "attempt": 1, "alone": true}\n{"run": "r-')
    assert [one["run"] for one in read_notes(path)] == ["r-1"]
    assert read_notes(tmp_path / "none") == []


def test_processes_of_a_home_are_found_by_their_environment_and_killed(tmp_path):
    environment = os.environ | {"GRAFT_HOME": str(tmp_path)}
    with subprocess.Popen([sys.executable, "-c", "input()"], env=environment, stdin=subprocess.PIPE) as process:
        assert [victim.pid for victim in processes_of(tmp_path)] == [process.pid]
        assert processes_of(tmp_path / "other") == []
        kill_all(tmp_path)
        assert process.wait() < 0 and processes_of(tmp_path) == []
