"""What a recipe names, read from the registry once: backbones, member runs, and the resources that follow."""

from functools import cached_property

from core.backbones.inputs import with_input
from core.backbones.values import Backbone
from core.datasets.values import Dataset
from core.models.lineage import backbone_of
from core.planning.copied_rows import CopiedRows
from core.planning.resources import MemberRun, RecipeInputs, ResourceEstimate, estimate_resources
from core.recipes.program import Program, program_of
from core.recipes.recipe import Recipe
from core.registry import Registry
from core.settings import Settings


class RecipeLookup:
    """Looks up what recipes name, with a cache."""

    def __init__(self, registry: Registry, settings: Settings) -> None:
        self.registry, self.settings = registry, settings

    def backbone(self, name: str) -> Backbone:
        """``lineage.backbone_of``, cached."""
        if name not in self._backbones:
            self._backbones[name] = backbone_of(name, self.registry, self.settings)
        return self._backbones[name]

    @cached_property
    def _backbones(self) -> dict[str, Backbone]:
        return {}

    def backbones(self, recipe: Recipe) -> dict[str, Backbone]:
        """``lineage.backbones_of``, cached."""
        hp = recipe.hyperparameters
        return {
            name: with_input(self.backbone(name), hp.input_size, hp.fit, recipe.pooling) for name in recipe.backbones
        }

    def program(self, recipe: Recipe) -> Program:
        """``program_of`` a recipe with its backbone."""
        blocks = with_input(self.backbone(recipe.backbone), pooling=recipe.pooling).blocks
        return program_of(recipe, blocks)

    def sources(self, recipe: Recipe) -> RecipeInputs:
        """The backbones and runs that a recipe uses."""
        return RecipeInputs(
            backbones=self.backbones(recipe),
            runs={run: self._member(run) for run in recipe.runs},
        )

    def resources(
        self, recipe: Recipe, dataset: Dataset, *, first_epoch: int = 1, copied: CopiedRows | None = None
    ) -> ResourceEstimate:
        """What training the recipe from this epoch on needs; see ``estimate_resources``.

        Raises:
            InvalidInput: the backbone cannot be used this way (for example, it has no such cut).
            NotFound: there is no such backbone or run.
        """
        return estimate_resources(
            recipe,
            self.program(recipe),
            dataset=dataset,
            sources=self.sources(recipe),
            settings=self.settings,
            first_epoch=first_epoch,
            copied=copied,
        )

    def _member(self, run_id: str) -> MemberRun:
        model, cost = self.registry.model(run_id), self.registry.cost(run_id)
        return MemberRun(
            digest=model.answers_sha256,
            classes=len(model.card.get("class_names", ())),
            multiply_adds=cost.multiply_adds if cost else 0,
        )
