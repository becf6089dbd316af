"""What a plan will take, estimated from runs that were measured on this machine."""

from dataclasses import replace
from statistics import median

from core.backbones.values import Backbone
from core.datasets.values import Dataset
from core.features.store import is_stored, key_of
from core.planning import Decision, Plan
from core.registry import Registry
from core.runs import Cost, Run, Status
from core.settings import Settings

LOOK_BACK = 20
"""Newest finished runs of a backbone that an estimate looks at."""


def estimate(plan: Plan, *, dataset: Dataset, backbone: Backbone, registry: Registry, settings: Settings) -> Plan:
    """``plan`` with ``features_stored`` and, where earlier runs allow it, ``estimate_seconds``."""
    views = plan.recipe.hyperparameters.views
    stored = _all_stored(plan, dataset, backbone, settings)
    if plan.decision is Decision.REUSED:
        return replace(plan, features_stored=stored, estimate_seconds=0.0)
    measured = _measured(registry, backbone)
    if not measured:
        return replace(plan, features_stored=stored)
    sizes = {d.id: d for d in registry.datasets()}
    epochs = plan.recipe.hyperparameters.epochs - (plan.first_epoch or 1) + 1
    photos = dataset.photo_count + dataset.split_sizes["train"] * (views - 1)
    per_photo = median(_feature_seconds_per_photo(run, cost, sizes[run.dataset_id]) for run, cost in measured)
    per_step = median(_seconds_per_photo_epoch(run, cost, sizes[run.dataset_id]) for run, cost in measured)
    fixed = median(_fixed_seconds(cost) for _, cost in measured)
    seconds = fixed + epochs * dataset.split_sizes["train"] * per_step + (0 if stored else photos * per_photo)
    return replace(plan, features_stored=stored, estimate_seconds=seconds)


def _all_stored(plan: Plan, dataset: Dataset, backbone: Backbone, settings: Settings) -> bool:
    numbers = plan.recipe.hyperparameters
    renderings = [("validation", 0), ("test", 0), *(("train", view) for view in range(numbers.views))]
    keys = (key_of(dataset, backbone, split, view=view, seed=numbers.seed) for split, view in renderings)
    return all(is_stored(key, settings) for key in keys)


def _measured(registry: Registry, backbone: Backbone) -> list[tuple[Run, Cost]]:
    runs = [
        run for run in registry.runs(status=Status.FINISHED) if run.recipe.backbone == backbone.name and not run.extends
    ][:LOOK_BACK]
    costs = registry.costs([run.id for run in runs])
    return [(run, costs[run.id]) for run in runs if run.id in costs]


def _feature_seconds_per_photo(run: Run, cost: Cost, dataset: Dataset) -> float:
    """What features cost alone, spread over every photo that went through the network."""
    photos = dataset.photo_count + dataset.split_sizes["train"] * (run.recipe.hyperparameters.views - 1)
    reused = cost.alone_wall_seconds - cost.wall_seconds
    return (cost.stages.get("Computing features", 0.0) + reused) / max(photos, 1)


def _seconds_per_photo_epoch(run: Run, cost: Cost, dataset: Dataset) -> float:
    return cost.stages.get("Training", 0.0) / max(run.epochs_done * dataset.split_sizes["train"], 1)


def _fixed_seconds(cost: Cost) -> float:
    return cost.wall_seconds - cost.stages.get("Training", 0.0) - cost.stages.get("Computing features", 0.0)
