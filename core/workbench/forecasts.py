"""Forecasts of what is launched: how far off earlier ones were, and the new ones, stored before the runs start."""

import secrets
import time
from collections.abc import Sequence
from contextlib import suppress
from statistics import median

from core import jobs
from core.errors import GraftError, InvalidInput
from core.jobs.reuse import waiting_trainers
from core.planning.decide import Decision, Plan
from core.planning.forecasting import ASSUMED, Band, Basis, ForecastHistory
from core.planning.grid_plan import grid_plan, is_forecast
from core.planning.hardware import hardware
from core.planning.in_memory import memory_after
from core.planning.lookup import RecipeLookup
from core.planning.measured import LOOK_BACK
from core.planning.plan import Planner
from core.planning.speed import ASSUMED as ASSUMED_SPEED
from core.planning.speed import kind_of
from core.planning.work import BusySlot, process_of
from core.runs.forecast import RunForecast
from core.runs.values import Run, Status
from core.workbench.needs import Needing


class Forecasting(Needing):
    """How far off forecasts were, and what is forecast now."""

    def forecast_history(self) -> ForecastHistory:
        """The compared forecasts of this machine, the newest first."""
        past = self.registry.checked_forecasts(machine())
        return ForecastHistory(past, watts=self._watts(past))

    def _planner(self, dataset: str) -> Planner:
        history, waiting = self.forecast_history(), self._waiting()
        here = (self.registry.dataset(dataset), self.registry, self.settings)
        return Planner(*here, history, waiting, self._largest_memory())

    def _waiting(self) -> list[BusySlot]:
        """Trainers that wait for a run: one of the same photos and backbone starts there at once."""
        lookup = RecipeLookup(self.registry, self.settings)
        return [
            BusySlot(
                left=0.0,
                process=process_of(runs[-1].dataset_id, runs[-1].recipe),
                memory=frozenset(memory_after([run.recipe for run in runs], lookup).items()),
            )
            for runs in waiting_trainers(self.registry, time.time())
        ]

    def _watts(self, past: Sequence[RunForecast]) -> float | None:
        """Median power of the newest runs whose energy was measured."""
        found = [
            one.measured_energy_joules / one.measured_seconds
            for one in past
            if one.measured_energy_joules is not None and one.measured_seconds
        ]
        if not past:  # runs from before forecasts were stored
            runs = self.registry.runs(status=Status.FINISHED, limit=LOOK_BACK)
            costs = self.registry.costs([run.id for run in runs]).values()
            found = [one.energy_joules / one.wall_seconds for one in costs if one.energy_joules and one.wall_seconds]
        return float(median(found[:LOOK_BACK])) if found else None

    def _store_forecasts(self, launched: Sequence[tuple[Plan, Run]], waiting: Sequence[BusySlot]) -> None:
        """Store what is expected of these runs, which were launched together.

        Reused runs take nothing and are left out; of a resumed or extended one only what is left is expected.

        Args:
            waiting: trainers that waited before the first of them was in the queue. Such a trainer takes the run within
                milliseconds and waits no more, so looking now would expect a new process.
        """
        ahead = [(plan, run) for plan, run in launched if plan.decision is not Decision.REUSED and is_forecast(plan)]
        if not ahead:
            return
        together = grid_plan([plan for plan, _ in ahead], free_slots(), self.forecast_history(), waiting)
        launch, now, name = f"l-{secrets.token_hex(4)}", time.time(), machine()
        made = [
            _forecast(plan, run, launch, name, now)
            for plan, (_, run) in zip(together.plans, ahead, strict=True)
            if not run.status.ended
        ]
        with suppress(GraftError):  # a run was deleted meanwhile; a launch never fails because of its forecast
            self.registry.add_forecasts(made)


def _forecast(plan: Plan, run: Run, launch: str, machine: str, now: float) -> RunForecast:
    assumed = Band(low=ASSUMED[0], high=ASSUMED[1], compared=0, basis=Basis.NOTHING)
    band, memory = plan.band or assumed, plan.memory_band or assumed
    low, high = band.of(plan.estimate_seconds)
    least, most = memory.of(plan.memory_bytes)
    joules, ends = plan.energy_joules, (None, None)
    energy = ends if joules is None or plan.energy_band is None else plan.energy_band.of(joules)
    return RunForecast(
        run_id=run.id,
        attempt=run.attempt + 1,
        launch=launch,
        kind=kind_of(plan.recipe),
        machine=machine,
        made_at=now,
        seconds=plan.estimate_seconds,
        seconds_low=low,
        seconds_high=high,
        seconds_model=plan.estimate_seconds / plan.correction,
        speed_known=plan.estimate_source != ASSUMED_SPEED,
        memory_bytes=plan.memory_bytes,
        memory_low=least,
        memory_high=most,
        disk_bytes=plan.disk_bytes,
        energy_joules=joules,
        energy_low=energy[0],
        energy_high=energy[1],
        compared=band.compared if band.is_measured else 0,
    )


def free_slots() -> int:
    """Trainers that can run at once; 1 where GRAFT_GPUS names GPUs that are not there, so that none can start."""
    try:
        return len(jobs.discover_slots())
    except InvalidInput:
        return 1


def machine() -> str:
    """This machine in forecasts, with the GPUs that train runs."""
    try:
        slots = jobs.discover_slots()
    except InvalidInput:
        slots = ()
    return hardware([slot.title for slot in slots if slot.is_gpu])
