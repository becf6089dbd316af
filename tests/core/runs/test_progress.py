"""The heartbeat of a run."""

import json
from dataclasses import replace

import pytest

from core.files.home import run_folder
from core.runs.progress import ALIVE_INTERVAL, WRITE_INTERVAL, ProgressWriter, read_progress, write_progress
from core.runs.values import Progress


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def writer(settings, clock):
    run_folder(settings, "r-1").path.mkdir(parents=True)
    return ProgressWriter("r-1", settings, clock)


def test_what_is_written_is_read(settings, writer):
    progress = Progress(stage="Training", done=3, total=9, unit="epochs", eta_seconds=1.5, updated_at=7.0)
    write_progress("r-1", settings, progress)
    assert read_progress("r-1", settings) == progress
    assert [path.name for path in run_folder(settings, "r-1").path.iterdir()] == ["progress.json"]


@pytest.mark.parametrize("text", [None, "", "{", "[1]", '{"stage": "Training"}'])
def test_a_missing_or_torn_heartbeat_is_none(settings, writer, text):
    path = run_folder(settings, "r-1").path / "progress.json"
    path.unlink()
    if text is not None:
        path.write_text(text)
    assert read_progress("r-1", settings) is None


def test_a_stage_is_announced_at_once_without_an_estimate(settings, writer):
    writer.start("Computing features", 700, "photos")
    progress = read_progress("r-1", settings)
    assert (progress.stage, progress.done, progress.total, progress.unit) == ("Computing features", 0, 700, "photos")
    assert progress.eta_seconds is None


def test_the_time_left_follows_from_the_speed(settings, writer, clock):
    writer.start("Training", 10, "epochs")
    for done in (1, 2, 3, 4):
        clock.now += 2
        writer.update(done)
    assert read_progress("r-1", settings).eta_seconds == 12


def test_a_stage_that_is_started_again_goes_on(settings, writer, clock):
    writer.start("Computing features", 100, "photos")
    for done in (20, 40):
        clock.now += 4
        writer.start("Computing features", 100, "photos", done=done)
    progress = read_progress("r-1", settings)
    assert (progress.done, progress.started_at, progress.eta_seconds) == (40, 1000.0, 12)
    writer.start("Training", 10, "epochs")
    assert read_progress("r-1", settings).started_at == 1008.0


def test_what_a_trainer_before_0_6_wrote_is_read(settings, writer):
    known = {"stage": "Training", "done": 3, "total": 9, "unit": "epochs", "eta_seconds": 1.5, "updated_at": 7.0}
    (run_folder(settings, "r-1").path / "progress.json").write_text(json.dumps(known))
    assert read_progress("r-1", settings) == Progress(**known, started_at=0.0)


def test_a_slow_beginning_is_forgotten(writer, clock):
    writer.start("Training", 1000, "epochs")
    clock.now += 500
    writer.update(1)
    for done in range(2, 61):
        clock.now += 1
        writer.update(done)
    assert writer.eta_seconds() == 940


def test_what_an_earlier_attempt_did_gives_no_speed(settings, writer, clock):
    writer.start("Training", 10, "epochs", done=8)
    assert read_progress("r-1", settings).eta_seconds is None
    clock.now += 3
    writer.update(9)
    assert read_progress("r-1", settings).eta_seconds == 3


def test_quick_updates_are_written_four_times_a_second_and_the_last_one_always(settings, writer, clock, monkeypatch):
    written = []
    monkeypatch.setattr(
        "core.runs.progress.write_progress", lambda run_id, settings, progress: written.append(progress.done)
    )
    writer.start("Computing features", 1000, "photos")
    for done in range(1, 1001):
        clock.now += 0.001
        writer.update(done)
    assert len(written) <= 2 + 1 / WRITE_INTERVAL
    assert written[-1] == 1000


def test_a_full_disk_does_not_stop_the_work(writer, clock, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("core.runs.progress.write_progress", full)
    clock.now += 1
    writer.update(1)


def test_the_heartbeat_is_plain_json(settings, writer):
    assert json.loads((run_folder(settings, "r-1").path / "progress.json").read_text())["stage"] == "Loading"


def test_a_step_that_is_not_counted_is_written_now_and_then_and_changes_nothing_but_the_time(settings, writer, clock):
    writer.start("Training", 10, "epochs")
    clock.now += 1
    writer.update(1)
    before = read_progress("r-1", settings)
    clock.now += ALIVE_INTERVAL / 2
    writer.step()
    assert read_progress("r-1", settings) == before
    clock.now += ALIVE_INTERVAL
    writer.step()
    assert read_progress("r-1", settings) == replace(before, updated_at=clock.now)
