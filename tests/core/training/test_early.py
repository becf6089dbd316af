"""Features that are computed while TensorFlow is imported: with real networks, without TensorFlow."""

import json
import threading
import time
from dataclasses import replace

import numpy as np
import pytest

from core.features.compute import features_of
from core.features.engine_store import notes_of
from core.features.engines import engine_path
from core.features.partial import PartialArray
from core.features.store import is_stored, key_of, stored_cost
from core.files.atomic import digest_of
from core.files.home import dataset_folder, run_folder
from core.recipes.hyperparameters import Hyperparameters
from core.recipes.recipe import Recipe
from core.runs.costs import Meter, Spent, clock_without_thread, spent_by_thread
from core.runs.progress import ProgressWriter, read_progress
from core.runs.stages import FEATURES
from core.training.early import EarlyFeatures, start_early
from core.training.ledger import Ledger
from core.training.stopping import Stop, Stopped
from tests.factories import make_dataset, make_photos, make_run, tiny_jpeg
from tests.tiny import TINY, use_tiny
from tests.tiny_lite import write_dense_network

SIDE, FEATURE_COUNT = TINY.input_size, TINY.feature_size


@pytest.fixture
def run(settings, registry, monkeypatch):
    """A waiting run on stored photos, whose backbone is exported."""
    use_tiny(monkeypatch, keras=False)
    photos = make_photos(per_class=20)
    dataset = make_dataset(photos)
    registry.add_dataset(dataset, photos)
    folder = dataset_folder(settings, dataset.id).photos
    folder.mkdir(parents=True)
    for number, photo in enumerate(photos):
        (folder / f"{photo.digest}.jpg").write_bytes(tiny_jpeg(number % 4, number))
    made = make_run(1, dataset=dataset, recipe=Recipe(backbone="tiny", hyperparameters=Hyperparameters(views=2)))
    run_folder(settings, made.id).path.mkdir(parents=True)
    return made


@pytest.fixture
def exported(settings, run):
    path = engine_path(TINY, settings)
    path.parent.mkdir(parents=True)
    weights = np.random.default_rng(0).normal(0, 1e-3, (SIDE * SIDE * 3, FEATURE_COUNT)).astype(np.float32)
    write_dense_network(path, weights, np.zeros(FEATURE_COUNT, np.float32), SIDE)
    cost = {"wall_seconds": 1.0, "cpu_seconds": 1.0}
    notes_of(path).write_text(json.dumps({"digest": digest_of(path), "cost": cost, "error": 0.0, "refused": ""}))
    return path


def begin(run, settings, registry, ledger=None) -> EarlyFeatures:
    ledger = ledger or Ledger(Meter().__enter__())
    return EarlyFeatures(run, settings=settings, registry=registry, ledger=ledger)


def keys_of(run, registry):
    dataset = registry.dataset(run.dataset_id)
    views = [("train", 0), ("train", 1), ("validation", 0), ("test", 0)]
    return [key_of(dataset, TINY, split, which=run.recipe.view(view)) for split, view in views]


def wait(early, run, settings, stop=None):
    early.wait(ProgressWriter(run.id, settings), stop or Stop())


def test_everything_a_run_reads_is_computed_and_is_what_the_run_would_compute(run, exported, settings, registry):
    early = begin(run, settings, registry)
    wait(early, run, settings)
    assert all(is_stored(key, settings) for key in keys_of(run, registry))
    dataset, photos = registry.dataset(run.dataset_id), registry.photos(run.dataset_id, split="test")
    found = features_of(photos, dataset=dataset, backbone=TINY, settings=settings, engine=lambda: pytest.fail("again"))
    other = settings.home.with_name("other")
    (other / "datasets").parent.mkdir()
    (other / "datasets").symlink_to(settings.home / "datasets")
    (other / "features").mkdir()
    (other / "features" / "engines").symlink_to(exported.parent)
    alone = features_of(photos, dataset=dataset, backbone=TINY, settings=replace(settings, home=other))
    np.testing.assert_array_equal(found.array, alone.array)
    assert read_progress(run.id, settings).stage == FEATURES


def test_without_an_exported_engine_nothing_is_begun(run, settings, registry):
    early = begin(run, settings, registry)
    wait(early, run, settings)
    assert not any(is_stored(key, settings) for key in keys_of(run, registry))


def test_a_run_that_goes_on_computes_only_what_its_last_epochs_read(run, exported, settings, registry):
    epochs = run.recipe.hyperparameters.epochs
    begun = begin(replace(run, epochs_done=epochs), settings, registry)
    wait(begun, run, settings)
    assert [is_stored(key, settings) for key in keys_of(run, registry)] == [False, False, True, True]


def test_what_another_thread_does_meanwhile_is_not_part_of_their_cost(run, exported, settings, registry):
    with Meter() as meter:
        ledger = Ledger(meter)
        early, until = begin(run, settings, registry, ledger), time.thread_time() + 1.0
        while time.thread_time() < until:  # as the import of TensorFlow
            pass
        wait(early, run, settings)
        paid = ledger.so_far()["paid"]
    costs = [stored_cost(key, settings) for key in keys_of(run, registry)]
    assert 0 < sum(cost.cpu_seconds for cost in costs) < 0.9
    assert set(paid) == {key.name for key in keys_of(run, registry)}
    assert 0 < sum(one["cpu_seconds"] for one in paid.values()) < 0.9


def test_a_stopped_run_keeps_what_was_computed(run, exported, settings, registry, monkeypatch):
    begun, go_on, append = threading.Event(), threading.Event(), PartialArray.append

    def slowly(array, *rows):
        append(array, *rows)
        begun.set()
        go_on.wait(60)

    monkeypatch.setattr(PartialArray, "append", slowly)
    early, stop = begin(run, settings, registry), Stop()
    assert begun.wait(60)
    stop.requested = True
    with pytest.raises(Stopped):
        wait(early, run, settings, stop)
    threading.Timer(0.2, go_on.set).start()
    early.end()
    monkeypatch.undo()
    first = keys_of(run, registry)[0]
    assert not is_stored(first, settings)
    assert list((settings.home / "features").rglob("*.part*")) or list((settings.home / "features").rglob("*partial*"))


def test_a_missing_photo_is_left_to_the_run_to_report(run, exported, settings, registry, capsys):
    photo = registry.photos(run.dataset_id, split="train")[0]
    (dataset_folder(settings, run.dataset_id).photos / f"{photo.digest}.jpg").unlink()
    early = begin(run, settings, registry)
    wait(early, run, settings)
    early.end()
    assert photo.file in capsys.readouterr().out


def test_a_run_that_cannot_be_trained_begins_nothing(run, exported, settings, registry, monkeypatch):
    ledger = Ledger(Meter().__enter__())
    assert start_early(replace(run, dataset_id="d-none"), settings=settings, registry=registry, ledger=ledger) is None
    monkeypatch.setattr("core.training.early.gpu_of_slot", lambda: "GPU-1")
    assert start_early(run, settings=settings, registry=registry, ledger=ledger) is None


def test_the_clock_of_a_thread_counts_it_alone_and_the_other_one_everything_else():
    others, mine = clock_without_thread(threading.get_ident()), spent_by_thread
    before_others, before_mine = others(), mine()
    until = time.thread_time() + 0.5
    while time.thread_time() < until:
        pass
    assert mine().minus(before_mine).cpu_seconds >= 0.5
    assert others().minus(before_others).cpu_seconds < 0.4
    worker = threading.Thread(target=lambda: [np.sin(np.arange(10**5)) for _ in range(400)])
    before_others, before_mine = others(), mine()
    worker.start()
    worker.join()
    assert others().minus(before_others).cpu_seconds > 5 * mine().minus(before_mine).cpu_seconds
    assert isinstance(mine(), Spent)
