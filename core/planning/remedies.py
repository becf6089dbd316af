"""Candidates of what makes a refused recipe possible; the planner offers those that help."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from math import ceil, lcm

from core.backbones import catalogue, is_here
from core.backbones.added import is_run
from core.backbones.inputs import takes_other_sizes
from core.backbones.table import rows
from core.backbones.token_network import Pooling
from core.backbones.values import Backbone
from core.backbones.wordnet import imagenet
from core.datasets.decoding.fit import LARGEST_INPUT
from core.datasets.values import Dataset
from core.errors import GraftError
from core.recipes.defaults import usual_for
from core.recipes.grid import InvalidCell
from core.recipes.hyperparameters import BOUNDS, RELEVANT
from core.recipes.patterns import TRAINS_TOP_BLOCKS, Cascade, Pattern
from core.recipes.program import depths
from core.recipes.recipe import MEMBERS, Recipe
from core.recipes.remedy import Remedy, other_pattern, setting, within_bounds
from core.registry import Registry
from core.runs.values import Status
from core.settings import Settings
from core.text.nearly import nearest
from core.text.units import count

Find = Callable[[str], Backbone]
"""The backbone of a name; raises a ``GraftError`` where there is none."""


def of_recipe(recipe: Recipe, dataset: Dataset, registry: Registry, settings: Settings, find: Find) -> Iterator[Remedy]:
    """Of a recipe that cannot be planned because of its backbones, members, input, depth, epochs or mapping."""
    missing = {name for name in recipe.backbones if _found(name, find) is None}
    lost = {run_id for run_id in recipe.runs if not _has_model(run_id, registry)}
    if missing or lost:
        yield from (
            other_backbones(recipe, missing, settings) if missing else other_runs(recipe, lost, dataset, registry)
        )
        return
    hp = recipe.hyperparameters
    if recipe.backbones and hp.input_size:
        chosen = [find(name) for name in recipe.backbones]
        fixed = not all(map(takes_other_sizes, chosen))
        yield setting(recipe.pattern, "input_size", 0 if fixed else nearest_size(hp.input_size, chosen))
    if recipe.backbones and hp.pooling != Pooling.OWN:
        yield setting(recipe.pattern, "pooling", Pooling.OWN)
    if recipe.backbones and "depth" in RELEVANT[recipe.pattern]:
        yield from nearest_depth(recipe.pattern, hp.depth, find(recipe.backbone).blocks)
    if recipe.pattern is Pattern.MULTI_LAYER_PROBE:
        blocks = len(find(recipe.backbone).blocks)
        possible = blocks >= BOUNDS["cuts"][0]
        yield setting(recipe.pattern, "cuts", blocks) if possible else other_pattern(Pattern.STANDALONE_EXTRACTOR)
    if recipe.pattern in TRAINS_TOP_BLOCKS and hp.head_epochs >= hp.epochs:
        yield setting(recipe.pattern, "head_epochs", hp.epochs // 3)
        yield setting(recipe.pattern, "epochs", min(2 * hp.head_epochs, int(BOUNDS["epochs"][1])))
    wrong = [synset for synset, name in recipe.mapping if not _is_possible(synset, name, dataset)]
    if wrong:
        yield Remedy(label=f"Discard the correction of {', '.join(wrong)}", unmapped=tuple(wrong))


def nearest_size(size: int, backbones: Sequence[Backbone]) -> int:
    """The nearest input size that all of these can take: not too small, and whole patches of networks of tokens."""
    patch = lcm(*(backbone.tokens.patch for backbone in backbones if backbone.tokens))
    smallest = max(backbone.smallest_size for backbone in backbones)
    lowest, highest = ceil(smallest / patch), LARGEST_INPUT // patch
    return patch * min(max(round(size / patch), lowest), highest)


def of_cell(cell: InvalidCell, dataset: Dataset, find: Find) -> Iterator[Remedy]:
    """Of a cell that is no recipe: other members, or the nearest possible hyperparameters."""
    if cell.cascade is not None:
        yield from _other_members(cell.cascade, cell.sources)
    backbone = _found(cell.sources[0], find) if cell.sources else None
    blocks = backbone.blocks if backbone else ()
    settings = dict(cell.settings)
    depth = settings.pop("depth", None) if "depth" in RELEVANT[cell.pattern] and blocks else None
    changes = [*nearest_depth(cell.pattern, depth, blocks)] if isinstance(depth, int) else []
    bounded = within_bounds(cell.pattern, settings, usual_for(dataset, cell.pattern, backbone))
    changes += [bounded] if bounded else []
    if changes:
        yield changes[0] if len(changes) == 1 else changes[0].then(changes[1])


def nearest_depth(pattern: Pattern, depth: int, blocks: Sequence[str]) -> Iterator[Remedy]:
    """The possible depth that is nearest to an impossible one."""
    possible = depths(pattern, blocks)
    if depth not in possible and len(possible):
        yield setting(pattern, "depth", min(possible, key=lambda one: abs(one - depth)))


# --- backbones ---


def other_backbones(recipe: Recipe, missing: Iterable[str], settings: Settings) -> Iterator[Remedy]:
    """Instead of each of ``missing`` the one whose name is nearly the same, else the first that is ready."""
    ready = [one for one in _ready(settings) if one.name not in recipe.backbones]
    other: dict[str, Backbone] = {}
    for name in missing:
        near = None if name in rows() or is_run(name) else nearest(name, rows())
        found = next((one for one in ready if one.name == near), None) or next(iter(ready), None)
        if found is None:
            return
        other[name] = found
        ready.remove(found)
    label = f"Use {' and '.join(one.title for one in other.values())} instead"
    if recipe.cascade is None:
        yield Remedy(label=label, backbone=next(iter(other.values())).name)
    else:
        yield Remedy(label=label, members=_replaced(recipe, {name: one.name for name, one in other.items()}))


def _ready(settings: Settings) -> list[Backbone]:
    """Backbones of the catalogue whose weights are on this machine."""
    return [one for one in catalogue() if is_here(one, settings)]


def _found(name: str, find: Find) -> Backbone | None:
    try:
        return find(name)
    except GraftError:
        return None


# --- members of a cascade ---


def other_runs(recipe: Recipe, wrong: Iterable[str], dataset: Dataset, registry: Registry) -> Iterator[Remedy]:
    """The other members alone where enough remain, else the most accurate runs of the dataset in their place."""
    if recipe.cascade is None:  # a quantization is of one run and no other
        return
    wrong = list(dict.fromkeys(wrong))
    left = tuple(run_id for run_id in recipe.members if run_id not in wrong)
    if recipe.cascade is Cascade.ENSEMBLE and len(left) >= MEMBERS[recipe.cascade][0]:
        yield Remedy(label=f"Combine only the other {count(len(left), 'run')}", members=left)
        return
    finished = registry.runs(dataset_id=dataset.id, status=Status.FINISHED)
    best = sorted(finished, key=lambda run: -(run.test_accuracy or 0.0))
    others = [run for run in best if run.id not in recipe.members and _has_model(run.id, registry)]
    if len(others) >= len(wrong):
        other = dict(zip(wrong, others, strict=False))
        label = f"Use {' and '.join(run.name for run in other.values())} instead"
        yield Remedy(label=label, members=_replaced(recipe, {name: run.id for name, run in other.items()}))


def _replaced(recipe: Recipe, other: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(other.get(name, name) for name in (*recipe.backbones, *recipe.runs))


def _other_members(kind: Cascade, sources: Sequence[str]) -> Iterator[Remedy]:
    fewest, most, _ = MEMBERS[kind]
    alone = 0 if kind.combines_runs else 1  # the backbone that is no member
    once = tuple(dict.fromkeys(sources))[: most + alone]
    if len(once) < fewest + alone and kind is Cascade.FUSION:
        others = [one for one in catalogue() if one.name not in once][: fewest + alone - len(once)]
        label = f"Add {' and '.join(one.title for one in others)}"
        yield Remedy(label=label, members=(*once, *(one.name for one in others)))
    elif len(once) >= fewest + alone and once != tuple(sources):
        yield Remedy(label=f"Combine only the first {len(once)}, each once", members=once)


def _has_model(run_id: str, registry: Registry) -> bool:
    try:
        registry.model(run_id)
    except GraftError:
        return False
    return True


# --- mapping ---


def _is_possible(synset: str, class_name: str, dataset: Dataset) -> bool:
    return synset in imagenet() and (not class_name or class_name in dataset.class_names)
