"""The trial run that measures a machine, as it is: a supervisor, a trainer and the demo photos."""

from core.jobs import speed_trial
from core.jobs.protocol import supervisor_status
from core.planning.machine_speed import stored_speed
from core.planning.speed import RunPart
from core.runs.stages import FEATURES, TRAINING
from core.settings import Settings


def test_every_part_of_a_run_without_scikit_learn_is_measured_and_nothing_is_left(registry, settings, monkeypatch):
    monkeypatch.setattr(speed_trial, "LIMIT_SECONDS", 3600.0)  # a busy machine is slow, not wrong
    homes = []
    ensure = speed_trial.ensure_supervisor
    monkeypatch.setattr(speed_trial, "ensure_supervisor", lambda home: homes.append(home.home) or ensure(home))
    found = speed_trial.measured_speed(settings, registry)
    measured = {one.part for one in found.parts}  # the rest is what the other parts leave of the run, perhaps nothing
    assert measured | {RunPart.REST, RunPart.LIBRARY} == set(RunPart) and all(one.ratio > 0 for one in found.parts)
    assert found.stages[FEATURES] > 0 and found.stages[TRAINING] > 0 and found.photos == 192
    assert stored_speed(registry) == found and registry.runs() == []
    (home,) = homes
    assert not home.exists() and not supervisor_status(Settings(home=home)).running
