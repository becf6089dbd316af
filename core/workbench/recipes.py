"""Recipes: available backbones, suggested hyperparameters, grids of recipes."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

from core.backbones import availability, catalogue
from core.backbones.saved import KIND, from_card
from core.backbones.values import Availability, Backbone
from core.errors import InvalidInput
from core.models.lineage import backbone_of
from core.recipes.defaults import suggest_hyperparameters
from core.recipes.program import depths as depths_of
from core.recipes.recipe import Cascade, Hyperparameters, Pattern, Recipe
from core.workbench.base import Bench

MOST_MODELS = 100
"""Finished models that are offered as backbones beside the catalogue."""

Depths = Sequence[int] | Literal["all"] | None


class Recipes(Bench):
    """Backbones, hyperparameters and recipes."""

    def backbones(self) -> list[tuple[Backbone, Availability]]:
        """The catalogue, then finished models of this home (``source`` begins with ``model:``), newest first.

        Of very many models those of starred runs and the newest; ``backbone`` finds every one by the id of its run.
        """
        known = [(backbone, availability(backbone, self.settings)) for backbone in catalogue()]
        return known + [(backbone, Availability.READY) for backbone in self._saved_backbones()]

    def _saved_backbones(self) -> list[Backbone]:
        """Trained models that are a single network, without those of archived runs."""
        there = self.registry.networks(MOST_MODELS)
        known = [model for model in there if (model.card.get("backbone") or {}).get("row")]
        found = [from_card(model.run_id, model.card, self.settings.home / model.path) for model in known]
        return [backbone for backbone in found if backbone.source.startswith(f"{KIND}:")]

    def backbone(self, name: str) -> Backbone:
        """By its name in the catalogue, or the model of a finished run by the run's id.

        Raises:
            NotFound: there is neither. InvalidInput: that run's model is no single network.
        """
        return backbone_of(name, self.registry, self.settings)

    def defaults(
        self, dataset_reference: str, pattern: Pattern = Pattern.INTEGRATED_EXTRACTOR, backbone: str | None = None
    ) -> Hyperparameters:
        """Sensible hyperparameters of a pattern for a dataset of this size (and a backbone of this depth)."""
        dataset = self.registry.dataset(dataset_reference)
        return suggest_hyperparameters(
            train_photos=dataset.split_sizes["train"],
            classes=len(dataset.class_names),
            pattern=pattern,
            blocks=len(self.backbone(backbone or catalogue()[0].name).blocks),
        )

    def grid(
        self,
        dataset_reference: str,
        backbones: Sequence[str],
        patterns: Sequence[Pattern],
        *,
        depths: Depths = None,
        repeat: int = 1,
        hyperparameters: Mapping[Pattern, Hyperparameters] | None = None,
        mapping: tuple[tuple[str, str], ...] = (),
    ) -> list[Recipe]:
        """Recipes for every backbone x pattern x depth x seed.

        Args:
            depths: None for the hyperparameters' own, "all" for every one a network has, or some. Patterns in which
                depth means nothing appear once.
            repeat: seeds from the hyperparameters' own on. Patterns without chance appear once.
            hyperparameters: per pattern; the defaults for this dataset where one is missing.
            mapping: the classifier's (see ``Recipe``).
        """
        dataset, chosen = self.registry.dataset(dataset_reference), hyperparameters or {}
        if not 1 <= repeat <= 1000:
            raise InvalidInput(f"A recipe can be repeated 1 to 1000 times. Received: {repeat}")
        recipes = []
        for name in dict.fromkeys(self.backbone(backbone).name for backbone in backbones):
            for pattern in dict.fromkeys(patterns):
                hp = chosen.get(pattern) or self.defaults(dataset.id, pattern, name)
                recipe = Recipe(
                    backbone=name,
                    pattern=pattern,
                    hyperparameters=hp,
                    mapping=tuple(sorted(mapping)) if pattern is Pattern.CLASSIFIER else (),
                )
                recipes += [again for one in self._deeper(recipe, depths) for again in repeated(one, repeat)]
        return recipes

    def _deeper(self, recipe: Recipe, wanted: Depths) -> list[Recipe]:
        if wanted is None or "depth" not in recipe.settings():
            return [recipe]
        values = (
            depths_of(recipe.pattern, self.backbone(recipe.backbone).blocks)
            if wanted == "all"
            else dict.fromkeys(wanted)
        )
        return [replace(recipe, hyperparameters=replace(recipe.hyperparameters, depth=depth)) for depth in values]

    def cascade(
        self,
        dataset_reference: str,
        kind: Cascade,
        members: Sequence[str],
        *,
        hyperparameters: Hyperparameters | None = None,
    ) -> Recipe:
        """A recipe in which several models work together.

        Args:
            members: fusion: backbones; stacking: a backbone, then a run; confidence: the cheap run, then the costly
                one; ensemble: runs.

        Raises:
            InvalidInput: too few or too many of them, or one of them twice. NotFound: one of them does not exist.
        """
        if kind.combines_runs:
            runs = tuple(self.registry.run(member).id for member in members)
            return Recipe(backbone="", pattern=Pattern.CASCADE, cascade=kind, members=runs)
        first, *rest = members or ("",)
        others = [self.registry.run(name).id if kind is Cascade.STACKING else self.backbone(name).name for name in rest]
        return Recipe(
            backbone=self.backbone(first).name,
            pattern=Pattern.CASCADE,
            cascade=kind,
            members=tuple(others),
            hyperparameters=hyperparameters or self.defaults(dataset_reference, Pattern.CASCADE, first),
        )


def repeated(recipe: Recipe, times: int) -> list[Recipe]:
    """The recipe with ``times`` seeds, from its own on; once where nothing is random."""
    if "seed" not in recipe.settings():
        return [recipe]
    hp = recipe.hyperparameters
    return [replace(recipe, hyperparameters=replace(hp, seed=hp.seed + more)) for more in range(times)]
