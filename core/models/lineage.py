"""The sources of a recipe's networks and predictions: the catalogue, added backbones, or models of finished runs."""

from contextlib import suppress

from core.backbones import Backbone, get
from core.backbones.added import is_run
from core.backbones.inputs import with_input
from core.backbones.saved import from_card
from core.backbones.table import rows
from core.errors import InvalidInput, NotFound
from core.recipes.naming import name_of
from core.recipes.recipe import Recipe
from core.registry import Registry
from core.runs.values import Model
from core.settings import Settings
from core.text.nearly import did_you_mean


def backbone_of(name: str, registry: Registry, settings: Settings) -> Backbone:
    """The backbone of that name: a row of the catalogue, one that was added, or the model of the run with that id.

    Raises:
        NotFound: there is none. InvalidInput: the run has no model yet, or none with a single network.
    """
    known = None if is_run(name) else _known(name, registry)
    if known is not None:
        return known
    model = _model_of(name, registry)
    return from_card(model.run_id, model.card, settings.home / model.path, lambda base: _known(base, registry))


def _known(name: str, registry: Registry) -> Backbone | None:
    """Of the catalogue, or added."""
    if name in rows():
        return get(name)
    with suppress(NotFound):
        return registry.added_backbone(name).backbone
    return None


def backbones_of(recipe: Recipe, registry: Registry, settings: Settings) -> dict[str, Backbone]:
    """The backbones of a recipe by their names, with the input that it chooses.

    Raises:
        NotFound: as ``backbone_of``. InvalidInput: so too, or one of them cannot take this input size.
    """
    hp = recipe.hyperparameters
    return {
        name: with_input(backbone_of(name, registry, settings), hp.input_size, hp.fit, recipe.pooling)
        for name in recipe.backbones
    }


def weights_digest_of(recipe: Recipe, registry: Registry, settings: Settings) -> str:
    """The digests of everything pretrained that the recipe builds on, joined by "+" in its order: backbones, then runs.

    Raises:
        NotFound, InvalidInput: as ``backbone_of``.
    """
    backbones = [backbone_of(name, registry, settings).identity for name in recipe.backbones]
    answers = [f"sha256:{_model_of(run, registry).answers_sha256}" for run in recipe.runs]
    return "+".join(backbones + answers)


def parents_of(recipe: Recipe) -> tuple[str, ...]:
    """Ids of the runs whose models or predictions the recipe uses, each once, in its order."""
    named = (*recipe.backbones, *recipe.runs)
    return tuple(dict.fromkeys(name for name in named if is_run(name)))


def run_name(recipe: Recipe, registry: Registry) -> str:
    """The name of a run of ``recipe`` as long as no other has it; backbones and runs that are gone are in it by id."""

    return name_of(recipe, lambda source: source_title(source, registry))


def source_title(source: str, registry: Registry) -> str:
    """The short title of a backbone, or the name of a run; ``source`` itself where there is neither."""
    try:
        if is_run(source):
            return registry.run(source).name
        known = _known(source, registry)
        return source if known is None else known.short_title
    except NotFound:
        return source


def _model_of(run_id: str, registry: Registry) -> Model:
    try:
        run = registry.run(run_id)
    except NotFound:
        if run_id in rows():
            raise InvalidInput(
                f"{run_id!r} is a backbone, and a finished run is needed here. Train it, then name that run."
            ) from None
        meant = did_you_mean(run_id, rows())
        every = "" if meant else f"Choose from: {', '.join(rows())}, or the id of a finished run."
        raise NotFound(f"There is no backbone or run {run_id!r}.{meant}", every) from None
    try:
        return registry.model(run.id)
    except NotFound:
        raise InvalidInput(
            f"{run.name} ({run.id}) has no model: only a finished run has one, as long as it is not deleted."
        ) from None
