"""What the newest finished runs of this machine took, part by part, relative to the model in ``speed``."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from weakref import WeakKeyDictionary

from core.datasets.values import Dataset
from core.errors import GraftError
from core.features.engines import engine_path
from core.models.lineage import parents_of
from core.planning import speed
from core.planning.in_memory import kept_by
from core.planning.lookup import RecipeLookup
from core.planning.resources import ResourceEstimate
from core.planning.speed import Measurement, RunPart
from core.recipes.program import PREDICTIONS, Part, Program, block_of_cut
from core.registry import Registry
from core.runs.costs import FULL_COSTS, OVERLAP, SOLVER_START, TRAINER_START
from core.runs.stages import FEATURES, OPTIMISING, TRAINING
from core.runs.values import Cost, Run, Status

LOOK_BACK = 40
"""Newest finished runs that an estimate looks at."""

_OF_NETWORKS = ("network ", "saved network ", "timed networks ")
"""Beginnings of the names of what a trainer does once for a frozen network (``core.training.cache``)."""

_LEAST = 0.05
"""Seconds; a shorter time says nothing about a speed."""


def measurements(lookup: RecipeLookup) -> list[Measurement]:
    """Of the newest finished runs that were trained in one attempt and extend no other, the newest first."""
    finished = lookup.registry.runs(status=Status.FINISHED, limit=5 * LOOK_BACK)
    runs = [run for run in finished if not run.extends and run.recipe.backbones and run.attempt <= 1][:LOOK_BACK]
    known = _known.setdefault(lookup.registry, {})
    new = [run for run in runs if run.id not in known]
    if new:
        ids = [run.id for run in new]
        costs, spent = lookup.registry.costs(ids), lookup.registry.spent_by_run(ids)
        datasets = {dataset.id: dataset for dataset in lookup.registry.datasets()}
        for run in (run for run in new if run.id in costs):
            dataset = datasets[run.dataset_id]
            known[run.id] = tuple(_of_run(run, costs[run.id], spent.get(run.id, []), dataset, lookup))
    return [one for run in runs for one in known.get(run.id, ())]


_known: WeakKeyDictionary[Registry, dict[str, tuple[Measurement, ...]]] = WeakKeyDictionary()
"""By run id: what a finished run took does not change."""


def _of_run(
    run: Run, cost: Cost, attempts: Iterable[Mapping[str, Any]], dataset: Dataset, lookup: RecipeLookup
) -> Iterator[Measurement]:
    try:
        measured = _MeasuredRun(run, cost, next(iter(attempts), {}), dataset, lookup)
    except GraftError:  # its backbone was deleted or cannot be read
        return
    yield from measured.parts()


class _MeasuredRun:
    """One run with the cost of everything it did.

    Runs before 0.5.0 recorded no cost of single features and exports: of these the whole stage is compared.
    """

    def __init__(
        self, run: Run, cost: Cost, attempt: Mapping[str, Any], dataset: Dataset, lookup: RecipeLookup
    ) -> None:
        self._run, self._cost, self._lookup = run, cost, lookup
        self._full, self._paid = _seconds(attempt.get(FULL_COSTS, {})), _seconds(attempt.get("paid", {}))
        self._overlap = float(attempt.get(OVERLAP, 0.0))
        self._start_cpu = attempt.get(FULL_COSTS, {}).get(TRAINER_START, {}).get("cpu_seconds", 0.0)
        self._program: Program = lookup.program(run.recipe)
        self._resources: ResourceEstimate = lookup.resources(run.recipe, dataset)
        self._kind = speed.kind_of(run.recipe)

    def parts(self) -> Iterator[Measurement]:
        once = [*self._start(), *self._networks(), *self._exports(), *self._features()]
        return (one for one in [*once, *self._training(), *self._rest()] if one is not None)

    def _one(
        self, part: RunPart, seconds: float, modelled: float, kind: str = "", source: str = ""
    ) -> Measurement | None:
        if seconds < _LEAST or modelled <= 0:
            return None
        return Measurement(part=part, backbone=source or self._run.recipe.backbone, kind=kind, ratio=seconds / modelled)

    def _start(self) -> Iterator[Measurement | None]:
        seconds = self._full.get(TRAINER_START)
        if seconds is not None:
            if self._overlap and self._start_cpu:  # beside a pass over photos the import, of one thread, takes longer
                seconds = min(seconds, self._start_cpu)
            yield self._one(RunPart.START, seconds, speed.START_SECONDS)
        library = self._full.get(SOLVER_START)
        if library is not None:
            yield self._one(RunPart.LIBRARY, library, speed.LIBRARY_SECONDS)

    def _networks(self) -> Iterator[Measurement | None]:
        """Of a run with frozen networks, and what its process does once for them."""
        kept = kept_by(self._run.recipe, self._lookup)
        blocks = sum(one.blocks for one in {one.key: one for one in kept}.values())
        seconds = sum(cost for name, cost in self._full.items() if name.startswith(_OF_NETWORKS))
        yield self._one(RunPart.NETWORK, seconds, speed.network_seconds(blocks))

    def _exports(self) -> Iterator[Measurement | None]:
        for part in dict.fromkeys(load.part for load in self._resources.loads if load.part.cut != PREDICTIONS):
            backbone = self._lookup.backbones(self._run.recipe)[part.source]
            seconds = self._full.get(engine_path(backbone, self._lookup.settings, part.cut).name)
            if seconds is not None:
                blocks = blocks_below(part, self._lookup)
                yield self._one(RunPart.EXPORT, seconds, speed.export_seconds(blocks), part.cut, part.source)

    def _features(self) -> Iterator[Measurement | None]:
        loads = self._resources.loads
        single = [load for load in loads if load.key in self._full]
        for load in single:
            modelled = speed.features_seconds(load.photos, load.multiply_adds)
            yield self._one(RunPart.FEATURES, self._full[load.key], modelled, load.part.cut, load.part.source)
        if not self._full and loads:
            alone = self._cost.alone_wall_seconds
            reused = 0.0 if alone is None or parents_of(self._run.recipe) else alone - self._cost.wall_seconds
            modelled = sum(speed.features_seconds(load.photos, load.multiply_adds) for load in loads)
            yield self._one(
                RunPart.FEATURES, self._cost.stages.get(FEATURES, 0.0) + reused, modelled, loads[0].part.cut
            )

    def _training(self) -> Iterator[Measurement | None]:
        hp, resources = self._run.recipe.hyperparameters, self._resources
        done = self._run.epochs_done / hp.epochs if self._run.recipe.is_trained else 1.0
        modelled = speed.training_seconds(
            self._program,
            head_work=resources.head_work * done,
            rows=resources.rows,
            multiply_adds=resources.training * done,
        )
        yield self._one(RunPart.TRAINING, self._cost.stages.get(TRAINING, 0.0), modelled, self._kind)

    def _rest(self) -> Iterator[Measurement | None]:
        """Everything that is not in another part."""
        stages = self._cost.stages
        if self._full:
            other = sum(self._paid.values()) - self._overlap + stages.get(TRAINING, 0.0)
        else:
            other = sum(stages.get(name, 0.0) for name in (OPTIMISING, FEATURES, TRAINING))
        seconds, start = self._cost.wall_seconds - other, speed.START_SECONDS
        if not self._full and seconds > start:  # a process was started for it
            seconds -= start
        yield self._one(RunPart.REST, seconds, speed.rest_seconds(self._program), self._kind)


def blocks_below(part: Part, lookup: RecipeLookup) -> int:
    """Number of blocks up to a cut."""
    backbone = lookup.backbone(part.source)
    block = block_of_cut(part.cut)
    return len(backbone.blocks) if block is None else backbone.blocks.index(block) + 1


def _seconds(costs: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    return {name: cost["wall_seconds"] for name, cost in costs.items()}
