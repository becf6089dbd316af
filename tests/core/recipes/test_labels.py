"""Recipes as text: a title and an explanation for every part, and short names of runs."""

from dataclasses import replace

import pytest

from core.recipes.labels import (
    CASCADES,
    HYPERPARAMETERS,
    PATTERNS,
    SCHEDULES,
    SOLVERS,
    choice_title,
    describe,
    distinct_names,
    hyperparameter_label,
    name_of,
    setting_title,
    without_family,
    without_shared,
)
from core.recipes.recipe import RELEVANT, Cascade, Hyperparameters, Pattern, Recipe, Schedule, Solver

TITLES = {"lite0": "EfficientNet-Lite0", "lite1": "EfficientNet-Lite1", "r-1": "EfficientNet-Lite0 · fine-tuning"}
ENSEMBLE = Recipe(backbone="", pattern=Pattern.CASCADE, cascade=Cascade.ENSEMBLE, members=("r-1", "r-2"))


def recipe(pattern=Pattern.INTEGRATED_EXTRACTOR, **hp):
    return Recipe(backbone="lite0", pattern=pattern, hyperparameters=Hyperparameters(**hp))


def test_every_choice_has_a_title():
    assert set(PATTERNS) == set(Pattern) and set(CASCADES) == set(Cascade)
    assert set(SOLVERS) == set(Solver) and set(SCHEDULES) == set(Schedule)
    assert set(HYPERPARAMETERS) == set(Hyperparameters.__dataclass_fields__)


def test_patterns_have_the_names_of_the_literature():
    assert {str(pattern): label.title for pattern, label in PATTERNS.items()} == {
        "integrated_extractor": "Feature extraction (frozen backbone + new head)",
        "fine_tuning": "Fine-tuning",
        "standalone_extractor": "Feature extraction + scikit-learn",
        "classifier": "Pretrained classifier (zero training)",
        "weight_initialization": "Full fine-tuning (weight initialization)",
        "from_scratch": "From scratch",
        "cascade": "Cascade / ensemble",
    }
    assert PATTERNS[Pattern.CLASSIFIER].short == "Pretrained classifier"


@pytest.mark.parametrize("pattern", list(Pattern))
def test_every_hyperparameter_of_a_pattern_is_explained(pattern):
    assert all(hyperparameter_label(pattern, name).description.endswith(".") for name in RELEVANT[pattern])
    assert len(PATTERNS[pattern].description) <= 110, "a card is read at a glance"


def test_choices_have_their_titles_and_unknown_ones_are_shown_with_spaces():
    chosen = {"pattern": "fine_tuning", "cascade": "fusion", "solver": "linear_svm", "schedule": "cosine"}
    assert [choice_title(*one) for one in chosen.items()] == ["Fine-tuning", "Fusion", "Linear SVM", "Cosine"]
    assert choice_title("pattern", "of_a_later_version") == "of a later version"
    assert (setting_title("clip_norm"), setting_title("members")) == ("Gradient clipping", "Members")


def test_a_recipe_is_described_by_what_is_unusual_about_it():
    tuned = recipe(Pattern.FINE_TUNING, depth=3, seed=7, views=4)
    assert describe(tuned).startswith("Fine-tuning · 30 epochs · 4 augmentations · top 3 blocks")
    assert " · seed 7 · " in describe(tuned) and " · head warm-up 0 · " in describe(tuned)
    shallow = replace(tuned, pattern=Pattern.STANDALONE_EXTRACTOR)
    assert describe(shallow) == (
        "Feature extraction + scikit-learn · 4 augmentations · without top 3 blocks · logistic regression · seed 7"
    )
    assert describe(recipe(epochs=1, learning_rate=3e-3, class_weights=True)) == (
        "Feature extraction · 1 epoch · class weights"
    )
    assert describe(recipe(Pattern.CLASSIFIER)) == "Pretrained classifier"
    assert describe(ENSEMBLE) == "Ensemble · 2 runs"


# --- names of runs ---


@pytest.mark.parametrize(
    ("chosen", "name"),
    [
        (recipe(Pattern.CLASSIFIER), "EfficientNet-Lite0 · pretrained classifier"),
        (recipe(), "EfficientNet-Lite0 · feature extraction"),
        (recipe(depth=1), "EfficientNet-Lite0 · feature extraction (without top block)"),
        (
            recipe(Pattern.STANDALONE_EXTRACTOR, solver=Solver.LINEAR_SVM, depth=3),
            "EfficientNet-Lite0 · feature extraction + linear SVM (without top 3 blocks)",
        ),
        (recipe(Pattern.FINE_TUNING, depth=2), "EfficientNet-Lite0 · fine-tuning (top 2 blocks)"),
        (recipe(Pattern.WEIGHT_INITIALIZATION), "EfficientNet-Lite0 · full fine-tuning"),
        (recipe(Pattern.FROM_SCRATCH), "EfficientNet-Lite0 · from scratch"),
        (replace(recipe(), backbone="r-1"), "EfficientNet-Lite0 · fine-tuning, then feature extraction"),
        (
            Recipe(backbone="lite0", pattern=Pattern.CASCADE, cascade=Cascade.FUSION, members=("lite1",)),
            "Fusion of EfficientNet-Lite0 and EfficientNet-Lite1",
        ),
        (
            Recipe(backbone="lite1", pattern=Pattern.CASCADE, cascade=Cascade.STACKING, members=("r-1",)),
            "EfficientNet-Lite1 stacked on EfficientNet-Lite0 · fine-tuning",
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


def test_runs_of_one_name_are_followed_by_their_differences():
    runs = [("r-1", "Lite0", recipe(seed=1)), ("r-2", "Lite0", recipe(views=4)), ("r-3", "Lite1", recipe())]
    assert distinct_names(runs) == {
        "r-1": "Lite0 (1 augmentation, seed 1)",
        "r-2": "Lite0 (4 augmentations, seed 0)",
        "r-3": "Lite1",
    }
    assert distinct_names(runs, ignored=("views",))["r-1"] == "Lite0 (seed 1)"
    twins = [("r-1", "Lite0", recipe()), ("r-2", "Lite0", recipe())]
    assert distinct_names(twins) == {"r-1": "Lite0 (r-1)", "r-2": "Lite0 (r-2)"}


def test_only_the_family_that_all_names_share_is_left_out():
    names = {"a": "EfficientNet-Lite0 · fine-tuning", "b": "Ensemble of EfficientNet-Lite1 and EfficientNet-Lite2"}
    assert without_family(names["a"]) == "Lite0 · fine-tuning"
    assert without_shared(names) == {"a": "Lite0 · fine-tuning", "b": "Ensemble of Lite1 and Lite2"}
    assert without_shared(names | {"c": "ResNet50"}) == names | {"c": "ResNet50"}
    assert without_shared({"a": names["a"]}) == {"a": names["a"]}
