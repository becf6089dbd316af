"""What to train on a dataset, as it was chosen on the page Train or typed on the command line, and its recipes."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any, Literal

from core.backbones.inputs import with_input
from core.backbones.token_network import Pooling
from core.backbones.values import Backbone
from core.datasets.decoding.fit import Fit
from core.errors import InvalidInput
from core.recipes.adapters import possible_depths
from core.recipes.defaults import fitting
from core.recipes.hyperparameters import RELEVANT, Adapter, Hyperparameters
from core.recipes.patterns import TRAINS_TOP_BLOCKS, Cascade, Pattern
from core.recipes.program import depths as depths_of
from core.recipes.prompts import with_template
from core.recipes.recipe import Recipe

Cell = tuple[str, Pattern]
"""A backbone (by its name, or the id of a finished run) and how it is used."""

Depths = Literal["all"] | tuple[int, ...]
Values = Mapping[str, Any]
"""Hyperparameters by their names."""

MOST_REPETITIONS = 1000


@dataclass(frozen=True, kw_only=True)
class CascadeChoice:
    """A cascade.

    Args:
        members: fusion: backbones; stacking: a backbone, then a run; confidence: the cheap run, then the costly one;
            ensemble: runs.
    """

    kind: Cascade
    members: tuple[str, ...]

    @property
    def is_trained(self) -> bool:
        return not self.kind.combines_runs

    @property
    def backbones(self) -> tuple[str, ...]:
        return {Cascade.FUSION: self.members, Cascade.STACKING: self.members[:1]}.get(self.kind, ())


@dataclass(frozen=True, kw_only=True)
class GridChoice:
    """Everything that was chosen for one dataset. What was not has its default for dataset, backbone and pattern.

    Args:
        cells: in the order of the runs; a cell named twice counts once.
        settings: by pattern, the hyperparameters that were chosen. One that its pattern does not use has no effect.
        sizes: by backbone, the input sizes to try in every pattern, 0 for its own; one that is missing has the one in
            ``settings``, else its own.
        fits: ways in which photos become the input, to try in every cell; () for the one in ``settings``, else the
            default.
        depths: by pattern: "all" that a backbone has, or some; a pattern that is missing has its default depth, or the
            one in ``settings``.
        repetitions: seeds per recipe, from its own on. Recipes without a random part appear once.
        cascade: comes after the cells.
        prompts: texts of zero-shot classifiers (see ``core.recipes.prompts``).
        mapping: corrected (ImageNet synset, class name) pairs of the pretrained classifier (see ``Recipe``).
        force: retrain even if a result exists, with the next seed that no run has.

    Raises:
        InvalidInput: the number of repetitions is not possible.
    """

    cells: tuple[Cell, ...] = ()
    settings: Mapping[Pattern, Values] = field(default_factory=dict)
    sizes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    fits: tuple[Fit, ...] = ()
    depths: Mapping[Pattern, Depths] = field(default_factory=dict)
    repetitions: int = 1
    cascade: CascadeChoice | None = None
    mapping: tuple[tuple[str, str], ...] = ()
    prompts: tuple[tuple[str, str], ...] = ()
    force: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.repetitions <= MOST_REPETITIONS:
            raise InvalidInput(f"A recipe can be repeated 1 to {MOST_REPETITIONS} times. Received: {self.repetitions}")

    @classmethod
    def product(cls, backbones: Iterable[str], patterns: Sequence[Pattern], **chosen: Any) -> "GridChoice":
        """Every backbone in every pattern; ``chosen`` are further fields."""
        return cls(cells=tuple((backbone, pattern) for backbone in backbones for pattern in patterns), **chosen)


@dataclass(frozen=True, kw_only=True)
class InvalidCell:
    """A part of a choice that is no recipe, because one of its values is impossible.

    Args:
        sources: the backbone; of a cascade its members. cascade: its kind.
        settings: (name, value) of every hyperparameter that was chosen for it. because: the reason, as a sentence.
    """

    sources: tuple[str, ...]
    pattern: Pattern
    cascade: Cascade | None = None
    settings: tuple[tuple[str, Any], ...]
    because: str


Defaults = Callable[[Pattern, str], Hyperparameters]
"""The default hyperparameters of a pattern on a backbone."""


def recipes_of(
    choice: GridChoice, *, defaults: Defaults, find: Callable[[str], Backbone | None]
) -> list[Recipe | InvalidCell]:
    """A recipe for every cell, input, depth and repetition, grouped by backbones (one trainer process trains all runs
    of a backbone in succession), then the cascade. What is no recipe stands in its place as an ``InvalidCell``.

    Args:
        find: the backbone of a name, None where there is none.
    """
    names = list(dict.fromkeys(name for name, _ in choice.cells))
    cells = sorted(dict.fromkeys(choice.cells), key=lambda cell: names.index(cell[0]))
    found = [one for cell in cells for one in _of_cell(cell, choice, defaults, find(cell[0]))]
    if choice.cascade is not None:
        found += _of_cascade(choice.cascade, choice, defaults)
    return list(dict.fromkeys(found))


def _of_cell(
    cell: Cell, choice: GridChoice, defaults: Defaults, backbone: Backbone | None
) -> Iterator[Recipe | InvalidCell]:
    name, pattern = cell
    for settings in _variants(cell, choice, backbone):
        try:
            recipe = Recipe(
                backbone=name,
                pattern=pattern,
                hyperparameters=chosen_hyperparameters(defaults(pattern, name), settings),
                **(_labels(choice, backbone) if pattern is Pattern.CLASSIFIER else {}),
            )
            yield from _repeated(recipe, choice.repetitions)
        except InvalidInput as error:
            yield InvalidCell(sources=(name,), pattern=pattern, settings=tuple(settings.items()), because=str(error))


def _labels(choice: GridChoice, backbone: Backbone | None) -> dict[str, Any]:
    """What names the classes of a classifier that is not trained: texts, or ImageNet's classes."""
    if backbone is not None and backbone.text_tower:
        return {"prompts": with_template(choice.prompts, backbone.family)}
    return {"mapping": tuple(sorted(choice.mapping))}


def _variants(cell: Cell, choice: GridChoice, backbone: Backbone | None) -> Iterator[dict[str, Any]]:
    """What was chosen for a cell, once for every input and depth."""
    name, pattern = cell
    settings = _used(pattern, choice)
    axes: dict[str, Iterable[Any]] = {
        "input_size": choice.sizes.get(name, ()),
        "fit": choice.fits,
        "depth": _depths(pattern, choice, backbone),
    }
    tried = {axis: list(values) for axis, values in axes.items()}
    tried = {axis: values for axis, values in tried.items() if values}
    for chosen in product(*tried.values()):
        variant = settings | dict(zip(tried, chosen, strict=True))
        if backbone is not None and variant.get("input_size") == backbone.input_size:
            variant["input_size"] = 0  # equal recipes are equal values
        if backbone is not None and not _is_other_pooling(backbone, variant.get("pooling")):
            variant.pop("pooling", None)
        yield variant


def _is_other_pooling(backbone: Backbone, pooling: Pooling | None) -> bool:
    """Whether it changes what the backbone does; most convolutional networks average their map in any case."""
    tokens = backbone.tokens
    if backbone.own_pooling:
        return pooling is Pooling.MEAN
    return tokens is not None and (tokens.attention_pool or pooling is not tokens.pooling)


def _depths(pattern: Pattern, choice: GridChoice, backbone: Backbone | None) -> Iterable[int]:
    """Those to try; () for the one in the settings."""
    chosen = choice.depths.get(pattern, ()) if "depth" in RELEVANT[pattern] else ()
    if chosen != "all":
        return chosen
    if backbone is None:
        return ()
    with suppress(InvalidInput):  # then every recipe is refused
        backbone = with_input(backbone, pooling=choice.settings.get(pattern, {}).get("pooling", Pooling.OWN))
    possible = depths_of(pattern, backbone.blocks)
    if pattern not in TRAINS_TOP_BLOCKS:
        return possible
    adapter = _used(pattern, choice).get("adapter", Adapter.LORA) if pattern is Pattern.PARAMETER_EFFICIENT else None
    return possible_depths(backbone, adapter) or possible  # where nothing is ever trained, every recipe is refused


def _used(pattern: Pattern, choice: GridChoice) -> dict[str, Any]:
    """The chosen hyperparameters that the pattern uses: equal recipes are equal values."""
    return {name: value for name, value in choice.settings.get(pattern, {}).items() if name in RELEVANT[pattern]}


def _of_cascade(cascade: CascadeChoice, choice: GridChoice, defaults: Defaults) -> Iterator[Recipe | InvalidCell]:
    settings = _used(Pattern.CASCADE, choice) if cascade.is_trained else {}
    try:
        yield from _repeated(_cascade_recipe(cascade, settings, defaults), choice.repetitions)
    except InvalidInput as error:
        yield InvalidCell(
            sources=cascade.members,
            pattern=Pattern.CASCADE,
            cascade=cascade.kind,
            settings=tuple(settings.items()),
            because=str(error),
        )


def _cascade_recipe(cascade: CascadeChoice, settings: Values, defaults: Defaults) -> Recipe:
    if not cascade.is_trained:
        return Recipe(backbone="", pattern=Pattern.CASCADE, cascade=cascade.kind, members=cascade.members)
    first, *others = cascade.members or ("",)
    return Recipe(
        backbone=first,
        pattern=Pattern.CASCADE,
        cascade=cascade.kind,
        members=tuple(others),
        hyperparameters=chosen_hyperparameters(defaults(Pattern.CASCADE, first), settings),
    )


def chosen_hyperparameters(usual: Hyperparameters, settings: Values) -> Hyperparameters:
    """The defaults with what was chosen; a head warm-up that was not chosen is shortened where epochs are few.

    Raises:
        InvalidInput: a value is impossible.
    """
    hp = replace(usual, **settings)
    return hp if "head_epochs" in settings else fitting(hp)


def _repeated(recipe: Recipe, times: int) -> list[Recipe]:
    """The recipe with ``times`` seeds, from its own on; once where nothing is random."""
    if "seed" not in recipe.settings():
        return [recipe]
    hp = recipe.hyperparameters
    return [replace(recipe, hyperparameters=replace(hp, seed=hp.seed + more)) for more in range(times)]
