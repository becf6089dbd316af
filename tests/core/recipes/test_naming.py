"""Names of runs: short, and unlike all others of their dataset."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.backbones import catalogue
from core.recipes.hyperparameters import Hyperparameters, Solver
from core.recipes.naming import LONGEST_NAME, name_of, new_names, without
from core.recipes.patterns import Cascade, Pattern
from core.recipes.recipe import Recipe

TITLES = {"lite0": "Lite0", "lite1": "Lite1", "r-1": "Lite0 · fine-tuning"}
ENSEMBLE = Recipe(backbone="", pattern=Pattern.CASCADE, cascade=Cascade.ENSEMBLE, members=("r-1", "r-2"))


def recipe(pattern=Pattern.INTEGRATED_EXTRACTOR, **hp):
    return Recipe(backbone="lite0", pattern=pattern, hyperparameters=Hyperparameters(**hp))


def test_short_titles_of_backbones_are_short_and_unlike_each_other():
    titles = [backbone.short_title for backbone in catalogue()]
    assert len(set(titles)) == len(titles)
    assert {"Lite0", "Lite1", "Lite2", "ResNet50", "MobileNetV2"} <= set(titles)
    assert max(map(len, titles)) <= 17


@pytest.mark.parametrize(
    ("chosen", "name"),
    [
        (recipe(Pattern.CLASSIFIER), "Lite0 · pretrained classifier"),
        (recipe(), "Lite0 · feature extraction"),
        (recipe(depth=1), "Lite0 · feature extraction"),
        (
            recipe(Pattern.STANDALONE_EXTRACTOR, solver=Solver.LINEAR_SVM, depth=3),
            "Lite0 · feature extraction + linear SVM",
        ),
        (recipe(Pattern.FINE_TUNING, depth=2), "Lite0 · fine-tuning"),
        (recipe(Pattern.WEIGHT_INITIALIZATION), "Lite0 · full fine-tuning"),
        (recipe(Pattern.FROM_SCRATCH), "Lite0 · from scratch"),
        (replace(recipe(), backbone="r-1"), "Lite0 · fine-tuning, then feature extraction"),
        (
            Recipe(backbone="lite0", pattern=Pattern.CASCADE, cascade=Cascade.FUSION, members=("lite1",)),
            "Fusion of Lite0 and Lite1",
        ),
        (
            Recipe(backbone="lite1", pattern=Pattern.CASCADE, cascade=Cascade.STACKING, members=("r-1",)),
            "Lite1 stacked on Lite0 · fine-tuning",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_run_is_named_by_its_backbone_and_method(chosen, name):
    assert name_of(chosen, TITLES.__getitem__) == name


@pytest.mark.parametrize(("kind", "word"), [(Cascade.ENSEMBLE, "Ensemble"), (Cascade.CONFIDENCE, "Cascade")])
def test_a_method_that_all_members_share_is_named_once(kind, word):
    alike = {"r-1": "Lite0 · fine-tuning", "r-2": "Lite1 · fine-tuning"}
    assert name_of(replace(ENSEMBLE, cascade=kind), alike.__getitem__) == f"{word} of Lite0 and Lite1 · fine-tuning"
    apart = alike | {"r-2": "Lite1 · from scratch"}
    assert name_of(replace(ENSEMBLE, cascade=kind), apart.__getitem__) == (
        f"{word} of Lite0 · fine-tuning and Lite1 · from scratch"
    )


def test_a_name_of_many_members_is_shortened():
    many = replace(ENSEMBLE, members=tuple(f"r-{number}" for number in range(40)))
    assert len(name_of(many, lambda run_id: f"{run_id} · fine-tuning {run_id}")) == 120


# --- beside other runs ---


def named(*recipes, held=None):
    """Names of new runs that would all be called "Lite0"; ``held``: recipes of the runs that have a name already."""
    return new_names([("Lite0", one) for one in recipes], (held or {}).get)


def test_a_name_that_nothing_else_has_stays_as_it_is():
    assert named(recipe()) == ["Lite0"]
    assert new_names([("Lite0", recipe()), ("Lite1", recipe(seed=1))], {}.get) == ["Lite0", "Lite1"]


@pytest.mark.parametrize(
    ("changed", "name"),
    [
        ({"epochs": 20}, "Lite0 · 20 epochs"),
        ({"seed": 8}, "Lite0 · seed 8"),
        ({"learning_rate": 0.02}, "Lite0 · learning rate 0.02"),
        ({"epochs": 20, "seed": 8}, "Lite0 · 20 epochs · seed 8"),
        ({"depth": 2}, "Lite0 · without top 2 blocks"),
        ({"class_weights": True}, "Lite0 · class weights"),
        ({}, "Lite0 #2"),
    ],
)
def test_where_a_name_is_taken_what_differs_from_its_run_is_added(changed, name):
    assert named(recipe(**changed), held={"Lite0": recipe()}) == [name]


def test_runs_that_are_made_together_all_say_what_they_differ_in():
    tuned = [recipe(Pattern.FINE_TUNING, depth=depth) for depth in (1, 2, 3)]
    assert named(*tuned) == ["Lite0 · top block", "Lite0 · top 2 blocks", "Lite0 · top 3 blocks"]
    repeated = [recipe(seed=seed) for seed in (0, 1)]
    assert named(*repeated, held={"Lite0": recipe(epochs=9)}) == [
        "Lite0 · 30 epochs · seed 0",
        "Lite0 · 30 epochs · seed 1",
    ]


def test_only_the_first_of_many_differences_are_named():
    other = recipe(epochs=9, views=3, learning_rate=0.2, batch_size=8, dropout=0.5, seed=4)
    (name,) = named(other, held={"Lite0": recipe()})
    assert name == "Lite0 · 9 epochs · learning rate 0.2 · batch size 8 · 3 augmentations"


def test_where_that_name_is_taken_too_it_is_numbered():
    held = {"Lite0": recipe(), "Lite0 · seed 1": recipe(seed=1), "Lite0 · seed 1 #2": recipe(seed=1)}
    assert named(recipe(seed=1), held=held) == ["Lite0 · seed 1 #3"]
    assert named(recipe(), recipe(), recipe()) == ["Lite0", "Lite0 #2", "Lite0 #3"]


def test_a_run_of_another_method_that_was_renamed_does_not_lengthen_the_name():
    assert named(recipe(), held={"Lite0": recipe(Pattern.FINE_TUNING, epochs=3)}) == ["Lite0 #2"]


def test_a_number_is_found_with_few_look_ups_among_thousands_of_equal_names():
    asked = []

    def holder_of(name):
        asked.append(name)
        number = int(name.partition("#")[2] or 1)
        return recipe() if number <= 70_000 else None

    assert new_names([("Lite0", recipe())], holder_of) == ["Lite0 #70001"]
    assert len(asked) < 50


def test_the_longest_name_leaves_room_for_its_ending():
    long = "x" * LONGEST_NAME
    (name,) = new_names([(long, recipe(seed=8))], {long: recipe()}.get)
    assert len(name) == LONGEST_NAME and name.endswith("x · seed 8")


hps = st.builds(
    recipe,
    st.sampled_from([Pattern.INTEGRATED_EXTRACTOR, Pattern.FINE_TUNING]),
    epochs=st.integers(20, 22),
    depth=st.integers(1, 3),
    seed=st.integers(0, 2),
    dropout=st.sampled_from([0.0, 0.5]),
)


@given(
    st.lists(st.lists(st.tuples(st.sampled_from(["Lite0", "Lite0 · seed 1", "Lite1"]), hps), max_size=6), max_size=5)
)
def test_no_two_runs_ever_get_the_same_name(launches):
    held: dict[str, Recipe] = {}
    for wanted in launches:
        names = new_names(wanted, held.get)
        assert len(set(names)) == len(wanted) and not set(names) & set(held)
        held |= zip(names, [one for _, one in wanted], strict=True)


def test_what_is_left_aside_can_be_taken_out_of_a_name():
    tuned = recipe(Pattern.FINE_TUNING, depth=2, seed=8)
    assert (
        without("Lite0 · fine-tuning · top 2 blocks · seed 8", tuned, ("seed",)) == "Lite0 · fine-tuning · top 2 blocks"
    )
    assert without("Lite0 · fine-tuning · top 2 blocks · seed 8", tuned, ("seed", "depth")) == "Lite0 · fine-tuning"
    assert without("Lite0 · fine-tuning (top 2 blocks)", tuned, ("depth",)) == "Lite0 · fine-tuning"
    assert without("My best", tuned, ("seed", "depth")) == "My best"
