"""A trainer goes on with the next run: claimed once, followed, stopped and killed like any other."""

import os
import signal
from dataclasses import replace

import pytest

from core import jobs
from core.files.home import supervisor_state
from core.files.locks import is_held, try_acquire
from core.jobs import processes, protocol, reuse
from core.jobs.holder import note_holder, read_holder
from core.jobs.reuse import TrainerReuse, can_reuse, waiting_trainers
from core.recipes.patterns import Cascade, Pattern
from core.recipes.recipe import Recipe
from core.registry.leases import lease_of_run
from core.runs.needs import RunNeeds
from core.runs.values import Cancel, Status
from tests.factories import make_cost, make_dataset, make_evaluation, make_model, make_photos, make_run
from tests.jobs_home import FAKE_TRAINER, Home, eventually, kill

SAME = "efficientnet_lite0"


@pytest.fixture
def home(settings, registry):
    home = Home(settings, registry)
    home.say_this_is_a_supervisor()
    yield home
    home.kill_everything()


def all_ended(home, runs) -> bool:
    return all(home.status(run).ended for run in runs)


def pids(home, runs) -> list[int]:
    return [start["pid"] for run in runs for start in home.starts(run)]


# --- what goes with what ---


def test_runs_on_the_same_photos_and_network_go_together_whatever_their_pattern():
    ended = make_run(1, recipe=Recipe(backbone=SAME))
    assert can_reuse(ended, make_run(2, recipe=Recipe(backbone=SAME, pattern=Pattern.FINE_TUNING)))
    assert not can_reuse(ended, make_run(2, recipe=Recipe(backbone="efficientnet_lite1")))
    assert not can_reuse(ended, replace(make_run(2, recipe=Recipe(backbone=SAME)), dataset_id="d-other"))


def test_runs_without_a_network_of_their_own_never_go_together():
    members = Recipe(backbone="", pattern=Pattern.CASCADE, cascade=Cascade.ENSEMBLE, members=("r-1", "r-2"))
    assert not can_reuse(make_run(1, recipe=members), make_run(2, recipe=members))


# --- going on ---


def test_with_little_space_a_trainer_does_not_go_on(home, monkeypatch):
    first, _ = home.add(backbone=SAME), home.add(backbone=SAME)
    home.registry.claim("cpu", "test")
    with try_acquire(home.lock(first)):
        monkeypatch.setattr(reuse, "why_paused", lambda settings: "Waiting runs do not start.")
        assert TrainerReuse(first.id, home.settings, home.registry).wait_for_next(first.id, 0.0) is None
        monkeypatch.setattr(reuse, "why_paused", lambda settings: "")
        assert TrainerReuse(first.id, home.settings, home.registry)._may_go_on()


def test_runs_of_one_network_are_trained_by_one_process_in_their_order(home):
    runs = [home.add(backbone=SAME, epochs=2, goes_on=True) for _ in range(4)]
    supervisor = home.supervisor()
    home.works_until(supervisor, lambda: all_ended(home, runs))
    assert [home.status(run) for run in runs] == [Status.FINISHED] * 4
    assert len(set(pids(home, runs))) == 1 and len(pids(home, runs)) == 4
    times = [home.starts(run)[0]["at"] for run in runs]
    assert times == sorted(times)
    home.works_until(supervisor, lambda: not supervisor.trainers)
    assert home.violations() == []


def test_a_run_that_goes_on_has_its_own_lock_slot_log_and_process_in_the_registry(home):
    first, second = (
        home.add(backbone=SAME, epochs=1, goes_on=True, lines=1),
        home.add(backbone=SAME, seconds=30, lines=2),
    )
    supervisor = home.supervisor()
    home.works_until(supervisor, lambda: home.starts(second) and supervisor.trainers[0].run_id == second.id)
    (trainer,) = supervisor.trainers
    assert (trainer.attempt, trainer.slot) == (1, "cpu")
    assert home.registry.process(second.id, 1)["pid"] == pids(home, [first])[0]
    assert home.registry.attempts(second.id)[0].slot == "cpu"
    assert read_holder(home.lock(second)).process == trainer.process
    assert is_held(home.lock(second)) and not is_held(home.lock(first))
    eventually(lambda: (home.folder(second) / "log.txt").stat().st_size >= 2000)
    assert (home.folder(first) / "log.txt").stat().st_size == 1000


def test_a_run_that_needs_another_network_gets_a_process_of_its_own_and_is_not_overtaken(home):
    runs = [home.add(backbone=name, epochs=1, goes_on=True) for name in (SAME, "efficientnet_lite1", SAME)]
    home.works_until(home.supervisor(), lambda: all_ended(home, runs))
    assert len(set(pids(home, runs))) == 3
    times = [home.starts(run)[0]["at"] for run in runs]
    assert times == sorted(times)


def test_a_failed_run_ends_its_process(home):
    runs = [home.add(backbone=SAME, code=4, reason="Broken.", goes_on=True), home.add(backbone=SAME, epochs=1)]
    home.works_until(home.supervisor(), lambda: all_ended(home, runs))
    assert [home.status(run) for run in runs] == [Status.FAILED, Status.FINISHED]
    assert len(set(pids(home, runs))) == 2


def test_a_process_goes_on_only_so_often(home, monkeypatch):
    monkeypatch.setattr(reuse, "MOST_RUNS", 1)
    run, waiting = home.add(backbone=SAME), home.add(backbone=SAME)
    home.registry.claim("cpu", "me")
    assert TrainerReuse(run.id, home.settings, home.registry).claim_next(run.id) is None
    assert home.status(waiting) is Status.SCHEDULED


def test_nothing_goes_on_without_a_supervisor_or_after_new_code_was_installed(home, monkeypatch):
    run, waiting = home.add(backbone=SAME), home.add(backbone=SAME)
    home.registry.claim("cpu", "me")
    going_on = TrainerReuse(run.id, home.settings, home.registry)
    home.say_this_is_a_supervisor(version="of other code")
    assert going_on.claim_next(run.id) is None
    supervisor_state(home.settings).unlink()
    assert going_on.claim_next(run.id) is None
    home.say_this_is_a_supervisor()
    monkeypatch.setattr(protocol, "code_version", lambda: "of new code")
    assert going_on.claim_next(run.id) is None  # the supervisor still runs the old code
    home.say_this_is_a_supervisor(version="of new code")
    assert going_on.claim_next(run.id) is None  # only this trainer still does
    assert home.status(waiting) is Status.SCHEDULED
    assert not is_held(home.lock(waiting))


def test_a_run_whose_lock_is_held_or_that_was_claimed_by_another_is_left_alone(home, monkeypatch):
    run, waiting = home.add(backbone=SAME), home.add(backbone=SAME)
    home.registry.claim("cpu", "me")
    going_on = TrainerReuse(run.id, home.settings, home.registry)
    lock = try_acquire(home.lock(waiting))
    assert going_on.claim_next(run.id) is None
    lock.release()
    asked = home.registry.next_run

    def claimed_meanwhile(slot):
        seen = asked(slot)
        home.registry.claim("GPU-1", "a supervisor")
        return seen

    monkeypatch.setattr(home.registry, "next_run", claimed_meanwhile)
    assert going_on.claim_next(run.id) is None
    assert [attempt.slot for attempt in home.registry.attempts(waiting.id)] == ["GPU-1"]
    assert not is_held(home.lock(waiting))


# --- waiting ---


def waiting_trainer(home, supervisor, **script):
    """A trainer that has finished its run and waits for another one; (its run, its process id)."""
    run = home.add(backbone=SAME, epochs=1, goes_on=True, **script)
    home.works_until(supervisor, lambda: home.status(run) is Status.FINISHED)
    for _ in range(3):
        supervisor.round()
    return run, pids(home, [run])[0]


def test_a_process_waits_for_its_next_run_and_keeps_its_slot(home):
    supervisor = home.supervisor()
    _, pid = waiting_trainer(home, supervisor, waits=600)
    assert [trainer.slot for trainer in supervisor.trainers] == ["cpu"]
    second = home.add(backbone=SAME, epochs=1)
    home.works_until(supervisor, lambda: home.status(second) is Status.FINISHED)
    assert pids(home, [second]) == [pid]
    home.works_until(supervisor, lambda: not supervisor.trainers)
    assert home.violations() == []


def test_a_run_that_needs_another_process_does_not_wait_for_the_waiting_one(home):
    supervisor = home.supervisor()
    _, pid = waiting_trainer(home, supervisor, waits=600)
    other = home.add(backbone="efficientnet_lite1", epochs=1)
    home.works_until(supervisor, lambda: home.status(other) is Status.FINISHED)
    assert pids(home, [other]) != [pid] and not processes.identity_of(pid)


def test_a_process_waits_for_a_run_that_fits_its_slot_and_leaves_those_that_do_not(home):
    supervisor = home.supervisor()
    _, pid = waiting_trainer(home, supervisor, waits=600)
    large = home.add(backbone=SAME, epochs=1, needs=RunNeeds(gpus=8))
    small = home.add(backbone=SAME, epochs=1)
    home.works_until(supervisor, lambda: home.status(small) is Status.FINISHED)
    assert pids(home, [small]) == [pid]
    assert home.status(large) is Status.SCHEDULED


def test_a_process_waits_only_so_long(home):
    supervisor = home.supervisor()
    waiting_trainer(home, supervisor, waits=0.5)
    home.works_until(supervisor, lambda: not supervisor.trainers)


def test_a_waiting_process_ends_with_its_supervisor(home):
    supervisor = home.supervisor()
    run, _ = waiting_trainer(home, supervisor, waits=600)
    supervisor_state(home.settings).unlink()
    eventually(supervisor.trainers[0].is_dead)
    assert not is_held(home.lock(run))


def test_a_waiting_process_is_stopped_with_the_others_and_its_run_stays_finished(home):
    supervisor = home.supervisor(grace=30)
    run, _ = waiting_trainer(home, supervisor, waits=600)
    supervisor.interrupt()
    home.works_until(supervisor, lambda: not supervisor.trainers)
    assert home.status(run) is Status.FINISHED


def test_a_waiting_process_outlives_no_run_that_was_deleted(home):
    supervisor = home.supervisor(grace=30)
    run, _ = waiting_trainer(home, supervisor, waits=600)
    home.registry.delete_runs([run.id])
    home.works_until(supervisor, lambda: not supervisor.trainers)


# --- stopping ---


def test_a_cancellation_reaches_the_run_the_process_has_gone_on_with(home):
    first, second, third = (home.add(backbone=SAME, epochs=count, seconds=0.05, goes_on=True) for count in (1, 999, 1))
    supervisor = home.supervisor(grace=30)
    home.works_until(supervisor, lambda: home.registry.epochs(second.id))
    home.registry.request_cancel(second.id, Cancel.NOW)
    home.works_until(supervisor, lambda: all_ended(home, [first, second, third]))
    assert [home.status(run) for run in (first, second, third)] == [Status.FINISHED, Status.KILLED, Status.FINISHED]
    assert len(set(pids(home, [first, second]))) == 1
    assert pids(home, [third]) != pids(home, [second])


def test_interrupted_after_going_on_the_run_goes_back_into_the_queue(home):
    first, second = home.add(backbone=SAME, epochs=1, goes_on=True), home.add(backbone=SAME, epochs=999, seconds=0.05)
    supervisor = home.supervisor()
    home.works_until(supervisor, lambda: home.registry.epochs(second.id))
    supervisor.interrupt()
    home.works_until(supervisor, lambda: not supervisor.trainers)
    assert (home.status(first), home.status(second)) == (Status.FINISHED, Status.SCHEDULED)


def test_a_signal_meant_for_the_run_before_does_not_cost_the_next_one_its_life(home):
    first, second = home.add(backbone=SAME, epochs=1, goes_on=True), home.add(backbone=SAME, seconds=60, deaf=True)
    supervisor = home.supervisor(grace=0.0)
    home.works_until(supervisor, lambda: home.starts(first))
    trainer = supervisor.trainers[0]
    eventually(lambda: home.starts(second))
    assert trainer.run_id == first.id  # the supervisor has not looked yet
    trainer.stop(grace=0.0)
    trainer.stop(grace=0.0)
    home.works_until(supervisor, lambda: len(home.starts(second)) == 2)
    assert home.registry.attempts(second.id)[0].outcome == "INTERRUPTED"


# --- dying ---


@pytest.mark.parametrize("step", ["ended", "locked", "claimed", "moved"])
@pytest.mark.parametrize("watched", [True, False])
def test_a_death_on_the_way_to_the_next_run_loses_and_doubles_nothing(home, step, watched):
    first, second = home.add(backbone=SAME, epochs=2, goes_on=True, dies_at=step), home.add(backbone=SAME, epochs=2)
    supervisor = home.supervisor()
    home.works_until(supervisor, lambda: home.starts(first))
    if not watched:
        eventually(lambda: not is_dying(supervisor.trainers[0]))
        supervisor = home.supervisor()
        supervisor.adopt()

    def resumed_to_its_end() -> bool:
        if home.status(second) is Status.FAILED:
            assert "Resume" in home.registry.run(second.id).reason
            home.registry.requeue(second.id)
        return home.status(second) is Status.FINISHED

    home.works_until(supervisor, resumed_to_its_end)
    assert home.status(first) is Status.FINISHED
    assert home.violations() == [] and home.dead_but_running() == []
    assert len(home.starts(first)) == 1 and len(home.starts(second)) == 1
    claimed_before = step in ("claimed", "moved")
    assert len(home.registry.attempts(second.id)) == (2 if claimed_before else 1)


def is_dying(trainer) -> bool:
    """Reaps it too, as init does for an orphan."""
    return not trainer.is_dead()


@pytest.mark.parametrize("victim", [os.kill, os.killpg])
def test_when_a_process_is_killed_after_it_went_on_the_run_it_was_at_starts_again(home, victim):
    first, second = home.add(backbone=SAME, epochs=1, goes_on=True), home.add(backbone=SAME, epochs=99, seconds=0.05)
    supervisor = home.supervisor()
    home.works_until(supervisor, lambda: home.starts(first))
    eventually(lambda: home.registry.epochs(second.id))
    victim(pids(home, [second])[0], signal.SIGKILL)
    home.works_until(supervisor, lambda: len(home.registry.attempts(second.id)) == 2)
    assert home.status(first) is Status.FINISHED
    assert len(home.registry.attempts(first.id)) == 1


# --- taking over ---


def test_a_new_supervisor_adopts_a_process_that_went_on_with_its_slot(home):
    first, second = home.add(backbone=SAME, epochs=1, goes_on=True), home.add(backbone=SAME, seconds=60)
    waiting = home.add(backbone="efficientnet_lite1")
    old = home.supervisor()
    home.works_until(old, lambda: home.starts(second))
    new = home.supervisor()
    new.adopt()
    for _ in range(3):
        new.round()
    assert [(t.run_id, t.attempt, t.slot) for t in new.trainers] == [(second.id, 1, "cpu")]
    assert home.status(waiting) is Status.SCHEDULED
    home.rewrite(second, code=4)
    kill(pids(home, [first])[0])
    old.trainers[0].is_dead()
    home.works_until(new, lambda: home.status(second) is Status.FAILED)


def test_a_process_that_holds_two_locks_is_one_trainer(home):
    run, waiting = home.add(backbone=SAME, seconds=60), home.add(backbone=SAME)
    old = home.supervisor()
    home.works_until(old, lambda: home.starts(run))
    lock = try_acquire(home.lock(waiting))  # as a trainer holds it just before its claim
    note_holder(lock, 1, old.trainers[0].process)
    try:
        new = home.supervisor()
        new.adopt()
        assert [(t.run_id, t.slot) for t in new.trainers] == [(run.id, "cpu")]
    finally:
        lock.release()


def test_a_process_that_moved_while_it_was_looked_for_is_found_by_its_run(home, monkeypatch):
    run = home.add(backbone=SAME, seconds=60)
    old = home.supervisor()
    home.works_until(old, lambda: home.starts(run))
    new = home.supervisor()
    monkeypatch.setattr(new._launcher, "adopt", list)
    new.adopt()
    new.round()
    assert [(t.run_id, t.attempt) for t in new.trainers] == [(run.id, 1)]
    assert home.status(run) is Status.RUNNING


def test_the_supervisor_of_a_real_home_follows_too(settings, registry, monkeypatch):
    monkeypatch.setenv("GRAFT_TRAINER", " ".join(FAKE_TRAINER))
    home = Home(settings, registry)
    try:
        runs = [home.add(backbone=SAME, epochs=1, goes_on=True) for _ in range(3)]
        last = home.add(backbone=SAME, epochs=999, seconds=0.05)
        jobs.ensure_supervisor(settings)
        eventually(lambda: home.registry.epochs(last.id))
        assert len(set(pids(home, [*runs, last]))) == 1
        assert jobs.stop_supervisor(settings, now=True)
        assert home.status(last) is Status.SCHEDULED
        assert not processes.identity_of(pids(home, [last])[0])
    finally:
        home.kill_everything()


def test_a_job_of_a_cluster_goes_on_where_the_acting_supervisor_has_its_code(home, monkeypatch):
    ended, waiting = home.add(backbone=SAME), home.add(backbone=SAME)
    home.registry.claim("n1/cpu", "me")
    home.registry.end(ended.id, 1, Status.FINISHED)
    monkeypatch.setenv("GRAFT_JOB", f"{ended.id}-1")
    going_on = TrainerReuse(ended.id, home.settings, home.registry)
    monkeypatch.setattr(going_on, "_move_to", lambda held: held.release())
    assert going_on.claim_next(ended.id) is None  # no supervisor acts
    lease = home.registry.take("supervisor", "process 1 (code other, place p)")
    assert going_on.claim_next(ended.id) is None
    home.registry.release(lease)
    home.registry.take("supervisor", f"process 2 (code {protocol.code_version()}, place p)")
    assert going_on.claim_next(ended.id).id == waiting.id
    assert home.registry.run_of_process({"job": f"{ended.id}-1"}) == (waiting.id, 1)
    assert home.registry.run(waiting.id).slot == "n1/cpu"


# --- waiting ---


def finished(registry, run_id, identity):
    registry.add_run(replace(make_run(1), id=run_id, name=run_id))
    run = registry.claim("cpu", "me")
    registry.record_process(run.id, 1, identity)
    registry.finish(
        run.id,
        1,
        evaluation=make_evaluation(),
        cost=make_cost(),
        model=make_model(run, id=f"m-{run_id}"),
        best_epoch=None,
    )
    return registry.run(run.id)


def test_a_trainer_whose_run_ended_a_moment_ago_waits_for_the_next_one(registry):
    registry.add_dataset(make_dataset(), make_photos())
    this = processes.identity_of(os.getpid())
    first = finished(registry, "r-1", this.to_dict())
    last = finished(registry, "r-2", this.to_dict())
    finished(registry, "r-3", replace(this, started=this.started + 1).to_dict())  # ended
    assert waiting_trainers(registry, last.ended_at) == [[first, last]]
    assert waiting_trainers(registry, last.ended_at + reuse.IDLE_SECONDS) == []


def test_a_trainer_of_a_cluster_waits_as_long_as_it_has_the_lease_of_its_last_run(registry):
    registry.add_dataset(make_dataset(), make_photos())
    last = finished(registry, "r-1", {"job": "r-1-1"})
    assert waiting_trainers(registry, last.ended_at) == []  # it ended: its lease was released or has lapsed
    lease = registry.take(lease_of_run("r-1"), "process 7 of 'gpu-2' (place elsewhere)", token=1)
    assert waiting_trainers(registry, last.ended_at) == [[last]]
    registry.release(lease)
    assert waiting_trainers(registry, last.ended_at) == []


def test_a_trainer_that_has_its_next_run_waits_for_none(registry):
    registry.add_dataset(make_dataset(), make_photos())
    this = processes.identity_of(os.getpid())
    last = finished(registry, "r-1", this.to_dict())
    registry.add_run(replace(make_run(1), id="r-2", name="r-2"))
    registry.claim_next("r-2", 0, "cpu", "me", this.to_dict())
    assert waiting_trainers(registry, last.ended_at) == []
