"""A dataset and a finished run of one machine, used on another one."""

import pytest

from core.artifacts import bringing, parts
from core.files.here import dataset_here, export_here, model_here, predictions_here
from core.files.home import run_folder
from core.runs.predictions import read_predictions
from core.runs.values import Status
from tests.factories import fill
from tests.machines import read


@pytest.fixture
def filled(machines):
    first, second = machines
    found = fill(first.registry, first.settings)
    yield first, second, found
    bringing._registry_of.cache_clear()


def test_what_is_missing_in_the_store_is_published_once(filled):
    first, second, found = filled
    names = parts.unpublished(first.settings, first.registry)
    assert f"datasets/{found.dataset.id}" in names and parts.unpublished(second.settings, second.registry) == []
    told = []
    assert parts.publish_missing(first.settings, first.registry, told.append) == len(names) and told == names
    assert parts.publish_missing(first.settings, first.registry, told.append) == 0
    own, copy = (dataset_here(machine.settings, found.dataset.id).path for machine in (first, second))
    assert own != copy and read(own) == read(copy)


def test_a_finished_run_is_read_elsewhere(filled):
    first, second, found = filled
    run = found.with_status(Status.FINISHED)[0]
    folder = run_folder(first.settings, run.id)
    folder.export("onnx").mkdir(parents=True)
    (folder.export("onnx") / "model.onnx").write_bytes(b"onnx")
    parts.publish_run(first.settings, first.registry, run)
    assert parts.has_model(second.settings, second.registry, run.id) == folder.card.exists()
    assert read(model_here(second.settings, run.id)) == read(folder.model)
    assert predictions_here(second.settings, run.id, "test").read_bytes() == folder.predictions("test").read_bytes()
    assert read_predictions(run.id, "validation", second.settings).run_id == run.id
    assert read(export_here(second.settings, run.id, "onnx")) == {"model.onnx": b"onnx"}


def test_a_checkpoint_of_another_machine_counts(filled):
    first, second, found = filled
    run = found.with_status(Status.FINISHED)[0]
    assert not parts.has_checkpoint(second.settings, second.registry, run.id)
    folder = run_folder(first.settings, run.id).checkpoints / "000001"
    folder.mkdir(parents=True)
    (folder / "state.npz").write_bytes(b"1")
    parts.publish_checkpoints(first.settings, first.registry, run)
    assert parts.has_checkpoint(second.settings, second.registry, run.id)


def test_at_home_nothing_is_unpublished(registry, settings):
    fill(registry, settings)
    assert parts.unpublished(settings, registry) == []


def test_a_publication_that_fails_is_said_and_no_more(filled, store, capsys):
    first, _, found = filled
    store.rename(store.with_name("away"))
    parts.quietly(lambda: parts.publish_dataset(first.settings, first.registry, found.dataset.id))
    assert "Mount it" in capsys.readouterr().err
