"""Recipes: what is refused, and the fingerprint that finds earlier answers."""

import json
from dataclasses import fields, replace

import pytest

from core.backbones.token_network import Pooling
from core.datasets.decoding.fit import Fit
from core.errors import InvalidInput
from core.recipes.hyperparameters import (
    ADDED,
    BOUNDS,
    CHOICES,
    RELEVANT,
    Adapter,
    Augmentation,
    BestEpoch,
    Hyperparameters,
    Precision,
    Schedule,
    Solver,
    ViewSettings,
)
from core.recipes.patterns import OF_A_BACKBONE, Cascade, Pattern
from core.recipes.recipe import Recipe, family, fingerprint

RECIPE = Recipe(backbone="efficientnet_lite0")


def print_of(recipe=RECIPE, dataset="d", weights="w"):
    return fingerprint(recipe, dataset_digest=dataset, weights_digest=weights)


def with_hp(**changes):
    return replace(RECIPE, hyperparameters=replace(RECIPE.hyperparameters, **changes))


def a_recipe(pattern=Pattern.INTEGRATED_EXTRACTOR, backbone="efficientnet_lite0", mapping=(), **hp):
    return Recipe(backbone=backbone, pattern=pattern, mapping=mapping, hyperparameters=Hyperparameters(**hp))


def a_cascade(kind, backbone, *members, **hp):
    return Recipe(
        backbone=backbone, pattern=Pattern.CASCADE, cascade=kind, members=members, hyperparameters=Hyperparameters(**hp)
    )


KNOWN = [
    (
        a_recipe(Pattern.CLASSIFIER, mapping=(("n02123045", "cat"), ("n1", ""))),
        "811876fccf40e4e93cf326fa514a021cb1bae0f733dbacbf423508fe0abed077",
        "ded8befc0307c882",
    ),
    (
        a_recipe(Pattern.STANDALONE_EXTRACTOR, depth=2, solver=Solver.LINEAR_SVM, class_weights=True),
        "6d3ea749151f8a2b20f5234c48356da5fc0e97f4513fe90198f245f8eaf46beb",
        "55dfea0b3e55f543",
    ),
    (
        replace(
            a_recipe(backbone="efficientnet_lite1", epochs=12, views=4, seed=7, learning_rate=3e-3), views_by_seed=True
        ),
        "59296946ec2a74eca0169ccce847854fcbb5674774ac83ebbd2076005db71d8d",
        "3da4ecf7e791a62e",
    ),
    (
        a_recipe(
            Pattern.FINE_TUNING, backbone="efficientnet_lite2", epochs=15, head_epochs=5, depth=2,
            schedule=Schedule.COSINE, clip_norm=1.0, fine_tuning_rate=3e-4,
        ),
        "5cb17f02140eed9b40e11e0ad9b812e2c061159ff9317aed8a0591c58c0ad6bb",
        "2ab2eafc8d829ef2",
    ),
    (
        a_recipe(Pattern.WEIGHT_INITIALIZATION, rate_decay=0.4, mixed_precision=True),
        "79ac09b26ec72bdbfd4a8df4e1c7de73a9e6632184576a88e5731d6691c82f67",
        "bd833b95f27ec97d",
    ),
    (
        a_recipe(Pattern.FROM_SCRATCH, epochs=10, warmup=0.2),
        "7f98a12d6a354468c4f4cf704fb686482a17fc1d88a62c66d0496abdf0682925",
        "38c1e2d0790b02cc",
    ),
    (
        a_cascade(Cascade.FUSION, "efficientnet_lite0", "efficientnet_lite1"),
        "c27268d5abb0ffd27a0d9945de07b873bee24c1aeeec8e2f53d2915fa8c91c2c",
        "eb506760d18c6128",
    ),
    (
        a_cascade(Cascade.STACKING, "efficientnet_lite0", "r-1", hidden_units=8),
        "72c0547d194e3fc338cf6769c0b55657d6d677ff886d7b9a2da67e81d8fb8027",
        "973cc1ebd0a08c47",
    ),
    (
        a_cascade(Cascade.ENSEMBLE, "", "r-1", "r-2"),
        "e0cd38d4ec801cd5654f8d96ff9b07560b1ed67fd8196e284268e1368dc833ab",
        "f3c67bbf10f010ca",
    ),
    (
        a_cascade(Cascade.CONFIDENCE, "", "r-1", "r-2", seed=3),
        "6d75b0f76212284bc3dfcac5eac994b77b19818b92c4f19b9019221ca8086a3e",
        "a055f97fd2dd3711",
    ),
]  # fmt: skip
"""Recipes with their fingerprint and family as version 0.3.0 computed them."""


@pytest.mark.parametrize(("recipe", "expected", "expected_family"), KNOWN, ids=lambda value: str(value)[:8])
def test_fingerprints_are_those_of_earlier_versions(recipe, expected, expected_family):
    assert (print_of(recipe), family(recipe)) == (expected, expected_family)


def test_a_hyperparameter_that_is_as_before_it_existed_changes_no_fingerprint():
    old = RECIPE.to_dict()
    old["hyperparameters"] = {name: value for name, value in old["hyperparameters"].items() if name not in ADDED}
    assert Recipe.from_dict(old) == RECIPE
    changed = replace(RECIPE, hyperparameters=Hyperparameters(best_by=BestEpoch.ACCURACY))
    assert Recipe.from_dict(changed.to_dict()) == changed
    assert print_of(changed) != print_of(RECIPE) and family(changed) != family(RECIPE)


def test_settings_are_what_was_chosen_in_order():
    chosen = replace(RECIPE, pattern=Pattern.STANDALONE_EXTRACTOR, hyperparameters=Hyperparameters(depth=2))
    assert list(chosen.settings().items()) == [
        ("backbone", "efficientnet_lite0"), ("pattern", "standalone_extractor"), ("cascade", None), ("members", None),
        ("mapping", None), ("prompts", None), ("views_by_seed", None), ("solver", "logistic_regression"),
        ("full_search", False), ("depth", 2), ("views", 1), ("augmentation", "flips_and_crops"),
        ("class_weights", False), ("seed", 0), ("input_size", 0), ("fit", "squash"), ("pooling", "own"),
    ]  # fmt: skip
    ensemble = Recipe(backbone="", pattern=Pattern.CASCADE, cascade=Cascade.ENSEMBLE, members=("r-1", "r-2"))
    assert {name: value for name, value in ensemble.settings().items() if value is not None} == {
        "pattern": "cascade", "cascade": "ensemble", "members": ("r-1", "r-2"),
    }  # fmt: skip


def test_the_number_of_epochs_does_not_change_the_fingerprint():
    assert print_of(with_hp(epochs=7)) == print_of(with_hp(epochs=100))


@pytest.mark.parametrize(
    "changes",
    [
        {"seed": 1},
        {"batch_size": 16},
        {"learning_rate": 0.1},
        {"dropout": 0.5},
        {"hidden_units": 8},
        {"views": 3},
        {"label_smoothing": 0.1},
    ],
    ids=str,
)
def test_every_other_hyperparameter_changes_it(changes):
    assert print_of(with_hp(**changes)) != print_of()


def test_other_photos_other_weights_and_another_backbone_change_it():
    others = {print_of(dataset="e"), print_of(weights="v"), print_of(replace(RECIPE, backbone="efficientnet_lite1"))}
    assert len(others | {print_of()}) == 4


def test_a_recipe_survives_the_registry():
    recipe = with_hp(epochs=3, learning_rate=0.01)
    assert Recipe.from_dict(recipe.to_dict()) == recipe


# --- patterns and cascades ---


def test_only_what_a_pattern_looks_at_changes_its_fingerprint():
    for pattern in OF_A_BACKBONE:
        recipe = replace(RECIPE, pattern=pattern)
        for name, value in OTHER.items():
            changed = replace(recipe, hyperparameters=replace(recipe.hyperparameters, **{name: value}))
            expected = name in RELEVANT[pattern] and name != "epochs"
            assert (print_of(changed) != print_of(recipe)) == expected, (pattern, name)


OTHER = {
    "epochs": 9, "batch_size": 16, "learning_rate": 0.1, "dropout": 0.5, "hidden_units": 8, "label_smoothing": 0.1,
    "views": 3, "seed": 1, "depth": 2, "head_epochs": 3, "fine_tuning_rate": 0.01, "schedule": Schedule.COSINE,
    "warmup": 0.2, "rate_decay": 0.5, "unfreeze_every": 2, "clip_norm": 2.0, "patience": 4, "class_weights": True,
    "mixed_precision": True, "solver": Solver.LINEAR_SVM, "normalize": True, "zero_head": True, "full_search": True,
    "input_size": 320, "fit": Fit.CROP, "augmentation": Augmentation.FLIPS, "best_by": BestEpoch.ACCURACY,
    "adapter": Adapter.NORM, "rank": 4, "cuts": 3, "pooling": Pooling.MEAN,
    "precision": Precision.FLOAT16, "teacher_weight": 0.9,
}  # fmt: skip
"""Another value of every hyperparameter."""


def test_the_search_of_c_tells_linear_solvers_apart_and_no_others():
    def print_with(solver, full):
        hp = Hyperparameters(solver=solver, full_search=full)
        return print_of(replace(RECIPE, pattern=Pattern.STANDALONE_EXTRACTOR, hyperparameters=hp))

    differing = [solver for solver in Solver if print_with(solver, True) != print_with(solver, False)]
    assert differing == [Solver.LOGISTIC_REGRESSION, Solver.LINEAR_SVM]


def test_the_rank_tells_lora_recipes_apart_and_no_others():
    def print_with(adapter, rank):
        hp = Hyperparameters(adapter=adapter, rank=rank)
        return print_of(replace(RECIPE, pattern=Pattern.PARAMETER_EFFICIENT, hyperparameters=hp))

    assert [adapter for adapter in Adapter if print_with(adapter, 4) != print_with(adapter, 16)] == [Adapter.LORA]


def test_no_hyperparameter_is_forgotten():
    assert set(OTHER) == {field.name for field in fields(Hyperparameters)} == set(BOUNDS) | set(CHOICES)
    assert set(OTHER) == {name for names in RELEVANT.values() for name in names}


def fusion(*names):
    return Recipe(backbone=names[0], pattern=Pattern.CASCADE, cascade=Cascade.FUSION, members=names[1:])


def test_a_corrected_mapping_is_another_classifier():
    classifier = replace(RECIPE, pattern=Pattern.CLASSIFIER)
    assert print_of(replace(classifier, mapping=(("n02123045", "cat"),))) != print_of(classifier)


def test_the_order_of_a_cascade_counts():
    assert print_of(fusion("a", "b")) != print_of(fusion("b", "a"))


def test_a_cascade_survives_the_registry():
    for recipe in (fusion("a", "b"), replace(RECIPE, pattern=Pattern.CLASSIFIER, mapping=(("n1", ""),))):
        assert Recipe.from_dict(json.loads(json.dumps(recipe.to_dict()))) == recipe


@pytest.mark.parametrize(
    ("kind", "members", "words"),
    [
        (Cascade.FUSION, (), "two to nine backbones. Received: a"),
        (Cascade.FUSION, tuple("bcdefghij"), "two to nine"),
        (Cascade.FUSION, ("a",), "Received twice: a"),
        (Cascade.STACKING, (), "one finished run and one backbone"),
        (Cascade.STACKING, ("r-1", "r-2"), "one finished run"),
        (Cascade.CONFIDENCE, ("r-1",), "two finished runs, the cheap one first"),
        (Cascade.CONFIDENCE, ("r-1", "r-1"), "Received twice: r-1"),
        (Cascade.ENSEMBLE, ("r-1",), "two to fifty"),
        (Cascade.ENSEMBLE, (), "Received: none"),
    ],
)
def test_a_cascade_of_too_few_or_too_many_is_refused(kind, members, words):
    with pytest.raises(InvalidInput, match=words):
        Recipe(backbone="" if kind.combines_runs else "a", pattern=Pattern.CASCADE, cascade=kind, members=members)


def test_a_cascade_and_only_a_cascade_says_of_which_kind_it_is():
    with pytest.raises(InvalidInput, match="Only the pattern cascade"):
        Recipe(backbone="a", pattern=Pattern.CASCADE)
    with pytest.raises(InvalidInput, match="Only the pattern cascade"):
        Recipe(backbone="a", cascade=Cascade.FUSION, members=("b",))


def test_repetitions_differ_in_the_seed_alone():
    assert family(with_hp(seed=1)) == family(with_hp(seed=2))
    assert family(with_hp(depth=0, warmup=0.1)) == family(with_hp(seed=2, warmup=0.3))  # nobody looks at it
    assert family(with_hp(epochs=1)) != family(with_hp(epochs=2))


def of_an_earlier_version(recipe):
    """The recipe as a version before 0.7 stored it, read by this one."""
    return Recipe.from_dict({name: value for name, value in recipe.to_dict().items() if name != "views_by_seed"})


def test_views_belong_to_the_dataset():
    assert [with_hp(views=4, seed=seed).view(3) for seed in (0, 7)] == [ViewSettings(3, 0)] * 2


def test_a_run_of_an_earlier_version_keeps_the_views_of_its_seed():
    new = with_hp(views=4, seed=7)
    old = of_an_earlier_version(new)
    assert old.view(3) == ViewSettings(3, 7) and Recipe.from_dict(old.to_dict()) == old
    assert print_of(old) != print_of(new) and family(old) == family(new)


@pytest.mark.parametrize(
    "same", [with_hp(views=4), with_hp(seed=7), a_recipe(Pattern.CLASSIFIER, views=4, seed=7)], ids=str
)
def test_a_run_of_an_earlier_version_whose_views_are_the_same_is_the_same(same):
    old = of_an_earlier_version(same)
    assert old == same and print_of(old) == print_of(same) == print_of(replace(same, views_by_seed=True))


@pytest.mark.parametrize("changed", [{"input_size": 320}, {"fit": Fit.CROP}, {"input_size": 320, "fit": Fit.PAD}])
def test_another_input_is_another_recipe_in_every_pattern(changed):
    for pattern in OF_A_BACKBONE:
        plain, other = a_recipe(pattern), a_recipe(pattern, **changed)
        assert print_of(plain) != print_of(other) and family(plain) != family(other)


def test_a_recipe_of_before_input_sizes_is_read_as_it_was_trained():
    stored = RECIPE.to_dict()
    for name in ADDED:
        del stored["hyperparameters"][name]
    assert Recipe.from_dict(stored) == RECIPE


def test_a_recipe_with_another_input_survives_being_stored():
    chosen = with_hp(input_size=320, fit=Fit.PAD)
    again = Recipe.from_dict(json.loads(json.dumps(chosen.to_dict())))
    assert again == chosen and isinstance(again.hyperparameters.fit, Fit)


def test_a_pooling_means_nothing_where_the_network_classifies_by_itself():
    mean = Hyperparameters(pooling=Pooling.MEAN)
    found = {pattern: replace(RECIPE, pattern=pattern, hyperparameters=mean).pooling for pattern in OF_A_BACKBONE}
    assert {pattern for pattern, pooling in found.items() if pooling is Pooling.OWN} == {Pattern.CLASSIFIER}
