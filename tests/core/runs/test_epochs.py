"""Which epoch is the best one."""

from dataclasses import replace
from math import nan

import pytest

from core.recipes.hyperparameters import BestEpoch, Hyperparameters
from core.recipes.patterns import TRAINS_TOP_BLOCKS, Pattern
from core.recipes.recipe import Recipe
from core.runs.epochs import best_of, keeps_head
from core.runs.values import Epoch, Run, Status


def epochs(*measured: tuple[float, float]) -> list[Epoch]:
    """With these validation losses and accuracies."""
    return [
        Epoch(number=number, attempt=1, loss=0.5, accuracy=0.5, val_loss=loss, val_accuracy=accuracy, seconds=1.0)
        for number, (loss, accuracy) in enumerate(measured, start=1)
    ]


def test_by_loss_the_smallest_wins_and_of_equals_the_earlier():
    assert best_of(epochs((0.2, 0.9), (0.1, 0.7), (0.1, 0.8))).number == 2


def test_by_accuracy_a_risen_loss_matters_only_among_equals():
    found = epochs((0.2, 0.8), (0.4, 0.9), (0.3, 0.9), (0.3, 0.9))
    assert best_of(found, BestEpoch.ACCURACY).number == 3
    assert best_of(found).number == 1


def test_by_calibrated_loss_overconfidence_does_not_count():
    found = [
        replace(epoch, val_calibrated_loss=calibrated)
        for epoch, calibrated in zip(epochs((0.2, 0.8), (0.5, 0.8)), (0.19, 0.15), strict=True)
    ]
    assert best_of(found, BestEpoch.CALIBRATED).number == 2 and best_of(found).number == 1


@pytest.mark.parametrize("best_by", BestEpoch)
def test_an_epoch_without_figures_is_never_the_best(best_by):
    assert best_of(epochs((nan, nan), (0.9, 0.1)), best_by).number == 2


@pytest.mark.parametrize("pattern", TRAINS_TOP_BLOCKS)
def test_fine_tuning_keeps_its_head_where_no_later_epoch_is_better(pattern):
    recipe = Recipe(backbone="b", pattern=pattern, hyperparameters=Hyperparameters(epochs=9, head_epochs=3))
    run = Run(id="r", dataset_id="d", recipe=recipe, fingerprint="f", name="n", status=Status.FINISHED, best_epoch=3)
    assert keeps_head(run)
    assert not keeps_head(replace(run, best_epoch=4)) and not keeps_head(replace(run, best_epoch=None))
    assert not keeps_head(replace(run, recipe=replace(recipe, pattern=Pattern.INTEGRATED_EXTRACTOR)))
