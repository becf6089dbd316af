"""The factories make what a real life leaves: tests and screenshots rely on it."""

import hashlib
import io
import json
from dataclasses import asdict

import numpy as np
from PIL import Image

from core.datasets.manifest import read_manifest
from core.files.home import dataset_folder, run_folder, runs_folder
from core.runs.metrics import evaluate
from core.runs.values import Progress, Status
from tests.factories import fill


def test_fill_shows_runs_in_all_states(registry):
    filled = fill(registry)
    assert {run.status for run in filled.runs} == set(Status)
    assert [run.id for run in registry.queue()] == [run.id for run in filled.with_status(Status.SCHEDULED)]
    assert all(run.reason for run in filled.with_status(Status.FAILED) + filled.with_status(Status.KILLED))
    assert len({run.fingerprint for run in filled.runs}) == len(filled.runs)


def test_fill_may_be_called_again_and_makes_the_next_version(registry, settings):
    first, second = fill(registry, settings), fill(registry, settings)
    assert (first.dataset.version, second.dataset.version) == (1, 2)
    assert first.dataset.digest != second.dataset.digest
    assert len(registry.runs()) == 12
    assert {run.status for run in second.runs} == set(Status)


def test_photos_on_disk_are_those_of_the_registry(registry, settings):
    dataset = fill(registry, settings).dataset
    folder = dataset_folder(settings, dataset.id).path / "photos"
    photos = registry.photos(dataset.id)
    assert {file.name for file in folder.iterdir()} == {f"{photo.digest}.jpg" for photo in photos}
    assert dataset.photo_count == len(photos)
    assert read_manifest(dataset_folder(settings, dataset.id).path)[0] == dataset
    for photo in photos:
        content = (folder / f"{photo.digest}.jpg").read_bytes()
        assert hashlib.sha256(content).hexdigest() == photo.digest
        assert (Image.open(io.BytesIO(content)).size, len(content)) == ((photo.width, photo.height), photo.stored_bytes)


def test_test_probabilities_on_disk_lead_to_the_stored_evaluation(registry, settings):
    filled = fill(registry, settings)
    for run in filled.with_status(Status.FINISHED):
        with np.load(run_folder(settings, run.id).path / "test.npz", allow_pickle=False) as stored:
            digests, labels, probabilities = stored["digests"], stored["labels"], stored["probabilities"]
        assert evaluate(probabilities, labels, filled.dataset.class_names, digests) == registry.evaluation(run.id)
        assert (labels.dtype, probabilities.dtype) == (np.int64, np.float32)
        test = {photo.digest: photo.class_name for photo in registry.photos(filled.dataset.id, split="test")}
        assert [test[str(digest)] for digest in digests] == [filled.dataset.class_names[label] for label in labels]
        assert len(test) == len(labels)


def test_models_on_disk_have_the_registered_digest_and_card(registry, settings):
    fill(registry, settings)
    for model in registry.models():
        content = (settings.home / model.path).read_bytes()
        assert (hashlib.sha256(content).hexdigest(), len(content)) == (model.sha256, model.size_bytes)
        assert json.loads((run_folder(settings, model.run_id).path / "model" / "card.json").read_text()) == model.card
        assert registry.cost(model.run_id).model_bytes == model.size_bytes


def test_started_runs_have_a_log_and_the_running_one_its_progress(registry, settings):
    filled = fill(registry, settings)
    for run in filled.runs:
        assert (run_folder(settings, run.id).path / "log.txt").exists() == (run.status != Status.SCHEDULED)
    (running,) = filled.with_status(Status.RUNNING)
    progress = json.loads((run_folder(settings, running.id).path / "progress.json").read_text())
    assert asdict(Progress(**progress)) == progress


def test_many_runs_need_no_files(registry, settings):
    filled = fill(registry, runs=30, epochs=1)
    assert len(filled.with_status(Status.FINISHED)) == 26
    assert not runs_folder(settings).exists()
