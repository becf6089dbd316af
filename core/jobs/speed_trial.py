"""Measuring the speed of this machine: one small run in a home of its own, which takes at most a minute.

The run does what every run does (starting a trainer, exporting an engine, decoding photos, computing features, training
a head, saving, evaluating) on the demo photos with a network that is part of Graft, so its parts are measured by the
code that measures every run. Only what it took is kept.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from core.errors import Cancelled, Conflict, GraftError, Unavailable
from core.files import atomic
from core.files.folders import JobFolder
from core.files.home import speed_job
from core.jobs.background import DEMO, JobState, ask_to_stop, main, start_unless_alive, status_after, status_of
from core.jobs.control import ensure_supervisor, stop_supervisor
from core.jobs.imports import run_import
from core.people.acting import SERVER, Role, acting_as, require
from core.planning.hardware import hardware
from core.planning.lookup import RecipeLookup
from core.planning.machine_speed import PREFERENCE, MachineSpeed
from core.planning.measured import measurements
from core.planning.plan import Planner
from core.recipes.defaults import usual_for
from core.recipes.patterns import Pattern
from core.recipes.recipe import Recipe
from core.registry import Registry
from core.runs.values import Run, Status
from core.settings import Settings

MODULE = "core.jobs.speed_trial"
BACKBONE = "squeezenet"
LIMIT_SECONDS = 60.0
_POLL_SECONDS = 0.1

Stopped = Callable[[], bool]


def start_trial(settings: Settings, registry: Registry) -> None:
    """Measure this machine in the background; a measurement that runs is left alone.

    Raises:
        Forbidden: the acting person is no trainer. Conflict: runs are being trained.
    """
    require(Role.TRAINER, "Measuring this machine")
    _refuse_beside_runs(registry)
    start_unless_alive(MODULE, speed_job(settings), {}, settings)


def cancel_trial(settings: Settings) -> None:
    """Make it stop."""
    require(Role.TRAINER, "Stopping the measurement")
    ask_to_stop(speed_job(settings))


def trial_state(settings: Settings) -> JobState:
    """How far it is, or how the last one ended."""
    return JobState(**status_of(speed_job(settings), "measurement", left="nothing was kept"))


def measured_speed(settings: Settings, registry: Registry, stopped: Stopped = lambda: False) -> MachineSpeed:
    """Train one small run in a home of its own, and keep what it took in the registry.

    Raises:
        Conflict: runs are being trained, whose load would be measured too.
        Unavailable: it took longer than ``LIMIT_SECONDS``, or failed. Cancelled: ``stopped`` returned True.
    """
    require(Role.TRAINER, "Measuring this machine")
    _refuse_beside_runs(registry)
    with TemporaryDirectory(prefix="graft-speed-", ignore_cleanup_errors=True) as folder, acting_as(SERVER):
        found = _trial(Settings(home=Path(folder)), stopped)
        registry.set_preference(PREFERENCE, found.to_json())
    return found


def _refuse_beside_runs(registry: Registry) -> None:
    if registry.running_attempts():
        raise Conflict(
            "Runs are being trained; their load would be measured too. Measure the machine once they have ended."
        )


def _trial(home: Settings, stopped: Stopped) -> MachineSpeed:
    begin, registry = time.monotonic(), Registry.of(home)
    try:
        dataset, _ = run_import(DEMO, settings=home, registry=registry)
        planner = Planner(dataset, registry, home)
        hyperparameters = usual_for(
            dataset, Pattern.INTEGRATED_EXTRACTOR, RecipeLookup(registry, home).backbone(BACKBONE)
        )
        plan = planner.plan(Recipe(backbone=BACKBONE, hyperparameters=hyperparameters))
        run = Run(
            id="r-speed",
            dataset_id=dataset.id,
            recipe=plan.recipe,
            fingerprint=plan.fingerprint,
            name=plan.name,
            status=Status.SCHEDULED,
            created_at=time.time(),
        )
        registry.add_run(run)
        ensure_supervisor(home)
        ended = _ended(registry, run.id, lambda: time.monotonic() - begin, stopped)
        cost = registry.cost(ended.id)
        if ended.status is not Status.FINISHED or cost is None:
            raise Unavailable(f"The trial run failed: {ended.reason or ended.status} Nothing was kept.")
        return MachineSpeed(
            machine=hardware(),
            measured_at=time.time(),
            seconds=time.monotonic() - begin,
            parts=tuple(measurements(RecipeLookup(registry, home))),
            stages=cost.stages,
            photos=dataset.photo_count,
        )
    finally:
        with suppress(GraftError):
            stop_supervisor(home, now=True)
        registry.close()


def _ended(registry: Registry, run_id: str, elapsed: Callable[[], float], stopped: Stopped) -> Run:
    while not (run := registry.run(run_id)).status.ended:
        if stopped():
            raise Cancelled("The measurement was cancelled.")
        if elapsed() > LIMIT_SECONDS:
            raise Unavailable(
                f"The trial run did not end within {LIMIT_SECONDS:.0f} seconds, so nothing was kept. Measure again "
                "when the machine is less busy; until then speeds are assumed."
            )
        time.sleep(_POLL_SECONDS)
    return run


# --- the background process ---


def _background(_job: str, settings: Settings, stopped: Stopped = lambda: False) -> None:
    """What the background process does, until ``stopped`` returns True."""
    folder: JobFolder = speed_job(settings)
    outcome = status_after(lambda: _keep(settings, lambda: stopped() or folder.cancel.exists()))
    with suppress(OSError):
        atomic.write_json(folder.status, outcome)


def _keep(settings: Settings, stopped: Stopped) -> None:
    measured_speed(settings, Registry.of(settings), stopped)


if __name__ == "__main__":
    main(MODULE, _background)
