"""Duration and savings of a plan, estimated from runs measured on this machine."""

import os
from dataclasses import dataclass, replace
from functools import cached_property
from statistics import median

from core.backbones.values import Backbone
from core.datasets.values import Dataset
from core.errors import GraftError
from core.models.lineage import backbone_of, parents_of
from core.planning.decide import Decision, Plan
from core.planning.resources import MemberRun, RecipeInputs, ResourceEstimate, estimate_resources
from core.planning.work import Shared, SharedKind, Work, process_of
from core.recipes.program import program_of
from core.recipes.recipe import Recipe
from core.registry import Registry
from core.runs.values import Cost, Run, Status
from core.settings import Settings

LOOK_BACK = 40
"""Newest finished runs that an estimate looks at."""

COMBINING_SECONDS = 1.0
"""Of an ensemble or a confidence cascade: a few files are read and one is written (measured)."""

START_SECONDS = 8.0
"""Of a trainer process until its first run begins: importing TensorFlow and building the network (measured)."""

ASSUMED = "an assumed speed; nothing was measured on this machine yet"
OTHERS = "runs of other backbones on this machine"
OWN = "runs of this backbone on this machine"


@dataclass(frozen=True, kw_only=True)
class Speed:
    """Model of a run's duration: seconds per unit of work.

    Args:
        forward: per multiply-add of the frozen prefix; training: per multiply-add of the suffix.
        step: per training photo and epoch of the head. fixed: everything independent of the number of photos.
        source: what the values were measured on.
    """

    forward: float
    training: float
    step: float
    fixed: float
    source: str

    def seconds(self, resources: ResourceEstimate) -> float:
        """Duration of a run that needs these resources."""
        computing = self.forward * resources.computing
        return self.fixed + computing + self.training * resources.training + self.step * resources.steps


@dataclass(frozen=True, kw_only=True)
class _Measured:
    """The speed of one finished run; None for kinds of work it did not do."""

    backbone: str
    forward: float | None
    training: float | None
    step: float | None
    fixed: float


class Estimator:
    """Estimates plans; reads the registry once for all of them."""

    def __init__(self, registry: Registry, settings: Settings) -> None:
        self._registry, self._settings = registry, settings

    def estimate(self, plan: Plan, dataset: Dataset) -> Plan:
        """The plan with its resources, duration and savings.

        Raises:
            InvalidInput: the backbone cannot be used this way (for example, it has no such cut).
        """
        if not plan.recipe.backbones:
            return self._combined(plan)
        whole, first = self.resources(plan.recipe, dataset), plan.first_epoch or 1
        rest = whole if first == 1 else self.resources(plan.recipe, dataset, first_epoch=first)
        speed = self._speed(plan.recipe)
        if plan.decision is Decision.REUSED:
            return self._reused(replace(plan, features_stored=whole.stored), speed.seconds(whole))
        seconds = speed.seconds(rest)
        saved = speed.forward * rest.saved + max(0.0, speed.seconds(whole) - speed.seconds(rest))
        return replace(
            plan,
            work=self._work(plan, speed, rest, seconds + saved),
            features_stored=rest.stored,
            disk_bytes=rest.disk_bytes,
            memory_bytes=rest.memory_bytes,
            estimate_seconds=seconds,
            estimate_source=speed.source,
            saves_seconds=saved,
            saves_source="estimated" if saved else "",
        )

    def resources(self, recipe: Recipe, dataset: Dataset, *, first_epoch: int = 1) -> ResourceEstimate:
        """What training the recipe from this epoch on needs.

        Raises:
            InvalidInput, NotFound: as ``estimate``.
        """
        program, sources = program_of(recipe, self.backbone(recipe.backbone).blocks), self.sources(recipe)
        return estimate_resources(
            recipe, program, dataset=dataset, sources=sources, settings=self._settings, first_epoch=first_epoch
        )

    def _work(self, plan: Plan, speed: Speed, resources: ResourceEstimate, alone: float) -> Work:
        start = min(START_SECONDS, speed.fixed)
        return Work(
            process=process_of(plan.dataset_id, plan.recipe),
            start=start,
            shared=tuple(
                Shared(
                    key=load.key,
                    kind=SharedKind.FEATURES,
                    seconds=speed.forward * load.multiply_adds,
                    bytes=load.bytes,
                    stored=load.stored,
                )
                for load in resources.loads
            ),
            own=speed.seconds(resources) - speed.forward * resources.computing - start,
            alone=alone,
        )

    def backbone(self, name: str) -> Backbone:
        """``lineage.backbone_of``, cached."""
        if name not in self._backbones:
            self._backbones[name] = backbone_of(name, self._registry, self._settings)
        return self._backbones[name]

    @cached_property
    def _backbones(self) -> dict[str, Backbone]:
        return {}

    def sources(self, recipe: Recipe) -> RecipeInputs:
        """The backbones and runs that a recipe uses."""
        return RecipeInputs(
            backbones={name: self.backbone(name) for name in recipe.backbones},
            runs={run: self._member(run) for run in recipe.runs},
        )

    def _member(self, run_id: str) -> MemberRun:
        model, cost = self._registry.model(run_id), self._registry.cost(run_id)
        return MemberRun(
            digest=model.answers_sha256,
            classes=len(model.card.get("class_names", ())),
            multiply_adds=cost.multiply_adds if cost else 0,
        )

    def _combined(self, plan: Plan) -> Plan:
        if plan.decision is Decision.REUSED:
            return self._reused(replace(plan, features_stored=True), COMBINING_SECONDS)
        return replace(
            plan,
            features_stored=True,
            work=Work(process="", start=0.0, shared=(), own=COMBINING_SECONDS, alone=COMBINING_SECONDS),
            estimate_seconds=COMBINING_SECONDS,
            estimate_source="stored probabilities are combined; nothing is trained",
        )

    def _reused(self, plan: Plan, otherwise: float) -> Plan:
        """The savings of a finished run are measured (its cost as if alone), those of an unfinished one estimated."""
        cost = self._registry.cost(plan.run_id) if plan.run_id else None
        measured = cost.alone_wall_seconds if cost else None
        return replace(
            plan,
            estimate_seconds=0.0,
            estimate_source="nothing is trained",
            saves_seconds=otherwise if measured is None else measured,
            saves_source="estimated" if measured is None else "measured",
        )

    # --- speed of this machine: measured with this backbone, else with others, else assumed ---

    def _speed(self, recipe: Recipe) -> Speed:
        own = [one for one in self._measured if one.backbone == recipe.backbone]
        known = own or self._measured
        if not known:
            return _assumed()
        source = OWN if own else OTHERS
        assumed = _assumed()

        def typical(name: str) -> float:
            """Median over runs of this backbone, else over all runs, else the assumed value."""
            for group in (known, self._measured):
                values = [getattr(one, name) for one in group if getattr(one, name) is not None]
                if values:
                    return float(median(values))
            return float(getattr(assumed, name))

        return Speed(
            forward=typical("forward"),
            training=typical("training"),
            step=typical("step"),
            fixed=typical("fixed"),
            source=source,
        )

    @cached_property
    def _measured(self) -> list[_Measured]:
        finished = self._registry.runs(status=Status.FINISHED, limit=5 * LOOK_BACK)
        runs = [run for run in finished if not run.extends and run.recipe.backbones][:LOOK_BACK]
        costs = self._registry.costs([run.id for run in runs])
        datasets = {dataset.id: dataset for dataset in self._registry.datasets()}
        found = [self._parts(run, costs[run.id], datasets[run.dataset_id]) for run in runs if run.id in costs]
        return [one for one in found if one is not None]

    def _parts(self, run: Run, cost: Cost, dataset: Dataset) -> _Measured | None:
        """The cost of features as if alone is divided by all multiply-adds of the frozen part."""
        try:
            resources = self.resources(run.recipe, dataset)
        except GraftError:  # its backbone was deleted or cannot be read
            return None
        features, training = cost.stages.get("Computing features", 0.0), cost.stages.get("Training", 0.0)
        if cost.alone_wall_seconds is None:
            return None
        reused = 0.0 if parents_of(run.recipe) else cost.alone_wall_seconds - cost.wall_seconds  # else theirs are in it
        done = run.epochs_done / run.recipe.hyperparameters.epochs if run.recipe.is_trained else 1.0
        computed, trained = resources.computing + resources.saved, resources.training * done
        return _Measured(
            backbone=run.recipe.backbone,
            forward=_ratio(features + reused, computed),
            training=_ratio(training, trained),
            step=_ratio(training, resources.steps * done) if not trained else None,
            fixed=cost.wall_seconds - features - training,
        )


def _ratio(seconds: float, work: float) -> float | None:
    return seconds / work if work > 0 and seconds > 0 else None


def _assumed() -> Speed:
    """Used until something was measured: the speed of a common CPU core of 2022."""
    cores = len(os.sched_getaffinity(0))
    return Speed(forward=1 / (15e9 * cores), training=1 / (12e9 * cores), step=0.0002, fixed=20.0, source=ASSUMED)
