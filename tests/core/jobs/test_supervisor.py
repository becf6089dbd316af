"""The supervisor's rounds, one by one: starting, settling, cancelling, adopting."""

import os
import re
import shutil
import signal
from dataclasses import replace
from types import SimpleNamespace

import pytest

from core.errors import NoSpace, Unavailable
from core.files.locks import try_acquire
from core.jobs import processes, trainers
from core.jobs import supervisor as supervisor_module
from core.jobs.exit_policy import write_exit_record
from core.jobs.holder import note_holder, read_holder
from core.jobs.processes import Identity
from core.jobs.slots import Slot
from core.jobs.supervisor import Supervisor
from core.runs.values import Cancel, Status
from tests.jobs_home import Home, is_running, kill, sleeper

TWO_GPUS = tuple(Slot(name=name, title=name, environment={"CUDA_VISIBLE_DEVICES": name}) for name in ("GPU-0", "GPU-1"))


@pytest.fixture
def home(settings, registry):
    home = Home(settings, registry)
    yield home
    home.kill_everything()


# --- starting ---


def test_a_scheduled_run_is_trained_and_finished(home):
    run = home.add(epochs=2)
    supervisor = home.supervisor()
    home.works_until(supervisor, lambda: home.status(run).ended)
    assert home.status(run) is Status.FINISHED
    assert [epoch.number for epoch in home.registry.epochs(run.id)] == [1, 2]
    home.works_until(supervisor, lambda: not supervisor.trainers)


def test_the_trainer_gets_its_home_device_and_process_recorded(home):
    run = home.add(seconds=30)
    supervisor = home.supervisor(TWO_GPUS[1:])
    home.works_until(supervisor, lambda: home.starts(run))
    start = home.starts(run)[0]
    assert start["gpu"] == "GPU-1"
    assert home.registry.process(run.id, 1)["pid"] == start["pid"]
    assert home.registry.attempts(run.id)[0].slot == "GPU-1"
    assert read_holder(home.lock(run)).process == processes.identity_of(start["pid"])


def test_runs_start_by_priority_and_then_in_their_order(home):
    last, first, moved = home.add(), home.add(priority=5), home.add()
    home.registry.move(moved.id, before=last.id)
    supervisor = home.supervisor()
    home.works_until(supervisor, lambda: all(home.status(run).ended for run in (last, first, moved)))
    at = {run.id: home.starts(run)[0]["at"] for run in (last, first, moved)}
    assert at[first.id] < at[moved.id] < at[last.id]


def test_every_slot_has_one_run_and_the_rest_waits(home):
    runs = [home.add(seconds=30) for _ in range(3)]
    supervisor = home.supervisor(TWO_GPUS)
    home.works_until(supervisor, lambda: home.starts(runs[0]) and home.starts(runs[1]))
    supervisor.round()
    assert {home.starts(run)[0]["gpu"] for run in runs[:2]} == {"GPU-0", "GPU-1"}
    assert home.status(runs[2]) is Status.SCHEDULED
    home.registry.request_cancel(runs[0].id, Cancel.NOW)
    home.works_until(supervisor, lambda: home.starts(runs[2]))
    assert home.starts(runs[2])[0]["gpu"] == home.starts(runs[0])[0]["gpu"]


def test_a_trainer_that_cannot_be_started_is_tried_again_and_then_fails_with_the_cause(home, monkeypatch):
    run = home.add()
    supervisor = Supervisor(home.settings, home.registry, home.launcher(command=lambda *_: ["/no/such/program"]))
    supervisor.round()
    assert home.status(run) is Status.RUNNING
    monkeypatch.setattr(supervisor_module, "START_PATIENCE", 0.0)
    supervisor.round()
    assert home.status(run) is Status.FAILED
    assert "could not be started" in home.registry.run(run.id).reason
    assert "/no/such/program" in home.registry.run(run.id).reason


def test_a_failing_registry_leaves_the_started_trainer_watched(home, monkeypatch):
    run = home.add(seconds=30)
    supervisor = home.supervisor()

    def full(*_):
        raise NoSpace("The disk is full.")

    monkeypatch.setattr(home.registry, "record_process", full)
    home.works_until(supervisor, lambda: home.starts(run))
    assert [trainer.run_id for trainer in supervisor.trainers] == [run.id]


def test_with_little_space_what_runs_goes_on_and_what_waits_starts_when_there_is_space(home, monkeypatch, caplog):
    caplog.set_level("INFO", "graft.jobs")
    disk = SimpleNamespace(total=10**12, free=10**12)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: disk)
    running = home.add(epochs=2)
    supervisor = home.supervisor()
    home.works_until(supervisor, lambda: home.starts(running))
    disk.free = 10**9
    waiting = home.add(epochs=1)
    home.works_until(supervisor, lambda: home.status(running).ended and not supervisor.trainers)
    for _ in range(3):
        supervisor.round()
    assert home.status(running) is Status.FINISHED
    assert home.status(waiting) is Status.SCHEDULED and home.starts(waiting) == []
    assert caplog.text.count("the queue is paused") == 1
    disk.free = 10**11
    home.works_until(supervisor, lambda: home.status(waiting).ended)
    assert home.status(waiting) is Status.FINISHED
    assert caplog.text.count("the queue goes on") == 1


# --- settling ---


@pytest.mark.parametrize(
    ("script", "status", "reason"),
    [
        ({"code": 3}, Status.KILLED, "Cancelled."),
        ({"code": 4, "reason": "The loss became NaN."}, Status.FAILED, "The loss became NaN."),
        ({"code": 0}, Status.FAILED, "recorded no result"),
        ({"code": None, "status": 7}, Status.FAILED, "exit code 7. Its log ends with: the end"),
    ],
)
def test_exit_codes_become_endings(home, script, status, reason):
    run = home.add(**script)
    home.works_until(home.supervisor(), lambda: home.status(run).ended)
    assert home.status(run) is status
    assert reason in home.registry.run(run.id).reason


def test_an_interrupted_trainer_goes_back_into_the_queue_and_starts_again(home):
    run = home.add(code=5)
    supervisor = home.supervisor()
    home.works_until(supervisor, lambda: len(home.starts(run)) >= 2)
    assert [start["attempt"] for start in home.starts(run)][:2] == [1, 2]


@pytest.mark.parametrize("victim", [os.kill, os.killpg])
def test_a_killed_trainer_goes_on_by_itself_at_its_next_epoch(home, victim):
    run = home.add(epochs=200, seconds=0.05)
    supervisor = home.supervisor()
    home.works_until(supervisor, lambda: len(home.registry.epochs(run.id)) >= 2)
    victim(home.starts(run)[0]["pid"], signal.SIGKILL)
    home.works_until(supervisor, lambda: len(home.starts(run)) == 2)
    done = home.registry.attempts(run.id)[1].first_epoch
    assert done >= 3
    victim(home.starts(run)[1]["pid"], signal.SIGKILL)
    home.rewrite(run, epochs=done + 10)
    home.works_until(supervisor, lambda: home.status(run).ended)
    assert home.status(run) is Status.FINISHED
    assert [epoch.number for epoch in home.registry.epochs(run.id)] == list(range(1, done + 11))
    assert home.violations() == []


def test_a_trainer_that_is_killed_every_time_is_given_up_after_the_fourth(home):
    run = home.add(seconds=60)
    supervisor = home.supervisor()
    for number in range(4):
        home.works_until(supervisor, lambda number=number: len(home.starts(run)) == number + 1)
        kill(home.starts(run)[number]["pid"])
    home.works_until(supervisor, lambda: home.status(run).ended)
    assert home.registry.run(run.id).reason == (
        "The trainer was killed (signal 9), perhaps because memory ran out, 4 times in a row before it could finish an "
        "epoch. Resume to start again."
    )
    assert len(home.starts(run)) == 4


def test_a_crashed_trainer_fails_its_run_and_can_be_resumed(home):
    run = home.add(epochs=200, seconds=0.05)
    supervisor = home.supervisor()
    home.works_until(supervisor, lambda: len(home.registry.epochs(run.id)) >= 2)
    os.kill(home.starts(run)[0]["pid"], signal.SIGSEGV)
    home.works_until(supervisor, lambda: home.status(run).ended)
    done = len(home.registry.epochs(run.id))
    assert home.registry.run(run.id).reason == (
        f"The trainer crashed (signal 11, Segmentation fault). Resume to go on at epoch {done + 1}."
    )
    home.rewrite(run, epochs=done + 1)
    home.registry.requeue(run.id)
    home.works_until(supervisor, lambda: home.status(run) is Status.FINISHED)
    assert [epoch.number for epoch in home.registry.epochs(run.id)] == list(range(1, done + 2))


def test_a_run_is_not_over_before_the_last_of_its_processes_is_gone(home):
    run = home.add(child=60, code=4, reason="Broken.")
    supervisor = home.supervisor()
    home.works_until(supervisor, lambda: (home.folder(run) / "exit.json").exists())
    child = int((home.folder(run) / "child.txt").read_text())
    supervisor.round()
    assert is_running(child) and home.status(run) is Status.RUNNING
    home.works_until(supervisor, lambda: home.status(run) is Status.FAILED)
    assert not is_running(child)


def test_a_trainer_that_stays_after_its_run_has_ended_is_sent_home(home, monkeypatch):
    monkeypatch.setattr(supervisor_module, "LINGER", 0.2)
    run = home.add(epochs=1, linger=60)
    supervisor = home.supervisor()
    home.works_until(supervisor, lambda: home.status(run) is Status.FINISHED)
    home.works_until(supervisor, lambda: not supervisor.trainers)
    assert home.status(run) is Status.FINISHED


def test_a_flood_of_words_is_cut_to_its_end_while_the_trainer_goes_on(home):
    run = home.add(lines=25_000, seconds=1.0, code=3)
    log = home.folder(run) / "log.txt"
    home.works_until(home.supervisor(), lambda: home.status(run).ended)
    text = log.read_text()
    assert len(text) < 20_000_000
    assert text.startswith("[Graft cut this log")
    assert text.endswith("the end\n")
    assert "\0" not in text


# --- cancelling ---


def test_a_waiting_run_is_cancelled_without_ever_starting(home):
    busy, waiting = home.add(seconds=30), home.add()
    supervisor = home.supervisor()
    home.works_until(supervisor, lambda: home.starts(busy))
    for run in (waiting, busy):
        home.registry.request_cancel(run.id, Cancel.NOW)
    home.works_until(supervisor, lambda: not supervisor.trainers)
    assert home.status(waiting) is Status.KILLED
    assert home.starts(waiting) == []


def test_cancel_now_stops_the_trainer(home):
    run = home.add(epochs=1000, seconds=0.05)
    supervisor = home.supervisor(grace=30)
    home.works_until(supervisor, lambda: home.registry.epochs(run.id))
    home.registry.request_cancel(run.id, Cancel.NOW)
    home.works_until(supervisor, lambda: not supervisor.trainers)
    assert home.status(run) is Status.KILLED


def test_cancel_now_insists_when_the_trainer_does_not_listen(home):
    run = home.add(seconds=60, deaf=True)
    supervisor = home.supervisor(grace=0.3)
    home.works_until(supervisor, lambda: home.starts(run))
    home.registry.request_cancel(run.id, Cancel.NOW)
    home.works_until(supervisor, lambda: home.status(run).ended)
    assert (home.status(run), home.registry.run(run.id).reason) == (Status.KILLED, "Cancelled.")
    assert not is_running(home.starts(run)[0]["pid"])


def test_cancel_after_the_epoch_lets_the_trainer_end_its_epoch(home):
    run = home.add(epochs=1000, seconds=0.1)
    supervisor = home.supervisor()
    home.works_until(supervisor, lambda: home.registry.epochs(run.id))
    home.registry.request_cancel(run.id, Cancel.AFTER_EPOCH)
    home.works_until(supervisor, lambda: not supervisor.trainers)
    assert home.registry.run(run.id).reason == f"Cancelled after epoch {len(home.registry.epochs(run.id))}."


def test_a_trainer_whose_run_was_given_to_a_new_attempt_is_stopped_first(home, monkeypatch):
    monkeypatch.setattr(trainers, "ORPHAN_GRACE", 0.0)  # its successor is not taken for a child it has left
    run = home.add(seconds=60, deaf=True)
    supervisor = home.supervisor(TWO_GPUS, grace=0.3)
    home.works_until(supervisor, lambda: home.starts(run))
    home.registry.end(run.id, 1, Status.FAILED, "Somebody said so.")
    home.registry.requeue(run.id)
    home.works_until(supervisor, lambda: len(home.starts(run)) == 2)
    assert not is_running(home.starts(run)[0]["pid"])
    assert home.violations() == []


# --- taking over ---


def test_a_new_supervisor_adopts_what_runs_and_sees_it_die(home):
    run = home.add(seconds=60)
    first = home.supervisor()
    home.works_until(first, lambda: home.starts(run))
    second = home.supervisor()
    second.adopt()
    second.round()
    assert [(t.run_id, t.attempt, t.slot) for t in second.trainers] == [(run.id, 1, "cpu")]
    kill(home.starts(run)[0]["pid"])
    first.trainers[0].is_dead()  # reaps it, as init does for an orphan
    home.works_until(second, lambda: len(home.starts(run)) == 2)
    assert home.registry.attempts(run.id)[0].outcome == "INTERRUPTED"


def test_an_adopted_trainer_keeps_its_slot_busy(home):
    running, waiting = home.add(seconds=60), home.add()
    first = home.supervisor()
    home.works_until(first, lambda: home.starts(running))
    second = home.supervisor()
    second.adopt()
    for _ in range(3):
        second.round()
    assert home.status(waiting) is Status.SCHEDULED


def test_an_adopted_trainer_is_found_even_when_its_supervisor_could_not_note_it(home):
    run = home.add(seconds=60)
    first = home.supervisor()
    home.works_until(first, lambda: home.starts(run))
    home.lock(run).write_text('{"attempt": 1, "process": null}')
    second = home.supervisor()
    second.adopt()
    assert second.trainers[0].process.pid == home.starts(run)[0]["pid"]


def test_a_run_that_died_while_nobody_watched_starts_again(home):
    run = home.add(seconds=60)
    claimed = home.registry.claim("cpu", "a supervisor that is gone")
    home.rewrite(run, code=4, reason="Second time.")
    supervisor = home.supervisor()
    supervisor.adopt()
    assert home.status(run) is Status.SCHEDULED
    home.works_until(supervisor, lambda: home.status(run).ended)
    assert [start["attempt"] for start in home.starts(run)] == [claimed.attempt + 1]


def test_the_last_word_is_believed_also_when_nobody_was_there_to_hear_it(home):
    run = home.add()
    claimed = home.registry.claim("cpu", "a supervisor that is gone")
    write_exit_record(home.folder(run) / "exit.json", claimed.attempt, 4, "failed", "The loss became NaN.")
    home.supervisor().adopt()
    assert (home.status(run), home.registry.run(run.id).reason) == (Status.FAILED, "The loss became NaN.")


def test_a_run_that_is_cut_off_every_time_is_given_up_after_the_fourth(home):
    run = home.add()
    for _ in range(4):
        assert home.status(run) is Status.SCHEDULED
        home.registry.claim("cpu", "a supervisor that is gone")
        home.supervisor().adopt()
    assert home.status(run) is Status.FAILED
    assert "cut off, 4 times in a row" in home.registry.run(run.id).reason


def test_a_process_that_got_the_same_id_is_neither_adopted_nor_signalled(home):
    run, stranger = home.add(), sleeper()
    try:
        home.registry.claim("cpu", "a supervisor that is gone")
        real = processes.identity_of(stranger.pid)
        recycled = Identity(pid=real.pid, started=real.started - 1, boot=real.boot)
        lock = try_acquire(home.lock(run))
        note_holder(lock, 1, recycled)
        lock.release()
        home.registry.record_process(run.id, 1, recycled.to_dict())
        supervisor = home.supervisor((), grace=0.0)
        supervisor.adopt()
        assert supervisor.trainers == []
        assert home.status(run) is Status.SCHEDULED
        assert not processes.signal_group(recycled, signal.SIGKILL)
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_locked_registry_interrupts_a_round_and_nothing_is_lost(home, monkeypatch):
    run = home.add(epochs=1)
    supervisor = home.supervisor()
    with monkeypatch.context() as patch:

        def locked(*_, **__):
            raise Unavailable("The registry was held by another program.")

        patch.setattr(home.registry, "claim", locked)
        with pytest.raises(Unavailable):
            supervisor.round()
    home.works_until(supervisor, lambda: home.status(run) is Status.FINISHED)
    assert len(home.starts(run)) == 1


def test_interrupted_trainers_put_their_runs_back_even_when_they_do_not_listen(home):
    runs = [home.add(seconds=60, deaf=True), home.add(seconds=60)]
    supervisor = home.supervisor(TWO_GPUS, grace=0.3)
    home.works_until(supervisor, lambda: all(home.starts(run) for run in runs))
    supervisor.interrupt()
    home.works_until(supervisor, lambda: not supervisor.trainers)
    assert [home.status(run) for run in runs] == [Status.SCHEDULED] * 2


def within(home, **limits):
    """A supervisor with other limits, which it checks in every round."""
    return Supervisor(replace(home.settings, **limits), home.registry, home.launcher(), grace=0.3)


def limited_after(home, run, epochs, **limits):
    """A supervisor with other limits that takes over once the run has so many epochs: starting takes as long as it
    takes."""
    home.works_until(home.supervisor(), lambda: len(home.registry.epochs(run.id)) >= epochs)
    following = within(home, **limits)
    following.adopt()
    return following


@pytest.fixture
def checks_at_once(monkeypatch):
    monkeypatch.setattr(supervisor_module, "LIMITS", 0.0)


@pytest.mark.parametrize("deaf", [False, True])
def test_a_run_that_makes_no_step_is_ended_with_the_reason_and_resumes_at_its_next_epoch(home, checks_at_once, deaf):
    run = home.add(epochs=5, hangs_after=2, deaf=deaf)
    supervisor = limited_after(home, run, 2, stall_minutes=1.0 / 60)
    home.works_until(supervisor, lambda: home.status(run).ended)
    reason = home.registry.run(run.id).reason
    assert home.status(run) is Status.FAILED
    assert reason.startswith("Ended because it made no step for ") and "'Training'" in reason
    assert "GRAFT_STALL_MINUTES" in reason and reason.endswith("Resume to go on at epoch 3.")
    assert not is_running(home.starts(run)[0]["pid"])
    home.rewrite(run, epochs=5)
    home.registry.requeue(run.id)
    home.works_until(home.supervisor(), lambda: home.status(run).ended)
    assert home.status(run) is Status.FINISHED
    assert [epoch.number for epoch in home.registry.epochs(run.id)] == [1, 2, 3, 4, 5]


def test_a_run_beyond_its_time_is_ended_and_says_so(home, checks_at_once):
    run = home.add(epochs=10_000, seconds=0.02)
    home.works_until(within(home, run_hours=1.0 / 3600), lambda: home.status(run).ended)
    reason = home.registry.run(run.id).reason
    assert home.status(run) is Status.FAILED
    assert reason.startswith("Ended by the time limit of 1.0 s (GRAFT_RUN_HOURS): it had taken ")
    done = len(home.registry.epochs(run.id))
    assert reason.endswith(f"Resume to go on at epoch {done + 1}." if done else "Resume to start again.")


def test_a_run_with_too_much_memory_is_ended_and_its_children_count(home, checks_at_once):
    run, small = home.add(megabytes=400, seconds=600), home.add(epochs=1)
    supervisor = within(home, run_limit_bytes=300 * 10**6)  # one of the two processes is below it
    home.works_until(supervisor, lambda: home.status(run).ended and home.status(small).ended)
    assert home.status(run) is Status.FAILED
    reason = home.registry.run(run.id).reason
    assert re.search(r"memory limit of 300 MB \(GRAFT_RUN_GB\): its processes had [34]\d\d MB", reason)
    assert home.status(small) is Status.FINISHED


def test_a_run_beyond_a_limit_that_the_user_cancels_is_cancelled(home, checks_at_once):
    run = home.add(epochs=5, hangs_after=1, deaf=True)
    supervisor = limited_after(home, run, 1, run_hours=1e-9)
    supervisor._grace = 1e6  # it is only asked to stop, which it does not hear
    home.works_until(supervisor, lambda: supervisor._beyond)
    home.registry.request_cancel(run.id, Cancel.NOW)
    kill(home.starts(run)[0]["pid"])
    home.works_until(supervisor, lambda: home.status(run).ended)
    assert home.status(run) is Status.KILLED


def test_a_trainer_that_no_signal_ends_does_not_keep_its_run_from_ending(home, checks_at_once, monkeypatch):
    monkeypatch.setattr(supervisor_module, "UNSTOPPABLE", -1e6)
    monkeypatch.setattr(trainers.TrainerProcess, "stop", lambda self, grace: setattr(self, "_asked_at", 0.0))
    run = home.add(epochs=5, hangs_after=1)
    supervisor = limited_after(home, run, 1, stall_minutes=1.0 / 60)
    home.works_until(supervisor, lambda: home.status(run).ended)
    assert home.status(run) is Status.FAILED and is_running(home.starts(run)[0]["pid"])
    home.registry.requeue(run.id)
    supervisor.round()
    assert len(home.starts(run)) == 1  # nothing starts beside it


def test_a_trainer_that_died_of_a_full_disk_says_so_once_there_is_space_again(home, monkeypatch):
    run = home.add(code=None)
    supervisor = home.supervisor()
    with monkeypatch.context() as patch:

        def full(*_, **__):
            raise NoSpace("The disk is full.")

        patch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=0, total=1))
        patch.setattr(home.registry, "end", full)
        with pytest.raises(NoSpace):
            home.works_until(supervisor, lambda: False)
    home.works_until(supervisor, lambda: home.status(run).ended)
    assert home.registry.run(run.id).reason == "The disk was full. Free some space first. Resume to start again."
