"""Measuring the machine: one run in a home of its own. The real one is in
``tests/keras/test_machine_speed.py``."""

import pytest

from core.errors import Cancelled, Conflict, Forbidden, Unavailable
from core.files.home import speed_job
from core.files.locks import acquire
from core.jobs import speed_trial
from core.jobs.speed_trial import cancel_trial, measured_speed, start_trial, trial_state
from core.people.acting import Person, Role, acting_as
from core.planning.machine_speed import stored_speed
from core.registry import Registry
from core.runs.stages import TRAINING
from core.runs.values import Status
from tests.factories import make_cost, make_dataset, make_evaluation, make_model, make_photos, make_run


@pytest.fixture
def trained(monkeypatch):
    """What happens to the trial run instead of a supervisor: ``trained["how"]``; the homes it was trained in."""
    found = {"how": finish, "homes": []}

    def imported(source, *, settings, registry):
        registry.add_dataset(make_dataset(), make_photos())
        return registry.datasets()[0], None

    def supervised(settings):
        found["homes"].append(settings.home)
        with Registry.of(settings).writing(least=None):
            pass
        found["how"](Registry.of(settings))

    monkeypatch.setattr(speed_trial, "run_import", imported)
    monkeypatch.setattr(speed_trial, "ensure_supervisor", supervised)
    monkeypatch.setattr(speed_trial, "stop_supervisor", lambda settings, now: found["homes"].append("stopped"))
    return found


def finish(registry):
    run = registry.claim("cpu", "me")
    cost = make_cost(stages={TRAINING: 2.0})
    registry.record_spent(run.id, 1, {"wall_seconds": 9.0, "cpu_seconds": 9.0, "paid": {}, "full_costs": {}})
    registry.finish(run.id, 1, evaluation=make_evaluation(), cost=cost, model=make_model(run), best_epoch=None)


def fail(registry):
    run = registry.claim("cpu", "me")
    registry.end(run.id, 1, Status.FAILED, "No space is left.")


def test_only_what_the_trial_run_took_is_kept(registry, settings, trained):
    found = measured_speed(settings, registry)
    assert stored_speed(registry) == found and found.parts and found.stages == {TRAINING: 2.0}
    assert registry.runs() == [] and registry.datasets() == []
    home, stopped = trained["homes"]
    assert home != settings.home and not home.exists() and stopped == "stopped"


def test_a_trial_run_that_fails_says_why_and_keeps_nothing(registry, settings, trained):
    trained["how"] = fail
    with pytest.raises(Unavailable, match="The trial run failed: No space is left"):
        measured_speed(settings, registry)
    assert stored_speed(registry) is None and trained["homes"][-1] == "stopped"


def test_it_takes_at_most_a_minute_and_can_be_cancelled(registry, settings, trained, monkeypatch):
    trained["how"] = lambda registry: None
    with pytest.raises(Cancelled):
        measured_speed(settings, registry, stopped=lambda: True)
    monkeypatch.setattr(speed_trial, "LIMIT_SECONDS", 0.0)
    with pytest.raises(Unavailable, match="Measure again when the machine is less busy"):
        measured_speed(settings, registry)
    assert trained["homes"][-1] == "stopped" and stored_speed(registry) is None


def test_nothing_is_measured_beside_runs(registry, settings):
    registry.add_dataset(make_dataset(), make_photos())
    registry.add_run(make_run())
    registry.claim("cpu", "me")
    for measure in (measured_speed, start_trial):
        with pytest.raises(Conflict, match="Measure the machine once they have ended"):
            measure(settings, registry)


def test_in_the_background(registry, settings, trained, monkeypatch):
    processes = []
    monkeypatch.setattr("core.jobs.background.start_process", lambda *arguments: processes.append(arguments))
    assert trial_state(settings).state == "none"
    start_trial(settings, registry)
    assert "killed before it was done" in trial_state(settings).message
    with acquire(speed_job(settings).alive_lock):
        assert trial_state(settings).is_active
        start_trial(settings, registry)
        speed_trial._background("", settings)
    assert len(processes) == 1 and trial_state(settings).state == "ready" and stored_speed(registry) is not None
    cancel_trial(settings)
    trained["how"] = lambda registry: None
    speed_trial._background("", settings)
    assert trial_state(settings).state == "cancelled"


def test_a_viewer_measures_nothing(registry, settings):
    with acting_as(Person(name="eve", role=Role.VIEWER)), pytest.raises(Forbidden):
        start_trial(settings, registry)
