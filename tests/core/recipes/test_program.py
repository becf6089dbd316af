"""What every pattern means for the trainer, as data."""

from dataclasses import replace

import pytest

from core.errors import InvalidInput
from core.recipes.hyperparameters import Adapter, Hyperparameters, Schedule, Solver
from core.recipes.patterns import Cascade, Pattern
from core.recipes.program import (
    CLASSES,
    GRADIENT,
    MAPPING,
    PIXELS,
    PREDICTIONS,
    TOP,
    Part,
    Program,
    block_of_cut,
    blocks_behind,
    cuts_of,
    depths,
    out_of_patience,
    pooled,
    program_of,
)
from core.recipes.recipe import Recipe

BLOCKS = ("stem", "block1", "block2", "head")


def program(pattern, blocks=BLOCKS, **numbers):
    numbers = {"epochs": 10, "head_epochs": 0} | numbers
    return program_of(Recipe(backbone="b", pattern=pattern, hyperparameters=Hyperparameters(**numbers)), blocks)


def test_a_classifier_learns_nothing_and_reads_the_networks_own_classes():
    found = program(Pattern.CLASSIFIER)
    assert (found.inputs, found.head, found.stages) == ((Part(source="b", cut=CLASSES),), MAPPING, ())


@pytest.mark.parametrize("pattern", [Pattern.STANDALONE_EXTRACTOR, Pattern.INTEGRATED_EXTRACTOR])
def test_extractors_see_pooled_features_as_many_blocks_below_the_top_as_asked(pattern):
    assert program(pattern).inputs == (Part(source="b", cut=TOP),)
    assert program(pattern, depth=2).inputs == (Part(source="b", cut="block1.pool"),)
    assert program(pattern, depth=2).depth == 2


def test_a_standalone_extractor_names_its_solver_as_its_head():
    assert program(Pattern.STANDALONE_EXTRACTOR, solver=Solver.LINEAR_SVM).head == "linear_svm"


def test_fine_tuning_trains_the_head_first_and_then_the_top_blocks_from_the_features_below_them():
    head, top = program(Pattern.FINE_TUNING, depth=2, head_epochs=3, learning_rate=0.1, fine_tuning_rate=0.01).stages
    assert (head.first_epoch, head.last_epoch, head.inputs[0].cut, head.trained) == (1, 3, TOP, ())
    assert (top.first_epoch, top.last_epoch, top.inputs[0].cut) == (4, 10, "block1")
    assert top.trained == ("head", "block2") and not top.batch_norm
    assert (head.learning_rate, top.learning_rate) == (0.1, 0.01)


def test_parameter_efficient_fine_tuning_is_fine_tuning_of_parts_of_the_blocks():
    head, lora = program(Pattern.PARAMETER_EFFICIENT, depth=2, head_epochs=3, rank=4).stages
    whole_head, whole = program(Pattern.FINE_TUNING, depth=2, head_epochs=3).stages
    assert head == whole_head and (lora.name, lora.adapter, lora.rank) == ("LoRA, top 2 blocks", Adapter.LORA, 4)
    assert replace(lora, name=whole.name, adapter=None, rank=0) == whole
    assert depths(Pattern.PARAMETER_EFFICIENT, BLOCKS) == depths(Pattern.FINE_TUNING, BLOCKS)


def test_a_probe_sees_pooled_features_at_equal_distances_with_the_top_among_them():
    blocks = tuple(f"block{number}" for number in range(9))
    found = program(Pattern.MULTI_LAYER_PROBE, blocks, cuts=4)
    assert found.inputs == (Part(source="b", cut="block2.pool+block4.pool+block6.pool+top"),)
    assert (found.head, found.stages, found.full_search) == (Solver.LOGISTIC_REGRESSION, (), True)
    assert cuts_of(program(Pattern.MULTI_LAYER_PROBE, cuts=4).inputs[0].cut)[:2] == ("stem.pool", "block1.pool")
    assert pooled(found.inputs[0].cut) and block_of_cut(found.inputs[0].cut) is None
    assert not pooled("block2.pool+block3") and block_of_cut("block2.pool+block4.pool") == "block4"


def test_no_more_cuts_than_blocks():
    for many in range(2, 5):
        assert len(set(cuts_of(program(Pattern.MULTI_LAYER_PROBE, cuts=many).inputs[0].cut))) == many
    with pytest.raises(InvalidInput, match="has 4 blocks, so it can be cut at up to 4 places. Received: cuts=5"):
        program(Pattern.MULTI_LAYER_PROBE, cuts=5)


def test_fine_tuning_every_block_starts_from_pixels():
    (stage,) = program(Pattern.FINE_TUNING, depth=4).stages
    assert stage.inputs[0].cut == PIXELS and stage.trained == tuple(reversed(BLOCKS))


def test_gradual_unfreezing_lets_one_block_more_join_in_at_a_time_from_the_same_features():
    stages = program(Pattern.FINE_TUNING, depth=3, head_epochs=2, unfreeze_every=2).stages
    assert [(s.first_epoch, s.last_epoch, len(s.trained)) for s in stages] == [
        (1, 2, 0),
        (3, 4, 1),
        (5, 6, 2),
        (7, 10, 3),
    ]
    assert {s.inputs[0].cut for s in stages[1:]} == {"stem"}


def test_gradual_unfreezing_stops_where_the_epochs_end():
    stages = program(Pattern.FINE_TUNING, epochs=4, depth=3, head_epochs=2, unfreeze_every=2).stages
    assert [(s.first_epoch, s.last_epoch, len(s.trained)) for s in stages] == [(1, 2, 0), (3, 4, 1)]


def test_the_epochs_of_every_program_are_covered_once():
    for pattern in (Pattern.FINE_TUNING, Pattern.WEIGHT_INITIALIZATION, Pattern.FROM_SCRATCH):
        found = program(pattern, depth=1, head_epochs=3 if pattern is Pattern.FINE_TUNING else 0)
        covered = [epoch for stage in found.stages for epoch in range(stage.first_epoch, stage.last_epoch + 1)]
        assert covered == list(range(1, 11))
        assert found.stage_of(10) is found.stages[-1]


def test_training_all_layers_starts_from_pixels_with_batch_norm_and_only_one_of_the_two_is_pretrained():
    initialised, scratch = (program(p) for p in (Pattern.WEIGHT_INITIALIZATION, Pattern.FROM_SCRATCH))
    for found in (initialised, scratch):
        (stage,) = found.stages
        assert stage.inputs == (Part(source="b", cut=PIXELS),) and stage.batch_norm and len(stage.trained) == 4
    assert initialised.pretrained and not scratch.pretrained


def test_a_fusion_puts_the_features_of_its_networks_side_by_side():
    recipe = Recipe(backbone="a", pattern=Pattern.CASCADE, cascade=Cascade.FUSION, members=("b", "c"))
    found = program_of(recipe, ())
    assert found.inputs == tuple(Part(source=name, cut=TOP) for name in "abc") and found.head == GRADIENT


def test_stacking_passes_a_runs_answers_on():
    recipe = Recipe(backbone="a", pattern=Pattern.CASCADE, cascade=Cascade.STACKING, members=("r-1",))
    assert program_of(recipe, ()).inputs == (Part(source="a", cut=TOP), Part(source="r-1", cut=PREDICTIONS))


@pytest.mark.parametrize("kind", [Cascade.CONFIDENCE, Cascade.ENSEMBLE])
def test_what_only_combines_runs_has_no_program(kind):
    recipe = Recipe(backbone="", pattern=Pattern.CASCADE, cascade=kind, members=("r-1", "r-2"))
    with pytest.raises(InvalidInput, match="not trained"):
        program_of(recipe, ())


@pytest.mark.parametrize(
    ("pattern", "depth", "range_"),
    [
        (Pattern.FINE_TUNING, 0, "between 1 and 4"),
        (Pattern.FINE_TUNING, 5, "between 1 and 4"),
        (Pattern.INTEGRATED_EXTRACTOR, 4, "between 0 and 3"),
        (Pattern.STANDALONE_EXTRACTOR, 99, "between 0 and 3"),
    ],
)
def test_a_cut_outside_the_network_is_refused_with_the_depths_there_are(pattern, depth, range_):
    with pytest.raises(InvalidInput, match=f"4 blocks.*{range_}.*depth={depth}"):
        program(pattern, depth=depth)


def test_every_depth_that_is_offered_makes_a_program():
    for pattern in (Pattern.FINE_TUNING, Pattern.INTEGRATED_EXTRACTOR, Pattern.STANDALONE_EXTRACTOR):
        cuts = [program(pattern, depth=depth).inputs[0].cut for depth in depths(pattern, BLOCKS)]
        assert len(set(cuts)) == 4
    assert depths(Pattern.CLASSIFIER, BLOCKS) == range(1)


def test_a_head_that_takes_all_epochs_leaves_none_for_fine_tuning_and_is_refused():
    with pytest.raises(InvalidInput, match="Of 5 epochs the head takes 5"):
        program(Pattern.FINE_TUNING, depth=1, epochs=5, head_epochs=5)


def test_a_schedule_belongs_to_the_stages_after_the_head():
    head, top = program(Pattern.FINE_TUNING, depth=1, head_epochs=3, schedule=Schedule.COSINE).stages
    assert (head.schedule, top.schedule) == (Schedule.CONSTANT, Schedule.COSINE)


def test_vectors_and_maps_are_told_apart():
    assert all(pooled(cut) for cut in (TOP, CLASSES, PREDICTIONS, "block1.pool"))
    assert not any(pooled(cut) for cut in (PIXELS, "block1"))
    assert blocks_behind("block1", BLOCKS) == ("block2", "head")


# --- early stopping ---


def ended(found: Program, losses: list[float], patience: int) -> bool:
    """Whether training ends after epochs with these losses, the smallest of which is the best one."""
    best = 1 + losses.index(min(losses)) if losses else 0
    return out_of_patience(found, BLOCKS, done=len(losses), best=best, patience=patience)


LOSSES = [3.0, 2.0, 1.0, 1.1, 1.2, 1.3]


def test_early_stopping_waits_patience_epochs_without_a_smaller_loss():
    found = program(Pattern.INTEGRATED_EXTRACTOR)
    assert [ended(found, LOSSES[:n], 2) for n in range(7)] == [False] * 5 + [True, True]


def test_patience_zero_never_stops():
    assert not ended(program(Pattern.INTEGRATED_EXTRACTOR), LOSSES, 0)


def test_a_head_that_has_learned_enough_does_not_end_fine_tuning_before_the_blocks_have_learned():
    found = program(Pattern.FINE_TUNING, depth=1, head_epochs=5)
    assert not ended(found, LOSSES[:5], 2)
    assert not ended(found, LOSSES, 2)
    assert ended(found, [*LOSSES, 1.4], 2)


def test_a_recipe_knows_whether_its_length_matters():
    falling = Hyperparameters(schedule=Schedule.COSINE, depth=1)
    recipe = Recipe(backbone="b", pattern=Pattern.FINE_TUNING, hyperparameters=falling)
    assert recipe.length_matters
    assert not replace(recipe, pattern=Pattern.INTEGRATED_EXTRACTOR).length_matters


def ends(losses: list[float], patience: int, pattern: Pattern = Pattern.INTEGRATED_EXTRACTOR, **numbers) -> bool:
    recipe = Recipe(backbone="b", pattern=pattern, hyperparameters=Hyperparameters(**{"epochs": 20} | numbers))
    return ended(program_of(recipe, BLOCKS), losses, patience)


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
