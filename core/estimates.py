"""What a plan will take, estimated from runs that were measured on this machine."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median

from core.backbones import catalogue
from core.backbones.values import Backbone
from core.datasets.values import Dataset
from core.features.store import is_stored, key_of
from core.planning import Decision, Plan
from core.registry import Registry
from core.runs import Cost, Run, Status
from core.settings import Settings

LOOK_BACK = 20
"""Newest finished runs that an estimate looks at."""


@dataclass(frozen=True, kw_only=True)
class Speed:
    """Seconds a run takes, in parts.

    Args:
        photo: one photo through the frozen prefix. step: one training photo in one epoch of the head.
        fixed: everything that does not grow with the photos. source: where these figures are from.
    """

    photo: float
    step: float
    fixed: float
    source: str


def estimate(plan: Plan, *, dataset: Dataset, backbone: Backbone, registry: Registry, settings: Settings) -> Plan:
    """``plan`` with ``features_stored``, ``estimate_seconds`` and where the estimate is from."""
    stored = _all_stored(plan, dataset, backbone, settings)
    if plan.decision is Decision.REUSED:
        return replace(plan, features_stored=stored, estimate_seconds=0.0, estimate_source="nothing is trained")
    speed = _speed(registry, backbone)
    numbers = plan.recipe.hyperparameters
    train = dataset.split_sizes["train"]
    steps = train * (numbers.epochs - (plan.first_epoch or 1) + 1)
    photos = 0 if stored else dataset.photo_count + train * (numbers.views - 1)
    seconds = speed.fixed + photos * speed.photo + steps * speed.step
    return replace(plan, features_stored=stored, estimate_seconds=seconds, estimate_source=speed.source)


def _all_stored(plan: Plan, dataset: Dataset, backbone: Backbone, settings: Settings) -> bool:
    numbers = plan.recipe.hyperparameters
    renderings = [("validation", 0), ("test", 0), *(("train", view) for view in range(numbers.views))]
    keys = (key_of(dataset, backbone, split, view=view, seed=numbers.seed) for split, view in renderings)
    return all(is_stored(key, settings) for key in keys)


# --- how fast this machine is: measured with this backbone, else with others, else assumed ---


def _speed(registry: Registry, backbone: Backbone) -> Speed:
    measured = _measured(registry)
    own = [parts for parts in measured if parts.backbone == backbone.name]
    if own:
        return _median(own, 1.0, "runs of this backbone on this machine")
    counted = {row.name: row.multiply_adds for row in catalogue() if row.multiply_adds}
    others = [replace(p, photo=p.photo / counted[p.backbone]) for p in measured if p.backbone in counted]
    if others and backbone.multiply_adds:
        return _median(others, backbone.multiply_adds, "runs of other backbones on this machine")
    return _assumed(backbone)


def _assumed(backbone: Backbone) -> Speed:
    """Before anything was measured: the figures of a common core of 2022, so that the first launch is no surprise."""
    cores = len(os.sched_getaffinity(0))
    return Speed(
        photo=backbone.multiply_adds / (15e9 * cores),
        step=0.0005,
        fixed=20.0,
        source="an assumed speed; nothing was measured on this machine yet",
    )


@dataclass(frozen=True, kw_only=True)
class _Parts:
    """One measured run: seconds per photo through the prefix, per photo and epoch, and all the rest."""

    backbone: str
    photo: float
    step: float
    fixed: float


def _median(parts: Sequence[_Parts], scale: float, source: str) -> Speed:
    return Speed(
        photo=scale * median(part.photo for part in parts),
        step=median(part.step for part in parts),
        fixed=median(part.fixed for part in parts),
        source=source,
    )


def _measured(registry: Registry) -> list[_Parts]:
    runs = [run for run in registry.runs(status=Status.FINISHED, limit=5 * LOOK_BACK) if not run.extends][:LOOK_BACK]
    costs = registry.costs([run.id for run in runs])
    sizes = {dataset.id: dataset for dataset in registry.datasets()}
    return [_parts(run, costs[run.id], sizes[run.dataset_id]) for run in runs if run.id in costs]


def _parts(run: Run, cost: Cost, dataset: Dataset) -> _Parts:
    """What features cost alone is spread over every photo that went through the network."""
    train = dataset.split_sizes["train"]
    photos = dataset.photo_count + train * (run.recipe.hyperparameters.views - 1)
    features, training = cost.stages.get("Computing features", 0.0), cost.stages.get("Training", 0.0)
    reused = cost.alone_wall_seconds - cost.wall_seconds
    return _Parts(
        backbone=run.recipe.backbone,
        photo=(features + reused) / max(photos, 1),
        step=training / max(run.epochs_done * train, 1),
        fixed=cost.wall_seconds - features - training,
    )
