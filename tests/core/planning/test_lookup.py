"""What a recipe names is looked up once."""

import pytest

from core.errors import InvalidInput, NotFound
from core.models import lineage
from core.planning import lookup
from core.planning.lookup import RecipeLookup
from core.recipes.hyperparameters import Hyperparameters
from core.recipes.patterns import Cascade, Pattern
from core.recipes.recipe import Recipe
from core.runs.values import Status
from tests.factories import fill


@pytest.fixture
def filled(registry, settings):
    return fill(registry, settings, runs=4)


def test_a_backbone_is_looked_up_once(filled, registry, settings, monkeypatch):
    asked = []

    def backbone_of(name, *home):
        asked.append(name)
        return lineage.backbone_of(name, *home)

    monkeypatch.setattr(lookup, "backbone_of", backbone_of)
    found = RecipeLookup(registry, settings)
    assert found.backbone("resnet50") is found.backbone("resnet50") and asked == ["resnet50"]
    with pytest.raises(NotFound):
        found.backbone("nothing")


def test_sources_are_backbones_and_the_models_of_members(filled, registry, settings):
    member = filled.with_status(Status.FINISHED)[0].id
    recipe = Recipe(backbone="resnet50", pattern=Pattern.CASCADE, cascade=Cascade.STACKING, members=(member,))
    sources = RecipeLookup(registry, settings).sources(recipe)
    assert list(sources.backbones) == ["resnet50"]
    assert sources.runs[member].digest == registry.model(member).answers_sha256
    assert sources.runs[member].classes == len(filled.dataset.class_names)


def test_resources_of_a_recipe_and_of_its_rest(filled, registry, settings):
    found = RecipeLookup(registry, settings)
    recipe = Recipe(backbone="resnet50", hyperparameters=Hyperparameters(epochs=10))
    whole, rest = (found.resources(recipe, filled.dataset, first_epoch=first) for first in (1, 6))
    assert whole.head_work == pytest.approx(2 * rest.head_work) and len(found.program(recipe).stages) == 1
    with pytest.raises(InvalidInput, match="between 0 and"):
        found.resources(Recipe(backbone="resnet50", hyperparameters=Hyperparameters(depth=99)), filled.dataset)
