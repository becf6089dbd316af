"""Defaults for every pattern, network and number of photos, each with its reason."""

from dataclasses import replace

import pytest

from core.backbones import catalogue
from core.recipes.defaults import fitting, reasons, suggest_hyperparameters
from core.recipes.hyperparameters import RELEVANT, Hyperparameters, Schedule
from core.recipes.patterns import OF_A_BACKBONE, Pattern
from core.recipes.program import program_of
from core.recipes.recipe import Recipe

ALONE = list(OF_A_BACKBONE)


@pytest.mark.parametrize("pattern", ALONE)
@pytest.mark.parametrize("photos", [6, 134, 1000, 3068, 100_000])
def test_the_defaults_of_every_pattern_make_a_program_on_every_network(pattern, photos):
    for backbone in catalogue():
        hp = suggest_hyperparameters(train_photos=photos, classes=5, pattern=pattern, blocks=len(backbone.blocks))
        program_of(Recipe(backbone=backbone.name, pattern=pattern, hyperparameters=hp), backbone.blocks)
        assert hp.batch_size <= max(8, photos // 8)


@pytest.mark.parametrize("pattern", Pattern)
def test_every_default_has_a_reason(pattern):
    told = reasons(pattern)
    assert tuple(told) == RELEVANT[pattern]
    assert all(words.strip().endswith(".") for words in told.values())


def test_a_head_learns_faster_than_pretrained_blocks_and_those_by_a_falling_rate():
    hp = suggest_hyperparameters(train_photos=1000, classes=5, pattern=Pattern.FINE_TUNING)
    assert hp.fine_tuning_rate < hp.learning_rate
    assert hp.schedule is Schedule.COSINE and 0 < hp.head_epochs < hp.epochs


def test_a_network_of_one_block_is_not_fine_tuned_deeper_than_it_is():
    assert suggest_hyperparameters(train_photos=1000, classes=5, pattern=Pattern.FINE_TUNING, blocks=1).depth == 1


def test_with_fewer_epochs_the_head_alone_takes_a_third_of_them():
    hp = Hyperparameters(epochs=15, head_epochs=5)
    assert fitting(hp) == hp
    assert fitting(replace(hp, epochs=10)).head_epochs == 5
    assert fitting(replace(hp, epochs=6)).head_epochs == 2
    assert fitting(replace(hp, epochs=1)).head_epochs == 0


def test_a_batch_has_at_most_all_photos_and_everything_else_keeps_its_defaults():
    assert [suggest_hyperparameters(train_photos=n, classes=2).batch_size for n in (1, 2, 7, 8, 9, 127, 128)] == [
        1, 2, 7, 8, 8, 8, 16,
    ]  # fmt: skip


@pytest.mark.parametrize("photos", [6, 134, 1000, 3068, 100_000])
def test_defaults_suit_every_size(photos):
    numbers = suggest_hyperparameters(train_photos=photos, classes=5)
    assert numbers.epochs >= 10
    assert numbers.batch_size <= max(8, photos // 8)


def test_a_head_on_frozen_features_has_one_view_and_fine_tuning_several_where_photos_are_few():
    few, many = (
        suggest_hyperparameters(train_photos=n, classes=5, pattern=Pattern.FINE_TUNING) for n in (100, 100_000)
    )
    assert few.views > many.views == 1
    frozen = [Pattern.INTEGRATED_EXTRACTOR, Pattern.STANDALONE_EXTRACTOR, Pattern.CASCADE]
    assert {suggest_hyperparameters(train_photos=100, classes=5, pattern=one).views for one in frozen} == {1}
