"""What a trainer on another machine fetches, and what it publishes."""

import json
from dataclasses import replace
from types import SimpleNamespace

import pytest

from core.artifacts import bringing, parts, patience
from core.datasets import shards
from core.errors import Conflict
from core.files.here import checkpoints_name, curves_name, model_name, results_name
from core.files.home import dataset_folder, run_folder
from core.runs.stages import FETCHING, STORE
from core.runs.values import Status
from core.training import shared
from core.training.checkpoints import Checkpoints
from core.training.stopping import Stop, Stopped
from tests.factories import fill
from tests.machines import read, two_machines


class Progress:
    """Remembers the stages."""

    def __init__(self):
        self.stages = []

    def start(self, stage, total):
        self.stages.append(stage)


@pytest.fixture
def machines(tmp_path, registry, monkeypatch):
    monkeypatch.setattr(patience, "RETRY_SECONDS", 0.0)
    found = two_machines(tmp_path, registry)
    yield found
    bringing._registry_of.cache_clear()


@pytest.fixture
def running(machines):
    """A run that the first machine trains, with the dataset in the store."""
    first, _ = machines
    found = fill(first.registry, first.settings)
    parts.publish_dataset(first.settings, first.registry, found.dataset.id)
    return found.with_status(Status.RUNNING)[0]


def bring(machine, run, progress=None, stop=None):
    shared.bring_inputs(
        run,
        settings=machine.settings,
        registry=machine.registry,
        progress=progress or Progress(),
        stop=stop or Stop(),
    )


def save(machine, run, *epochs):
    checkpoints = Checkpoints(run_folder(machine.settings, run.id).checkpoints)
    checkpoints.folder.mkdir(parents=True, exist_ok=True)
    for epoch in epochs:
        checkpoints.save(epoch, lambda path, epoch=epoch: path.write_bytes(b"%d" % epoch), {"run": run.id})
    return checkpoints


def publisher(machine, run, number=None):
    return shared.Publisher(run, number or run.attempt, machine.settings, machine.registry)


def test_a_large_dataset_is_not_fetched_before_it_is_needed(machines, running, monkeypatch):
    _, second = machines
    monkeypatch.setattr(shards, "LARGE_PHOTOS", 1)
    bring(second, running)
    assert not dataset_folder(second.settings, running.dataset_id).path.exists()


def test_a_trainer_elsewhere_gets_the_photos_and_goes_on_from_the_checkpoint(machines, running):
    first, second = machines
    save(first, running, running.epochs_done - 1, running.epochs_done)
    publisher(first, running).epoch_ended()
    progress = Progress()
    bring(second, running, progress)
    assert progress.stages == [FETCHING]
    assert dataset_folder(second.settings, running.dataset_id).path.is_dir()
    latest = Checkpoints(run_folder(second.settings, running.id).checkpoints).latest()
    assert latest and latest.epoch == running.epochs_done
    assert json.loads((latest.folder / "meta.json").read_text())["run"] == running.id


def test_newer_checkpoints_here_are_kept_and_older_ones_replaced(machines, running):
    first, second = machines
    save(first, running, running.epochs_done)
    publisher(first, running).epoch_ended()
    save(second, running, running.epochs_done + 1)
    bring(second, running)
    assert Checkpoints(run_folder(second.settings, running.id).checkpoints).epochs() == [running.epochs_done + 1]
    for beyond in (1, running.epochs_done + 5):  # behind, or of an attempt that the registry never heard of
        folder = run_folder(second.settings, running.id).checkpoints
        for path in folder.iterdir():
            path.rename(second.home / f"{beyond}-{path.name}")
        save(second, running, beyond)
        bring(second, running)
        assert Checkpoints(folder).epochs() == [running.epochs_done]


def test_a_store_that_is_away_is_waited_for(machines, running, tmp_path):
    _, second = machines
    (tmp_path / "store").rename(tmp_path / "away")

    class Mounting(Progress):
        def start(self, stage, total):
            super().start(stage, total)
            if self.stages.count(STORE) == 2 and (tmp_path / "away").exists():
                (tmp_path / "away").rename(tmp_path / "store")

    progress = Mounting()
    bring(second, running, progress)
    assert progress.stages == [FETCHING, STORE, FETCHING, STORE, FETCHING]


def test_a_stop_ends_the_waiting(machines, running, tmp_path):
    (tmp_path / "store").rename(tmp_path / "away")
    stop = Stop()
    stop.requested = True
    with pytest.raises(Stopped):
        bring(machines[1], running, stop=stop)


def test_training_goes_on_without_a_store_and_publishes_later(machines, running, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(shared, "PUBLISH_SECONDS", 0.0)
    first, _ = machines
    save(first, running, 1)
    publish = publisher(first, running)
    (tmp_path / "store").rename(tmp_path / "away")
    publish.epoch_ended()
    assert "Training goes on." in capsys.readouterr().out
    (tmp_path / "away").rename(tmp_path / "store")
    publish.epoch_ended()
    assert first.registry.artifact(checkpoints_name(running.id))


def test_not_every_epoch_of_a_fast_head_is_published(machines, running):
    first, _ = machines
    save(first, running, 1)
    publish = publisher(first, running)
    publish.epoch_ended()
    before = first.registry.artifact(checkpoints_name(running.id))
    save(first, running, 2)
    publish.epoch_ended()
    assert first.registry.artifact(checkpoints_name(running.id)) == before
    publish.attempt_ended()
    assert first.registry.artifact(checkpoints_name(running.id)) != before


def test_an_attempt_that_was_taken_over_publishes_nothing(machines, running):
    first, _ = machines
    save(first, running, 1)
    with pytest.raises(Conflict):
        publisher(first, running, running.attempt - 1 or -1).epoch_ended()
    publisher(first, running, running.attempt - 1 or -1).attempt_ended()  # silently: it has ended
    assert first.registry.artifact(checkpoints_name(running.id)) is None


def test_what_others_need_is_published_before_the_run_is_finished(machines, running):
    first, second = machines
    folder = run_folder(first.settings, running.id)
    draft = folder.model / ".tmp"
    draft.mkdir(parents=True)
    (draft / "card.json").write_text("{}")
    for split in ("validation", "test"):
        folder.predictions(split).write_bytes(b"npz")
    save(first, running, 1, 2)
    attempt = SimpleNamespace(
        run=replace(running, attempt=99),  # as when it was read after another attempt had begun
        number=running.attempt,
        settings=first.settings,
        registry=first.registry,
        stop=Stop(),
        progress=Progress(),
    )
    shared.publish_finished(attempt, draft)
    assert first.registry.artifact(model_name(running.id)).token == running.attempt
    assert first.registry.artifact(results_name(running.id)).files == 2
    bringing.bring(second.settings, model_name(running.id), second.home / "model")
    assert read(second.home / "model") == {"card.json": b"{}"}
    bringing.bring(second.settings, checkpoints_name(running.id), second.home / "checkpoints")
    assert Checkpoints(second.home / "checkpoints").latest().epoch == 2  # a kill now loses no epoch for who extends it


def test_curves_go_along(machines, running):
    first, _ = machines
    folder = run_folder(first.settings, running.id).tensorboard / "train"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "events.out.tfevents.1").write_bytes(b"1")
    publisher(first, running).attempt_ended()
    assert first.registry.artifact(curves_name(running.id))


def test_at_home_nothing_is_done(settings, registry):
    run = fill(registry, settings).with_status(Status.RUNNING)[0]
    progress = Progress()
    shared.bring_inputs(run, settings=settings, registry=registry, progress=progress, stop=Stop())
    shared.Publisher(run, 1, settings, registry).epoch_ended()
    shared.publish_finished(SimpleNamespace(run=run, number=1, settings=settings), settings.home)
    assert progress.stages == [] and registry.artifacts() == []
