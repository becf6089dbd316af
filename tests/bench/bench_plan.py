"""The plan of a launch against the truth: ``python -m tests.bench.bench_plan``.

Three small grids on the demo photos, each in a home of its own without history, then a second one of other seeds or
recipes in the same home, with history. The ratio is the time from the launch to the end of the last run, divided by the
planned time. Wanted: within a factor of 1.5 without history and 1.2 with. Other load makes the first too large;
"waiting" is how much longer than its CPU time one thread takes: at most 1.5 (three threads on two cores) without any.
Without history the plan is also compared in CPU seconds, in which its model is calibrated (decision 4) and which other
load changes little; ``GRAFT_BENCH_PARTS=1`` prints them part by part.
"""

import os
import tempfile
import threading
import time
from collections.abc import Mapping
from typing import NamedTuple

from core import jobs
from core.planning.decide import Decision
from core.planning.grid_plan import GridPlan
from core.planning.speed import SPAWN_SECONDS, cores
from core.planning.work import SharedKind
from core.recipes.grid import CascadeChoice, GridChoice
from core.recipes.patterns import Cascade, Pattern
from core.runs.costs import FULL_COSTS
from core.text.units import duration
from core.workbench import Workbench
from tests.bench.homes import open_home

LITE0, LITE1 = "efficientnet_lite0", "efficientnet_lite1"
FROZEN, SKLEARN, TUNING = Pattern.INTEGRATED_EXTRACTOR, Pattern.STANDALONE_EXTRACTOR, Pattern.FINE_TUNING
CLASSIFIER, CASCADE = Pattern.CLASSIFIER, Pattern.CASCADE


class Grid(NamedTuple):
    """What is launched first, and then with history."""

    name: str
    first: GridChoice
    then: GridChoice


def seeds(*patterns: Pattern, seed: int) -> Mapping[Pattern, dict]:
    return {pattern: {"seed": seed} for pattern in patterns}


GRIDS = (
    Grid(
        "one backbone, three patterns; then other seeds",
        GridChoice.product([LITE0], [FROZEN, SKLEARN, CLASSIFIER]),
        GridChoice.product([LITE0], [FROZEN, SKLEARN], settings=seeds(FROZEN, SKLEARN, seed=5), repetitions=2),
    ),
    Grid(
        "two backbones; then other learning rates and a fusion",
        GridChoice.product([LITE0, LITE1], [FROZEN], repetitions=2),
        GridChoice.product(
            [LITE0, LITE1], [FROZEN], settings={FROZEN: {"learning_rate": 3e-3, "epochs": 60}},
            cascade=CascadeChoice(kind=Cascade.FUSION, members=(LITE0, LITE1)),
        ),
    ),
    Grid(
        "fine-tuning; then deeper",
        GridChoice.product([LITE0], [TUNING], settings={TUNING: {"epochs": 8, "head_epochs": 2, "views": 2}}),
        GridChoice.product(
            [LITE0], [TUNING], settings={TUNING: {"epochs": 8, "head_epochs": 2, "views": 2}},
            depths={TUNING: (3,)}, repetitions=2,
        ),
    ),
)  # fmt: skip


class Waiting:
    """How much longer than its CPU time one thread takes because others use the cores, measured twice a second:
    ``with Waiting() as waiting: ...; waiting.factor``."""

    def __enter__(self) -> "Waiting":
        self._wall = self._cpu = 0.0
        self._over = threading.Event()
        threading.Thread(target=self._watch, daemon=True).start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._over.set()

    def _watch(self) -> None:
        while not self._over.wait(0.5):
            wall, cpu = time.perf_counter(), time.thread_time()
            while time.thread_time() - cpu < 0.02:
                sum(range(1000))
            self._wall += time.perf_counter() - wall
            self._cpu += time.thread_time() - cpu

    @property
    def factor(self) -> float:
        return self._wall / self._cpu if self._cpu else 1.0


def main() -> None:
    ratios: dict[str, list[float]] = {"without history": [], "with history": []}
    of_cpu: list[float] = []
    for grid in GRIDS:
        with tempfile.TemporaryDirectory() as folder:
            bench = open_home(folder, "demo")
            for history, choice in zip(ratios, (grid.first, grid.then), strict=True):
                ratio, cpu = _launched(bench, choice, f"{grid.name}, {history}")
                ratios[history].append(ratio)
                of_cpu += [cpu] if history == "without history" else []
            jobs.stop_supervisor(bench.settings)
    for (history, found), limit in zip(ratios.items(), (1.5, 1.2), strict=True):
        worst = max(max(one, 1 / one) for one in found)
        shown = ", ".join(f"{one:.2f}" for one in found)
        print(f"{history}: measured / planned: {shown}; worst factor = {worst:.2f} (wanted: at most {limit})")
    print("without history, CPU seconds: measured / planned: " + ", ".join(f"{one:.2f}" for one in of_cpu))


def _launched(bench: Workbench, choice: GridChoice, name: str) -> tuple[float, float]:
    """Measured divided by planned seconds, and the same of CPU seconds."""
    dataset = bench.registry.datasets()[0]
    plan = bench.grid_plan(dataset.id, choice)
    assert set(plan.counts) == {Decision.NEW}, plan.counts
    with Waiting() as waiting:
        begin = time.perf_counter()
        runs = [run for _, run in bench.launch_grid(plan)]
        while not all(bench.registry.run(run.id).status.ended for run in runs):
            time.sleep(0.1)
        seconds = time.perf_counter() - begin
    planned_cpu = cpu_seconds(plan)
    measured_cpu = sum(cost.cpu_seconds for cost in bench.registry.costs([run.id for run in runs]).values())
    print(
        f"{name}: {plan.sentence}. Planned {duration(plan.seconds)}, measured {duration(seconds)}: "
        f"ratio = {seconds / plan.seconds:.2f} (waiting {waiting.factor:.2f}); CPU {planned_cpu:.1f} s planned, "
        f"{measured_cpu:.1f} s measured",
        flush=True,
    )
    if os.environ.get("GRAFT_BENCH_PARTS"):
        _print_parts(bench, plan, runs)
    return seconds / plan.seconds, measured_cpu / planned_cpu


def cpu_seconds(plan: GridPlan) -> float:
    """CPU seconds of a plan without history: a pass over photos uses all cores, everything else one."""
    processes = len({one.work.process for one in plan.to_do if one.work})
    passes = plan.shared_seconds.get(SharedKind.FEATURES, 0.0)
    return plan.seconds - processes * SPAWN_SECONDS + passes * (0.9 * cores() - 1)


def _print_parts(bench: Workbench, plan, runs) -> None:
    """Planned and measured seconds of every run, to see which part of the model is wrong."""
    for planned, run in zip(plan.to_do, runs, strict=True):
        cost = bench.registry.cost(run.id)
        stages = {name: round(seconds, 1) for name, seconds in cost.stages.items()} if cost else {}
        spent = f"{cost.wall_seconds:.1f} s, CPU {cost.cpu_seconds:.1f} s" if cost else "unknown"
        missing = [one for one in planned.work.shared if not one.stored]
        shared = {str(kind): round(sum(one.seconds for one in missing if one.kind is kind), 1) for kind in SharedKind}
        print(
            f"    {run.name}: planned {planned.estimate_seconds:.1f} s (start {planned.work.start:.1f}, {shared}, "
            f"own {planned.work.own:.1f}), measured {spent} {stages}",
            flush=True,
        )
        for attempt in bench.registry.spent_by_run([run.id]).get(run.id, ()):
            full = {name: (round(one["wall_seconds"], 1), round(one["cpu_seconds"], 1))
                    for name, one in attempt.get(FULL_COSTS, {}).items()}  # fmt: skip
            print(f"        wall and CPU: {full}", flush=True)


if __name__ == "__main__":
    main()
