"""Which runs are beyond a limit: no step, too long, too much memory."""

import os
import subprocess
import sys
from dataclasses import dataclass, replace
from types import SimpleNamespace

import pytest

from core.jobs import processes
from core.jobs.limits import RunLimits, seconds_since_launch
from core.registry.queue import INTERRUPTED
from core.runs.stages import FEATURES, FETCHING, OPTIMISING, STORE, TRAINING, WAITING
from core.runs.values import Attempt, Progress, Status

HOUR = 3600.0


@dataclass
class Trainer:
    """A trainer of a machine that nothing is known of, unless it has an identity."""

    run_id: str = "r-1"
    attempt: int = 1
    identity: dict | None = None


class Watched:
    """Limits over one trainer, whose progress and clock the test sets."""

    def __init__(self, settings, trainer=None, attempts=()):
        self.seconds, self.reported = 1000.0, None
        self.trainer = trainer or Trainer()
        launcher = SimpleNamespace(progress=lambda run_id: self.reported)
        registry = SimpleNamespace(attempts=lambda run_id: list(attempts))
        self.limits = RunLimits(settings, registry, launcher, clock=lambda: self.seconds, now=lambda: self.seconds)

    def reports(self, stage, done=0, total=0):
        began = self.reported.started_at if self.reported and self.reported.stage == stage else self.seconds
        self.reported = Progress(
            stage=stage, done=done, total=total, unit="", eta_seconds=None, updated_at=self.seconds, started_at=began
        )

    def judge(self, after=0.0) -> str:
        self.seconds += after
        return self.limits.exceeded(self.trainer, SimpleNamespace(id=self.trainer.run_id))


@pytest.fixture
def sleeping():
    process = subprocess.Popen(["sleep", "600"], start_new_session=True)
    yield Trainer(identity=processes.identity_of_child(process.pid).to_dict())
    process.kill()
    process.wait()


@pytest.fixture
def computing():
    process = subprocess.Popen([sys.executable, "-c", "while True: pass"], start_new_session=True)
    yield Trainer(identity=processes.identity_of_child(process.pid).to_dict())
    process.kill()
    process.wait()


# --- steps ---


def test_a_stage_that_counts_must_count_on(settings):
    watched = Watched(replace(settings, stall_minutes=60))
    watched.reports(TRAINING, 0, 100)
    assert watched.judge() == ""
    watched.seconds += 30
    watched.reports(TRAINING, 5, 100)
    assert watched.judge() == ""
    assert watched.judge(after=HOUR) == ""
    reason = watched.judge(after=60)
    assert reason == (
        "Ended because it made no step for 1 h 01 min (GRAFT_STALL_MINUTES=60), in the stage 'Training'. Look at the "
        "end of its log; if it was only slow, raise the limit."
    )


def test_each_report_is_a_step_however_slow_the_run_is(settings):
    watched = Watched(replace(settings, stall_minutes=60))
    for photo in range(1, 6):
        watched.reports(FEATURES, photo, 100)
        assert watched.judge() == "" and watched.judge(after=HOUR - 1) == ""


def test_who_waits_must_go_on_asking(settings):
    for stage in (WAITING, STORE):
        watched = Watched(replace(settings, stall_minutes=60))
        watched.reports(stage)
        assert watched.judge() == ""
        watched.reports(stage)
        assert watched.judge(after=HOUR - 1) == ""
        assert "made no step" in watched.judge(after=2.0)


def test_of_a_trainer_elsewhere_only_a_stage_that_counts_is_judged(settings):
    watched = Watched(replace(settings, stall_minutes=60))
    for stage, done, total in ((None, 0, 0), (OPTIMISING, 0, 0), (FETCHING, 0, 0), (TRAINING, 0, 9), (TRAINING, 9, 9)):
        if stage:
            watched.reports(stage, done, total)
        assert watched.judge() == "" and watched.judge(after=50 * HOUR) == ""


def test_where_nothing_is_counted_a_process_that_computes_goes_on(settings, computing):
    watched = Watched(replace(settings, stall_minutes=1.0 / 60_000), computing)  # 1 ms
    watched.reports(OPTIMISING)
    assert watched.judge() == ""
    before, leader = processes.cpu_seconds([computing.identity["pid"]]), computing.identity["pid"]
    while processes.cpu_seconds([leader]) < before + 0.2:  # until it has really computed
        os.sched_yield()
    assert watched.judge(after=1.0) == ""


def test_where_nothing_is_counted_a_process_that_does_nothing_is_ended(settings, sleeping):
    watched = Watched(replace(settings, stall_minutes=60), sleeping)
    watched.reports(OPTIMISING)
    assert watched.judge() == ""
    reason = watched.judge(after=HOUR + 1)
    assert "made no step for 1 h 00 min and used no processor time" in reason and "Optimising" in reason


def test_a_trainer_that_never_reports_is_judged_by_its_processor_time(settings, sleeping):
    watched = Watched(replace(settings, stall_minutes=60), sleeping)
    assert watched.judge() == ""
    assert "'Loading TensorFlow and the backbone'" in watched.judge(after=HOUR + 1)


def test_a_download_from_the_store_takes_what_it_takes(settings, sleeping):
    watched = Watched(replace(settings, stall_minutes=60), sleeping)
    watched.reports(FETCHING)
    assert watched.judge() == "" and watched.judge(after=50 * HOUR) == ""


def test_without_minutes_no_run_is_ended(settings, sleeping):
    watched = Watched(replace(settings, stall_minutes=0), sleeping)
    watched.reports(TRAINING, 5, 100)
    assert watched.judge() == "" and watched.judge(after=1000 * HOUR) == ""


def test_the_next_attempt_begins_anew(settings):
    watched = Watched(replace(settings, stall_minutes=60))
    watched.reports(WAITING)
    assert watched.judge() == ""
    watched.trainer.attempt = 2
    assert watched.judge(after=2 * HOUR) == ""
    watched.limits.forget_all_but([])
    assert watched.judge(after=2 * HOUR) == ""


# --- time and memory ---


def attempt(number, started, ended=None, outcome=""):
    return Attempt(run_id="r-1", number=number, slot="cpu", started_at=started, ended_at=ended, outcome=outcome)


def test_a_run_that_was_cut_off_has_no_more_time_than_others(settings):
    cut_off = [attempt(1, 0.0, 600.0, INTERRUPTED), attempt(2, 700.0)]
    assert seconds_since_launch(cut_off, 1000.0) == 900.0
    resumed = [attempt(1, 0.0, 600.0, Status.FAILED), *[attempt(2, 650.0, 660.0, INTERRUPTED), attempt(3, 700.0)]]
    assert seconds_since_launch(resumed, 1000.0) == 310.0
    assert seconds_since_launch([], 1000.0) == 0.0


def test_the_sentence_about_time_has_limit_use_and_what_to_do(settings):
    watched = Watched(replace(settings, run_hours=2.0), attempts=[attempt(1, 1000.0)])
    assert watched.judge(after=2 * HOUR) == ""
    assert watched.judge(after=60.0) == (
        "Ended by the time limit of 2 h 00 min (GRAFT_RUN_HOURS): it had taken 2 h 01 min. A run that is resumed has "
        "that time again."
    )


def test_memory_is_counted_over_the_processes_of_the_run(settings, sleeping):
    assert Watched(replace(settings, run_limit_bytes=10**9), sleeping).judge() == ""
    assert "memory limit of 1 byte" in Watched(replace(settings, run_limit_bytes=1), sleeping).judge()
    assert Watched(replace(settings, run_limit_bytes=1)).judge() == ""  # elsewhere: not known
