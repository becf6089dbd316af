"""Patience: a function of the epochs so far, so that resumed and extended runs end where they would have ended."""

from core.recipes.program import out_of_patience, program_of
from core.recipes.recipe import Hyperparameters, Pattern, Recipe

BLOCKS = ("stem", "block1", "block2", "head")


def ends(losses: list[float], patience: int, pattern: Pattern = Pattern.INTEGRATED_EXTRACTOR, **numbers) -> bool:
    recipe = Recipe(backbone="b", pattern=pattern, hyperparameters=Hyperparameters(**{"epochs": 20} | numbers))
    return out_of_patience(program_of(recipe, BLOCKS), BLOCKS, losses, patience)


def test_training_ends_after_so_many_epochs_without_a_smaller_validation_loss():
    assert not ends([3, 1, 2], patience=2)
    assert ends([3, 1, 2, 1.5], patience=2)
    assert ends([3, 1, 1, 1], patience=2), "as good as before is not better"
    assert not ends([3, 1, 2, 0.9], patience=2)


def test_without_patience_and_before_the_first_epoch_nothing_ends():
    assert not ends([1, 2, 3, 4, 5], patience=0)
    assert not ends([], patience=1)


def test_a_head_that_has_learned_enough_is_where_fine_tuning_begins():
    tuned = {"pattern": Pattern.FINE_TUNING, "head_epochs": 4, "depth": 2}
    assert not ends([1, 2, 3, 4], patience=2, **tuned)
    assert not ends([1, 2, 3, 4, 5], patience=2, **tuned), "it has two epochs to show what it can"
    assert ends([1, 2, 3, 4, 5, 6], patience=2, **tuned)


def test_blocks_that_have_not_joined_in_yet_are_waited_for():
    gradual = {"pattern": Pattern.FINE_TUNING, "depth": 3, "unfreeze_every": 3}
    assert not ends([1, 2, 3, 4, 5, 6], patience=2, **gradual)
    assert not ends([1, 2, 3, 4, 5, 6, 7], patience=2, **gradual)
    assert ends([1, 2, 3, 4, 5, 6, 7, 8], patience=2, **gradual)


def test_a_longer_run_ends_at_the_same_epoch():
    for numbers in ({"head_epochs": 2, "depth": 2}, {"depth": 3, "unfreeze_every": 2}):
        for count in range(1, 8):
            losses = [float(n) for n in range(count)]
            short, long = (ends(losses, 2, Pattern.FINE_TUNING, epochs=n, **numbers) for n in (8, 30))
            assert short == long


def test_a_network_trained_as_a_whole_is_all_there_from_the_beginning():
    assert ends([1, 2, 3], patience=2, pattern=Pattern.FROM_SCRATCH)
    assert ends([1, 2, 3], patience=2, pattern=Pattern.FINE_TUNING, depth=4)
