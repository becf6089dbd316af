"""What a search may propose."""

from dataclasses import asdict, replace

import optuna
import pytest

from core.backbones import get
from core.recipes.defaults import usual_for
from core.recipes.hyperparameters import RELEVANT
from core.recipes.patterns import Pattern
from core.searching.space import PATTERNS, SearchSpace, patterns_of
from tests.factories import make_dataset


@pytest.fixture
def space():
    return SearchSpace(dataset=make_dataset(), backbones=[get("mobilenet_v1"), get("efficientnet_lite0")])


def proposed(space, seed):
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=seed))
    trial = study.ask()
    return space.ask(trial), trial.params


def test_every_proposal_can_be_given_back_as_its_parameters(space):
    found = [proposed(space, seed) for seed in range(60)]
    assert {recipe.pattern for recipe, _ in found} == set(PATTERNS)
    for recipe, params in found:
        answers = space.answers(recipe)
        assert answers is not None and answers.keys() == params.keys()
        assert {name: value for name, value in answers.items() if "rate" not in name} == {
            name: value for name, value in params.items() if "rate" not in name
        }


def test_only_hyperparameters_that_a_pattern_uses_differ_from_the_defaults(space):
    for seed in range(40):
        recipe, _ = proposed(space, seed)
        usual = usual_for(space.dataset, recipe.pattern, get(recipe.backbone))
        changed = {name for name, value in asdict(recipe.hyperparameters).items() if value != getattr(usual, name)}
        assert changed <= set(RELEVANT[recipe.pattern])
        assert recipe.hyperparameters.seed == 0


def test_a_recipe_outside_of_the_space_has_no_answers(space):
    recipe, _ = proposed(space, 0)
    assert space.answers(replace(recipe, backbone="squeezenet")) is None
    assert space.answers(replace(recipe, pattern=Pattern.CLASSIFIER)) is None
    other = replace(recipe.hyperparameters, batch_size=recipe.hyperparameters.batch_size + 1)
    assert space.answers(replace(recipe, hyperparameters=other)) is None


def test_an_onnx_network_is_only_frozen_and_cut_once():
    frozen = replace(get("mobilenet_v1"), name="frozen", trainable=False, source="onnx_file:x")
    assert patterns_of(frozen) == (Pattern.INTEGRATED_EXTRACTOR, Pattern.STANDALONE_EXTRACTOR)
    space = SearchSpace(dataset=make_dataset(), backbones=[get("mobilenet_v1"), frozen])
    found = [proposed(space, seed)[0] for seed in range(60)]
    assert {one.pattern for one in found if one.backbone == "frozen"} == set(patterns_of(frozen))
    assert {one.pattern for one in found if one.backbone != "frozen"} == set(PATTERNS)
