"""kill -9 of trainers, their groups and the supervisor, in any order: nothing is lost, nothing starts twice.

Also while trainers go on from run to run.

More kills by hand: ``GRAFT_TEST_KILLS=200 GRAFT_TEST_SEED=1 pytest -s tests/core/jobs/test_kills.py``
"""

import os
import random
import signal
import time
from collections import Counter

import pytest

from core import jobs
from core.files.home import runs_folder
from core.jobs import processes
from core.runs.values import Run, Status
from tests.jobs_home import FAKE_DRIVER, FAKE_TRAINER, Home, eventually

KILLS = int(os.environ.get("GRAFT_TEST_KILLS", "25"))
SEED = int(os.environ.get("GRAFT_TEST_SEED", time.time_ns() % 1_000_000))
EPOCHS = 15
SECONDS = 0.07
QUICK = {"epochs": 2, "seconds": 0.02}
"""A run so short that most kills hit its trainer on the way to the next one."""


@pytest.fixture
def home(settings, registry, monkeypatch, tmp_path):
    (tmp_path / "driver").mkdir()
    (tmp_path / "driver" / "pynvml.py").write_text(FAKE_DRIVER)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "driver"))
    monkeypatch.setenv("GRAFT_TRAINER", " ".join(FAKE_TRAINER))
    home = Home(settings, registry)
    yield home
    home.kill_everything()


@pytest.mark.timeout(60 + 10 * KILLS)
def test_whatever_is_killed_every_run_is_trained_once_to_its_end(home):
    print(f"{KILLS} kills, seed {SEED}")
    chance = random.Random(SEED)
    runs = [home.add(epochs=EPOCHS, seconds=SECONDS) for _ in range(3)]
    for _ in range(KILLS):
        if all(home.status(run).ended for run in runs):
            runs.append(home.add(epochs=EPOCHS, seconds=SECONDS))
        jobs.ensure_supervisor(home.settings)
        time.sleep(chance.choice((0.0, 0.02, 0.1, 0.3, 0.6)))
        for kill_one in chance.choice(CHOICES):
            kill_one(home, chance)
        eventually(lambda: all_is_watched(home), "every dead trainer is noticed")
        assert home.violations() == []
        resume_the_failed(home, runs)
    finish(home, runs)
    for run in runs:
        assert_trained_once(home, run)


@pytest.mark.timeout(60 + 10 * KILLS)
def test_whatever_is_killed_while_trainers_go_on_every_run_is_trained_once_to_its_end(home):
    print(f"{KILLS} kills, seed {SEED}")
    chance = random.Random(SEED)
    runs: list[Run] = []
    for _ in range(KILLS):
        if sum(not home.status(run).ended for run in runs) < 6:
            runs += [home.add(backbone="efficientnet_lite0", goes_on=True, **QUICK) for _ in range(12)]
        jobs.ensure_supervisor(home.settings)
        time.sleep(chance.uniform(0.1, 0.5))
        for kill_one in chance.choice(CHOICES):
            kill_one(home, chance)
        eventually(lambda: all_is_watched(home), "every dead trainer is noticed")
        assert home.violations() == []
        resume_the_failed(home, runs)
    finish(home, runs)
    # A kill starts another process for the same run, so it is processes with several runs that are looked for.
    runs_of_process = Counter(pid for run in runs for pid in {start["pid"] for start in home.starts(run)})
    assert max(runs_of_process.values()) > 1, "no trainer ever went on"
    for run in runs:
        assert_trained_once(home, run, epochs=QUICK["epochs"])


def all_is_watched(home: Home) -> bool:
    """A process just killed may look alive for a moment, so the supervisor is asked for again and again."""
    jobs.ensure_supervisor(home.settings)
    return not home.dead_but_running()


def kill_a_trainer(home: Home, chance: random.Random) -> None:
    trainer = some_trainer(home, chance)
    if trainer:
        processes.signal_process(trainer, signal.SIGKILL)


def kill_a_group(home: Home, chance: random.Random) -> None:
    trainer = some_trainer(home, chance)
    if trainer:
        processes.signal_group(trainer, signal.SIGKILL)


def kill_the_supervisor(home: Home, chance: random.Random) -> None:
    process = jobs.supervisor_status(home.settings).process
    if process:
        processes.signal_process(process, signal.SIGKILL)


CHOICES = (
    [kill_a_trainer],
    [kill_a_group],
    [kill_the_supervisor],
    [kill_the_supervisor, kill_a_group],
    [kill_a_trainer, kill_the_supervisor],
)


def some_trainer(home: Home, chance: random.Random) -> processes.Identity | None:
    supervisor = jobs.supervisor_status(home.settings).process
    held = (processes.processes_that_hold(lock) for lock in sorted(runs_folder(home.settings).glob("*/alive.lock")))
    found = [process for holders in held for process in holders if process != supervisor]
    return chance.choice(found) if found else None


def resume_the_failed(home: Home, runs: list[Run]) -> None:
    """As a user would who reads "Resume to go on at epoch 12"."""
    for run in runs:
        if home.status(run) is Status.FAILED:
            assert "Resume" in home.registry.run(run.id).reason
            home.registry.requeue(run.id)


def finish(home: Home, runs: list[Run]) -> None:
    def all_finished() -> bool:
        resume_the_failed(home, runs)
        jobs.ensure_supervisor(home.settings)
        return all(home.status(run) is Status.FINISHED for run in runs)

    eventually(all_finished, "all runs are finished")


def assert_trained_once(home: Home, run: Run, epochs: int = EPOCHS) -> None:
    assert [epoch.number for epoch in home.registry.epochs(run.id)] == list(range(1, epochs + 1))
    attempts = [attempt.number for attempt in home.registry.attempts(run.id)]
    started = [start["attempt"] for start in home.starts(run)]
    assert attempts == list(range(1, len(attempts) + 1))
    assert started == sorted(set(started)), "an attempt was started twice, or after a later one"
    assert set(started) <= set(attempts)
    trained_by = [epoch.attempt for epoch in home.registry.epochs(run.id)]
    assert trained_by == sorted(trained_by)
    print(f"{run.id}: {len(attempts)} attempts")
