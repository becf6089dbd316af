"""Forecasts made again from what a registry has: ``python -m tests.bench.bench_forecast_replay HOME [HOME ...]``.

Every launch of which at least one run finished is forecast again by the rules of this version, from what the model of
speeds expected then (``seconds_model``) and the launches that had ended before. So rules of correction and range can be
compared on the same runs, without training anything: HOMEs are those of ``bench_forecast`` (with its HOME) or of real
use. Left out of the figures: the first nine runs of a home and runs from before a speed was measured, which no rule of
correction can know. Printed for each rule: how many were within 20 % (wanted: 90 %), and inside of the 80 % range
(wanted: 75 to 85 %), and how wide it was (median of high / low).

"CPU" leaves the load of the machine out: the CPU seconds of every run against the median of those of its kind, backbone
and number of epochs before it. What is within 20 % there and not in seconds on the clock, other processes have taken.

"scatter" is what no rule of correction that is the same for all runs of a kind in a home can beat: every run divided by
the median ratio of all others of its kind there, later ones too.
"""

import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np

from core.planning.forecasting import LEAST, WITHIN, Band, ForecastHistory
from core.registry import Registry
from core.runs.forecast import RunForecast
from core.settings import Settings
from core.workbench import Workbench

Correction = Callable[[ForecastHistory, RunForecast], float]
"""A factor of what the model expects, from the runs that ended before."""


@dataclass(frozen=True, kw_only=True)
class Replayed:
    """One run with the forecast that a rule makes: measured / forecast, and the range around 1."""

    run: RunForecast
    ratio: float
    band: Band | None

    @property
    def is_inside(self) -> bool | None:
        return None if self.band is None else self.band.low <= self.ratio <= self.band.high


def main(homes: Sequence[str]) -> None:
    if not homes:
        print("Not run: it needs HOME, as bench_forecast keeps it.")
        return
    registries = {home: Workbench.open(Settings(home=Path(home))).registry for home in homes}
    past = {home: _past(registry) for home, registry in registries.items()}
    for home, runs in past.items():
        print(f"{home}: {len(runs)} runs in {len({one.launch for one in runs})} launches")
        for kind in sorted({one.kind for one in runs}):
            ratios = [one.model_ratio for one in runs if one.kind == kind and one.model_ratio]
            print(f"  {kind}: measured / model, in order: {' '.join(f'{ratio:.2f}' for ratio in ratios)}")
    for name, correction in RULES.items():
        _said(name, [one for runs in past.values() for one in replayed(runs, correction)])
    _said("scatter", [one for runs in past.values() for one in _scatter(runs)])
    _said("CPU", [one for home, runs in past.items() for one in _in_cpu(runs, registries[home])])


def _past(registry: Registry) -> list[RunForecast]:
    """The oldest first."""
    return list(reversed(registry.checked_forecasts(limit=10_000)))


def replayed(runs: Sequence[RunForecast], correction: Correction) -> list[Replayed]:
    """Every run that counts, forecast from those that had ended when it was launched.

    Args:
        runs: of one home, the oldest first.
    """
    found = []
    for number, one in enumerate(runs):
        if number < LEAST or not one.speed_known or not one.model_ratio:
            continue
        ended = [other for other in runs if (other.measured_at or 0) <= one.made_at and other.launch != one.launch]
        history = ForecastHistory(list(reversed(ended)))
        factor = correction(history, one)
        band = history.band(one.kind) if correction is as_it_is else None
        known = band if band is not None and band.is_measured else None
        found.append(Replayed(run=one, ratio=one.model_ratio / factor, band=known))
    return found


def _scatter(runs: Sequence[RunForecast]) -> list[Replayed]:
    kinds = defaultdict(list)
    for one in runs:
        if one.speed_known and one.model_ratio:
            kinds[one.kind].append(one)
    found = []
    for number, one in enumerate(runs):
        others = [other.model_ratio or 1.0 for other in kinds[one.kind] if other is not one]
        if number >= LEAST and one in kinds[one.kind] and others:
            found.append(Replayed(run=one, ratio=(one.model_ratio or 1.0) / median(others), band=None))
    return found


def _in_cpu(runs: Sequence[RunForecast], registry: Registry) -> list[Replayed]:
    costs = registry.costs([one.run_id for one in runs])
    recipes = {run.id: run.recipe for run in registry.runs(limit=10_000)}
    before, found = defaultdict(list), []
    for number, one in enumerate(runs):
        recipe = recipes[one.run_id]
        alike = before[one.kind, recipe.backbone, recipe.hyperparameters.epochs]
        if number >= LEAST and alike:
            found.append(Replayed(run=one, ratio=costs[one.run_id].cpu_seconds / median(alike), band=None))
        alike.append(costs[one.run_id].cpu_seconds)
    return found


def as_it_is(history: ForecastHistory, run: RunForecast) -> float:
    """The rule of this version; the ranges are around its forecasts."""
    return history.correction(run.kind)


def _newest(history: ForecastHistory, _run: RunForecast) -> float:
    return next((one.model_ratio for one in history.past if one.speed_known and one.model_ratio), 1.0)


RULES: dict[str, Correction] = {
    "as the model expected": lambda _history, _run: 1.0,
    "corrected by the newest run of any kind": _newest,
    "corrected (the rule of this version)": as_it_is,
}


def _said(name: str, found: Sequence[Replayed]) -> None:
    if not found:
        print(f"{name}: no run counts")
        return
    off = np.abs([one.ratio - 1 for one in found])
    banded = [one for one in found if one.band is not None]
    text = f"{name}: within 20 % = {(off <= WITHIN).mean():.0%} of {len(found)}, median error = {np.median(off):.0%}"
    if banded:
        inside = np.mean([bool(one.is_inside) for one in banded])
        width = median(one.band.high / one.band.low for one in banded if one.band)
        text += f"; inside = {inside:.0%} of {len(banded)}, high / low = {width:.1f}"
    print(text)


if __name__ == "__main__":
    main(sys.argv[1:])
