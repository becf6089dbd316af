"""Forecasts against the truth: ``python -m tests.bench.bench_forecast [ROUNDS [HOME]]`` (8).

Small real runs on the demo photos in a new home: in every round four launches (heads and scikit-learn classifiers on
three backbones, and a short fine-tuning) with another seed. Printed: how many forecasts were within 20 % (wanted: 90 %)
and how many runs lay inside of the 80 % band from history (wanted: 75 to 85 %), also for the launches as a whole. Both
need history, so the first nine runs are counted apart. "waiting" is as in ``bench_plan``: with other load every
forecast is worse. With HOME, which must be new, its registry stays for ``bench_forecast_replay``.
"""

import sys
import tempfile
import time
from collections.abc import Iterator

from core import jobs
from core.planning.forecasting import LEAST, error_of
from core.planning.grid_plan import GridPlan
from core.recipes.grid import GridChoice
from core.recipes.patterns import Pattern
from core.text.units import duration
from core.workbench import Workbench
from tests.bench.bench_plan import Waiting
from tests.bench.homes import ended, open_home

HEAD, SKLEARN, TUNING = Pattern.INTEGRATED_EXTRACTOR, Pattern.STANDALONE_EXTRACTOR, Pattern.FINE_TUNING
LITE0, MOBILENET, SQUEEZENET = "efficientnet_lite0", "mobilenet_v1", "squeezenet"


def choices(seed: int) -> Iterator[GridChoice]:
    """The launches of a round; nothing of an earlier round is reused but features and engines."""
    yield GridChoice.product([LITE0], [HEAD, SKLEARN], settings=_with(seed, HEAD, SKLEARN))
    yield GridChoice.product([MOBILENET], [HEAD], settings=_with(seed, HEAD))
    yield GridChoice.product([SQUEEZENET], [HEAD, SKLEARN], settings=_with(seed, HEAD, SKLEARN))
    short = {TUNING: {"epochs": 4, "head_epochs": 2, "seed": seed}}
    yield GridChoice.product([LITE0], [TUNING], settings=short)


def _with(seed: int, *patterns: Pattern) -> dict[Pattern, dict]:
    return {pattern: {"seed": seed} for pattern in patterns}


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 8
    if len(sys.argv) > 2:
        _measure(sys.argv[2], rounds)
        return
    with tempfile.TemporaryDirectory() as folder:
        _measure(folder, rounds)


def _measure(folder: str, rounds: int) -> None:
    launches: list[tuple[GridPlan, float]] = []
    bench = open_home(folder, "demo")
    with Waiting() as waiting:
        for seed in range(rounds):
            launches += [_launched(bench, choice) for choice in choices(seed)]
    jobs.stop_supervisor(bench.settings)
    _report(bench, launches)
    print(f"waiting {waiting.factor:.2f}")


def _launched(bench: Workbench, choice: GridChoice) -> tuple[GridPlan, float]:
    plan = bench.grid_plan(bench.registry.datasets()[0].id, choice)
    begin = time.perf_counter()
    runs = ended(bench, [run.id for _, run in bench.launch_grid(plan)])
    seconds = time.perf_counter() - begin
    for run in runs:
        (one,) = bench.registry.forecasts_of([run.id])[run.id]
        print(
            f"{run.name}: expected {duration(one.seconds)} ({one.seconds_low:.1f} to {one.seconds_high:.1f} s, from "
            f"{one.compared}), took {duration(one.measured_seconds)}: ratio = {one.ratio:.2f}, "
            f"memory ratio = {one.memory_ratio:.2f}",
            flush=True,
        )
    return plan, seconds


def _report(bench: Workbench, launches: list[tuple[GridPlan, float]]) -> None:
    oldest = list(reversed(bench.registry.checked_forecasts()))
    for name, found in (("the first nine runs", oldest[:LEAST]), ("the others", oldest[LEAST:])):
        error = error_of(found)
        if error is not None:
            inside = "" if error.inside is None else f", inside = {error.inside:.2f} of {error.banded}"
            print(
                f"{name}: {error.runs} runs, median error = {error.typical:.2f}, "
                f"within 20 % = {error.within:.2f}{inside}"
            )
    banded = [(plan, seconds) for plan, seconds in launches if plan.band and plan.band.is_measured]
    if banded:
        held = [low <= seconds <= high for plan, seconds in banded for low, high in [plan.band.of(plan.seconds)]]
        print(f"launches: {len(held)} with a band, inside = {sum(held) / len(held):.2f}")


if __name__ == "__main__":
    main()
