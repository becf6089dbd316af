"""Corrects the costs without reuse that versions before 0.5.0 computed from the last attempt of a run only.

They left out what only an earlier attempt, or only the run that was extended, had reused. Recipe and attempts say which
features these are; the feature store, or the attempt that computed them, says what they cost. Otherwise the figure is
not known.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress

from core.backbones.values import Backbone
from core.datasets.values import Dataset
from core.errors import GraftError, Unavailable
from core.features.engines import engine_file, engine_path, is_exported
from core.features.store import key_of, key_of_predictions, stored_cost
from core.models.lineage import backbones_of, parents_of
from core.recipes.program import PREDICTIONS, Part, features_used, program_of
from core.registry import Registry
from core.runs.costs import Spent
from core.runs.values import Cost, Run
from core.settings import Settings

COMPUTED_CPU_SECONDS = 0.002
"""CPU seconds a photo that computing features takes at least: decoding and scaling the photo takes longer."""

Missing = Spent | None
"""What is missing in a figure; None: it cannot be known."""


def correct(settings: Settings, registry: Registry) -> None:
    """Called at every start; with nothing to do it takes one look-up in a partial index."""
    unchecked = registry.unchecked_costs()
    if not unchecked:
        return
    missing = _with_parents({run_id: _missing_in(run_id, settings, registry) for run_id in unchecked}, registry)
    costs = registry.costs(missing)
    registry.correct_costs({run_id: _sum(costs[run_id], add) for run_id, add in missing.items() if run_id in costs})


def _sum(cost: Cost, add: Missing) -> Spent | None:
    if add is None or cost.alone_wall_seconds is None or cost.alone_cpu_seconds is None:
        return None
    return Spent(wall_seconds=cost.alone_wall_seconds, cpu_seconds=cost.alone_cpu_seconds) + add


def _with_parents(missing: dict[str, Missing], registry: Registry) -> dict[str, Missing]:
    """Also of the runs that use these: they have the costs of their parents in their own."""
    affected = {run.id: run for run in registry.runs_of(missing)}
    waiting = [run_id for run_id, add in missing.items() if add != Spent()]
    seen = set(waiting)
    while waiting:
        children = [run for run in registry.runs_using(waiting.pop()) if run.id not in seen]
        affected |= {run.id: run for run in children}
        seen |= {run.id for run in children}
        waiting += [run.id for run in children]
    total: dict[str, Missing] = {}
    for run in sorted(affected.values(), key=lambda run: run.created_at):
        parts = [missing.get(run.id, Spent()), *(total.get(parent, Spent()) for parent in parents_of(run.recipe))]
        known = [part for part in parts if part is not None]
        total[run.id] = sum(known, Spent()) if len(known) == len(parts) else None
    return total


def _missing_in(run_id: str, settings: Settings, registry: Registry) -> Missing:
    """What the figure of this run lacks, without that of its parents."""
    run, paid = registry.run(run_id), _paid(registry.spent(run_id))
    try:
        backbones = backbones_of(run.recipe, registry, settings)
        return _in_all_cases(run, backbones, paid, settings, registry)
    except GraftError:  # a backbone or a run that it uses was deleted
        return None


def _in_all_cases(
    run: Run, backbones: Mapping[str, Backbone], paid: Mapping[str, Spent], settings: Settings, registry: Registry
) -> Missing:
    """The same whatever the first epoch of the last attempt was, else None."""
    if not run.recipe.backbones:
        return Spent()
    program = program_of(run.recipe, backbones[run.recipe.backbone].blocks)
    hp, dataset = run.recipe.hyperparameters, registry.dataset(run.dataset_id)
    everything = features_used(program, hp.views)
    forgotten = {
        tuple(one for one in everything if one not in set(features_used(program, hp.views, first)))
        for first in _first_epochs(run, registry)
    }
    if len(forgotten) > 1:
        return None
    total = Spent()
    remembered = {part for part, *_ in everything} - {part for part, *_ in next(iter(forgotten))}
    for part, split, view in next(iter(forgotten)):
        which = run.recipe.view(view)
        if part.cut == PREDICTIONS:
            digest = registry.model(part.source).answers_sha256
            name = f"answers of {digest} {split} {view}"
            key = key_of_predictions(dataset, digest, split, which=which)
        else:
            key = key_of(dataset, backbones[part.source], split, cut=part.cut, which=which)
            name = key.name
        cost = stored_cost(key, settings) or _computed(name, dataset, split, registry)
        if cost is None:
            return None
        total += cost.minus(paid.get(name, Spent()))
    parts = {part for part, *_ in next(iter(forgotten))} - remembered
    return sum(_exports(parts, backbones, paid, settings), total)


def _computed(name: str, dataset: Dataset, split: str, registry: Registry) -> Spent | None:
    """What an attempt paid that computed these features: reading stored ones takes next to no time."""
    paid = [_paid(registry.spent(run.id)).get(name, Spent()) for run in registry.runs(dataset.id)]
    enough = COMPUTED_CPU_SECONDS * dataset.split_sizes[split]
    return max((one for one in paid if one.cpu_seconds > enough), key=lambda one: one.wall_seconds, default=None)


def _exports(
    parts: Iterable[Part], backbones: Mapping[str, Backbone], paid: Mapping[str, Spent], settings: Settings
) -> Iterator[Spent]:
    """Engine files of cuts that the last attempt did not use."""
    for part in (part for part in parts if part.cut != PREDICTIONS):
        backbone = backbones[part.source]
        if is_exported(backbone, settings, part.cut):
            with suppress(Unavailable):
                cost = engine_file(backbone, settings, part.cut).cost
                yield cost.minus(paid.get(engine_path(backbone, settings, part.cut).name, Spent()))


def _first_epochs(run: Run, registry: Registry) -> Iterable[int]:
    """The epochs at which the last attempt of the run may have begun; after the last one if it trained none."""
    attempts = registry.attempts(run.id)
    first = attempts[-1].first_epoch or 1
    if len(attempts) > 1 and first > run.epochs_done:
        return (run.recipe.hyperparameters.epochs + 1,)
    if len(attempts) > 1:
        return (first,)
    parents = [one for one in ([run.extends] if run.extends else []) if registry.runs_of([one])]
    if parents:
        own, others = registry.epochs(run.id), {epoch.number: epoch for epoch in registry.epochs(parents[0])}
        inherited = [e for e in own if e.number in others and e.seconds == others[e.number].seconds]
        return (len(inherited) + 1,)
    return range(2, run.epochs_done + 1)


def _paid(attempts: Iterable[dict]) -> dict[str, Spent]:
    paid: dict[str, Spent] = {}
    for attempt in attempts:
        for name, spent in attempt.get("paid", {}).items():
            paid[name] = paid.get(name, Spent()) + Spent(**spent)
    return paid
