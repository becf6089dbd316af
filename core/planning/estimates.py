"""Duration and savings of a plan, estimated from runs measured on this machine."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property, partial

from core.backbones import availability
from core.backbones.values import Availability
from core.datasets.values import Dataset
from core.features.engines import engine_path, needs_export
from core.planning import speed
from core.planning.copied_rows import CopiedRows
from core.planning.decide import Decision, Plan
from core.planning.in_memory import kept_by
from core.planning.lookup import RecipeLookup
from core.planning.machine_speed import stored_speed
from core.planning.measured import blocks_below, measurements
from core.planning.resources import FeatureLoad, ResourceEstimate
from core.planning.speed import RunPart, Speeds, kind_of
from core.planning.work import Shared, SharedKind, Work, process_of
from core.recipes.hyperparameters import Precision
from core.recipes.patterns import Pattern
from core.recipes.program import PREDICTIONS
from core.recipes.recipe import Recipe

_DOWNLOAD_BYTES_PER_SECOND = 5e6
"""Assumed of the network."""


class Estimator(RecipeLookup):
    """Estimates plans; reads the registry once for all of them."""

    def estimate(self, plan: Plan, dataset: Dataset) -> Plan:
        """The plan with its resources, duration and savings.

        Raises:
            InvalidInput: the backbone cannot be used this way (for example, it has no such cut).
        """
        if plan.recipe.pattern is Pattern.QUANTIZATION:
            return self._quantized(plan, dataset)
        if not plan.recipe.backbones:
            return self._combined(plan)
        needed = partial(self.resources, plan.recipe, dataset, copied=self._copied)
        whole, first = needed(), plan.first_epoch or 1
        rest = whole if first == 1 else needed(first_epoch=first)
        work = self._work(plan, rest, whole)
        if plan.decision is Decision.REUSED:
            return self._reused(replace(plan, features_stored=whole.stored), work.alone)
        seconds = work.start + work.own + sum(one.seconds for one in work.shared if not one.stored)
        saved = max(0.0, self._own(plan.recipe, whole) - work.own)
        saved += sum(one.whole_seconds if one.stored else one.copied_seconds for one in work.shared)
        return replace(
            plan,
            work=work,
            features_stored=rest.stored,
            disk_bytes=rest.disk_bytes,
            memory_bytes=rest.memory_bytes,
            estimate_seconds=seconds,
            estimate_source=self._speeds.source(plan.recipe.backbone),
            saves_seconds=saved,
            saves_source="estimated" if saved else "",
        )

    def _combined(self, plan: Plan) -> Plan:
        seconds = speed.COMBINING_SECONDS
        if plan.decision is Decision.REUSED:
            return self._reused(replace(plan, features_stored=True), seconds)
        return replace(
            plan,
            features_stored=True,
            work=Work(process="", start=0.0, shared=(), own=seconds, alone=seconds),
            estimate_seconds=seconds,
            estimate_source="stored probabilities are combined; nothing is trained",
        )

    def _quantized(self, plan: Plan, dataset: Dataset) -> Plan:
        """Validation and test photos are predicted, after the calibration."""
        cost = self.registry.cost(plan.recipe.members[0])
        photos = dataset.split_sizes["validation"] + dataset.split_sizes["test"]
        milliseconds = cost.ms_per_photo if cost and cost.ms_per_photo is not None else speed.QUANTIZED_MILLISECONDS
        own = speed.quantizing_seconds(milliseconds, photos, plan.recipe.hyperparameters.precision is Precision.INT8)
        if plan.decision is Decision.REUSED:
            return self._reused(replace(plan, features_stored=True), speed.SPAWN_SECONDS + own)
        process = process_of(plan.dataset_id, plan.recipe)
        return replace(
            plan,
            features_stored=True,
            work=Work(process=process, start=speed.SPAWN_SECONDS, shared=(), own=own, alone=speed.SPAWN_SECONDS + own),
            estimate_seconds=speed.SPAWN_SECONDS + own,
            estimate_source="the time that the model takes for a photo",
        )

    def _reused(self, plan: Plan, otherwise: float) -> Plan:
        """The savings of a finished run are measured (its cost as if alone), those of an unfinished one estimated."""
        cost = self.registry.cost(plan.run_id) if plan.run_id else None
        measured = cost.alone_wall_seconds if cost else None
        return replace(
            plan,
            estimate_seconds=0.0,
            estimate_source="nothing is trained",
            saves_seconds=otherwise if measured is None else measured,
            saves_source="estimated" if measured is None else "measured",
        )

    # --- parts ---

    @cached_property
    def _copied(self) -> CopiedRows:
        return CopiedRows(self.registry, self.settings)

    @cached_property
    def _speeds(self) -> Speeds:
        trial = stored_speed(self.registry)
        return Speeds(measurements(self), trial.parts if trial else ())

    def _work(self, plan: Plan, rest: ResourceEstimate, whole: ResourceEstimate) -> Work:
        """Of what is left of a run; ``whole`` is all of it."""
        recipe = plan.recipe
        process = process_of(plan.dataset_id, recipe)
        start, shared = self._start(recipe), tuple(self._shared(recipe, rest))
        all_shared = shared if rest is whole else self._shared(recipe, whole)
        everything = sum(one.whole_seconds for one in all_shared if one.kind is not SharedKind.WEIGHTS)
        return Work(
            process=process,
            start=start,
            shared=shared,
            own=self._own(recipe, rest),
            alone=start + everything + self._own(recipe, whole),
        )

    def _start(self, recipe: Recipe) -> float:
        ratio = self._speeds.ratio(RunPart.START, recipe.backbone)
        spawn = max(1.0, ratio) * speed.SPAWN_SECONDS  # nothing measures it alone; it is slow where the start is slow
        return spawn + ratio * speed.START_SECONDS

    def _own(self, recipe: Recipe, resources: ResourceEstimate) -> float:
        program, kind = self.program(recipe), kind_of(recipe)
        training = speed.training_seconds(
            program, head_work=resources.head_work, rows=resources.rows, multiply_adds=resources.training
        )
        rest = speed.rest_seconds(program)
        ratios = [self._speeds.ratio(part, recipe.backbone, kind) for part in (RunPart.TRAINING, RunPart.REST)]
        return ratios[0] * training + ratios[1] * rest

    def _shared(self, recipe: Recipe, resources: ResourceEstimate) -> Iterator[Shared]:
        yield from self._downloads(recipe)
        yield from self._kept(recipe)
        yield from self._exports(recipe, resources)
        for load in resources.loads:
            ratio = self._speeds.ratio(RunPart.FEATURES, load.part.source, load.part.cut)
            whole = ratio * speed.features_seconds(load.photos, load.multiply_adds) if load.photos else 0.0
            seconds = ratio * _seconds_left(load) if load.copied else whole
            yield Shared(
                key=load.key,
                kind=SharedKind.FEATURES,
                seconds=seconds,
                bytes=load.bytes,
                stored=load.stored,
                rows=load.photos,
                copied=load.copied,
                copied_seconds=max(0.0, whole - seconds),
            )

    def _kept(self, recipe: Recipe) -> Iterator[Shared]:
        """What a process does once, beside its start."""
        for one in kept_by(recipe, self):
            if one.kind is SharedKind.LIBRARY:
                part, modelled = RunPart.LIBRARY, speed.LIBRARY_SECONDS
            else:
                part, modelled = RunPart.NETWORK, speed.network_seconds(one.blocks)
            yield Shared(key=one.key, kind=one.kind, seconds=self._speeds.ratio(part, one.backbone) * modelled)

    def _downloads(self, recipe: Recipe) -> Iterator[Shared]:
        for name in recipe.backbones if recipe.pattern is not Pattern.FROM_SCRATCH else ():
            if name not in self._states:
                self._states[name] = availability(self.backbone(name), self.settings)
            if self._states[name] is Availability.DOWNLOAD:
                seconds = self.backbone(name).weights_bytes / _DOWNLOAD_BYTES_PER_SECOND
                yield Shared(key=f"weights {name}", kind=SharedKind.WEIGHTS, seconds=seconds)

    @cached_property
    def _states(self) -> dict[str, Availability]:
        return {}

    def _exports(self, recipe: Recipe, resources: ResourceEstimate) -> Iterator[Shared]:
        backbones = self.backbones(recipe)
        for part in dict.fromkeys(load.part for load in resources.loads if load.part.cut != PREDICTIONS):
            backbone = backbones[part.source]
            ratio = self._speeds.ratio(RunPart.EXPORT, part.source, part.cut)
            yield Shared(
                key=engine_path(backbone, self.settings, part.cut).name,
                kind=SharedKind.EXPORT,
                seconds=ratio * speed.export_seconds(blocks_below(part, self)),
                stored=not needs_export(backbone, self.settings, part.cut),
            )


def _seconds_left(load: FeatureLoad) -> float:
    """Of features of which some rows are copied."""
    left = load.photos - load.copied
    return speed.features_seconds(left, load.multiply_adds * left / load.photos) + speed.copying_seconds(load.copied)
