"""What a search finds within a budget: ``python -m tests.bench.bench_search [MINUTES] [PHOTOS]``.

Two fresh homes with the same photos (the demo ones, or those of PHOTOS): in one a search with MINUTES (5) of training
time, in the other the preset *Thorough*, whole. Printed for both: training time as Graft records it, wall time, trials,
and the run with the highest validation accuracy, with its test accuracy; of the preset also what its first runs had
found after MINUTES of training. Nothing is chosen by test photos.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

from core.comparison.race import validation_accuracies
from core.planning.presets import Preset
from core.runs.values import Run
from core.searching.search_process import search_status, start_search
from core.searching.values import SearchQuestion
from core.text.units import duration, percent
from core.workbench import Workbench
from tests.bench.homes import ended, open_home


def main(minutes: float = 5.0, photos: str = "demo") -> None:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    print(f"load at the start: {os.getloadavg()[0]:.1f}", flush=True)
    for measure in (_search, _thorough):
        with tempfile.TemporaryDirectory() as folder:
            bench = open_home(Path(folder), photos if photos == "demo" else Path(photos))
            try:
                measure(bench, minutes)
            finally:
                from core import jobs

                jobs.stop_supervisor(bench.settings, now=True)
        print(f"load: {os.getloadavg()[0]:.1f}", flush=True)


def _search(bench: Workbench, minutes: float) -> None:
    dataset, begin = bench.registry.datasets()[0], time.perf_counter()
    start_search(dataset.id, SearchQuestion(minutes=minutes), settings=bench.settings, registry=bench.registry)
    while (status := search_status(dataset.id, settings=bench.settings)).is_active:
        time.sleep(1)
    wall = time.perf_counter() - begin
    print(f"search with {minutes:g} min: {status.message}")
    for one in status.trials:
        print(f"  {one.number} {one.name}: {one.state}, {percent(one.accuracy)}, {duration(one.seconds)} {one.reason}")
    runs = bench.registry.runs_of([one.run_id for one in status.trials])
    _print("search", runs, bench, status.spent, wall)


def _thorough(bench: Workbench, minutes: float) -> None:
    dataset, begin = bench.registry.datasets()[0], time.perf_counter()
    launched = bench.launch_grid(bench.grid_plan(dataset.id, Preset.THOROUGH))
    runs = ended(bench, [run.id for _, run in launched])
    wall = time.perf_counter() - begin
    _print("Thorough, whole", runs, bench, sum(run.wall_seconds or 0.0 for run in runs), wall)
    within, spent = [], 0.0
    for run in sorted(runs, key=lambda one: one.started_at or 0.0):
        spent += run.wall_seconds or 0.0
        if spent <= 60 * minutes:
            within.append(run)
    _print(f"Thorough, first {minutes:g} min", within, bench, sum(run.wall_seconds or 0.0 for run in within), None)


def _print(name: str, runs: list[Run], bench: Workbench, spent: float, wall: float | None) -> None:
    known = validation_accuracies(runs, bench.settings)
    known |= bench.registry.validation_accuracies([run.id for run in runs])
    best = max((run for run in runs if run.id in known), key=lambda run: known[run.id])
    test = percent(best.test_accuracy, (best.test_low, best.test_high))
    print(
        f"{name}: {len(runs)} runs, {duration(spent)} of training{f', {duration(wall)} wall' if wall else ''}; best by "
        f"validation {percent(known[best.id])}, test {test}: {best.name}",
        flush=True,
    )


if __name__ == "__main__":
    main(*([float(sys.argv[1])] if len(sys.argv) > 1 else []), *sys.argv[2:3])
