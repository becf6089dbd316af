"""Recipes as text: a title and an explanation for every part."""

from dataclasses import replace

import pytest

from core.recipes.hyperparameters import RELEVANT, Adapter, Hyperparameters, Precision, Schedule, Solver
from core.recipes.labels import (
    ADAPTERS,
    CASCADES,
    HYPERPARAMETERS,
    PATTERNS,
    PRECISIONS,
    SCHEDULES,
    SOLVERS,
    choice_title,
    describe,
    hyperparameter_label,
    setting_text,
    setting_title,
)
from core.recipes.patterns import Cascade, Pattern
from core.recipes.recipe import Recipe

ENSEMBLE = Recipe(backbone="", pattern=Pattern.CASCADE, cascade=Cascade.ENSEMBLE, members=("r-1", "r-2"))


def recipe(pattern=Pattern.INTEGRATED_EXTRACTOR, **hp):
    return Recipe(backbone="lite0", pattern=pattern, hyperparameters=Hyperparameters(**hp))


def test_every_choice_has_a_title():
    assert set(PATTERNS) == set(Pattern) and set(CASCADES) == set(Cascade)
    assert set(ADAPTERS) == set(Adapter) and set(PRECISIONS) == set(Precision)
    assert set(SOLVERS) == set(Solver) and set(SCHEDULES) == set(Schedule)
    assert set(HYPERPARAMETERS) == set(Hyperparameters.__dataclass_fields__)


def test_patterns_have_the_names_of_the_literature():
    assert {str(pattern): label.title for pattern, label in PATTERNS.items()} == {
        "integrated_extractor": "Feature extraction (frozen backbone + new head)",
        "fine_tuning": "Fine-tuning",
        "parameter_efficient": "Parameter-efficient fine-tuning (LoRA, norm-only, BitFit)",
        "standalone_extractor": "Feature extraction + scikit-learn",
        "multi_layer_probe": "Multi-layer probe (features of several cuts)",
        "classifier": "Pretrained classifier (zero training)",
        "weight_initialization": "Full fine-tuning (weight initialization)",
        "from_scratch": "From scratch",
        "cascade": "Cascade / ensemble",
        "distillation": "Distillation (a small backbone learns from a finished run)",
        "quantization": "Quantization (a finished model in fewer bits)",
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
        "Feature extraction + scikit-learn · 4 augmentations · without top 3 blocks · logistic regression · "
        "no full search of C · seed 7"
    )
    assert describe(recipe(epochs=1, normalize=True, zero_head=True, class_weights=True)) == (
        "Feature extraction · 1 epoch · class weights"
    )
    assert describe(recipe(Pattern.CLASSIFIER)) == "Pretrained classifier"
    assert describe(ENSEMBLE) == "Ensemble · 2 runs"
    assert setting_text(recipe(schedule=Schedule.COSINE), "schedule") == "cosine schedule"


def test_lora_keeps_its_capitals_and_the_rank_is_told_of_lora_only():
    lora = recipe(Pattern.PARAMETER_EFFICIENT, adapter=Adapter.LORA, rank=4, depth=2)
    assert describe(lora).startswith("Parameter-efficient fine-tuning · 30 epochs · top 2 blocks · LoRA · ")
    assert " · rank 4" in describe(lora)
    norm = replace(lora, hyperparameters=replace(lora.hyperparameters, adapter=Adapter.NORM))
    assert " · normalization · " in describe(norm) and "rank" not in describe(norm)


def test_a_hyperparameter_reads_well_inside_a_name():
    assert setting_text(recipe(depth=0), "depth") == "all blocks"
    assert setting_text(recipe(depth=1), "depth") == "without top block"
    assert setting_text(recipe(Pattern.FINE_TUNING, depth=2), "depth") == "top 2 blocks"
    assert setting_text(recipe(epochs=1, views=4), "epochs") == "1 epoch"
    assert setting_text(recipe(epochs=1, views=4), "views") == "4 augmentations"
    assert setting_text(recipe(class_weights=False), "class_weights") == "no class weights"
    assert setting_text(recipe(batch_size=64), "batch_size") == "batch size 64"
