"""Every pattern, number and state has words of its own, in sentences short enough to be read."""

from dataclasses import replace

import pytest

from core.backbones.values import Availability
from core.recipes.defaults import reasons
from core.recipes.labels import (
    CASCADES,
    FIELDS,
    PATTERNS,
    SCHEDULES,
    SOLVERS,
    choice_words,
    field_words,
    recipe_words,
    setting_title,
)
from core.recipes.recipe import RELEVANT, Cascade, Hyperparameters, Pattern, Recipe, Schedule, Solver
from core.runs.values import Status
from core.text.units import brief
from core.web.parts.labels import AVAILABILITY, run_sentence
from tests.factories import make_run


def test_nothing_that_can_be_chosen_is_without_words():
    assert set(PATTERNS) == set(Pattern) and set(CASCADES) == set(Cascade)
    assert set(SOLVERS) == set(Solver) and set(SCHEDULES) == set(Schedule)
    assert set(FIELDS) == set(Hyperparameters.__dataclass_fields__)


def test_what_differs_is_called_as_on_train_and_what_has_no_words_as_it_is():
    said = {"pattern": "fine_tuning", "cascade": "fusion", "solver": "linear_svm", "schedule": "cosine"}
    assert [choice_words(*one) for one in said.items()] == ["Fine-tuned", "Fusion", "Linear SVM", "Cosine"]
    assert choice_words("pattern", "of_a_later_version") == "of a later version"
    assert (setting_title("clip_norm"), setting_title("members")) == ("Gradient limit", "Members")
    assert set(AVAILABILITY) == set(Availability)


@pytest.mark.parametrize("pattern", list(Pattern))
def test_every_hyperparameter_of_a_pattern_says_what_it_does_and_why_it_is_so(pattern):
    assert all(help_.endswith(".") for _, help_ in (field_words(pattern, name) for name in RELEVANT[pattern]))
    assert set(reasons(pattern)) == set(RELEVANT[pattern])
    assert len(PATTERNS[pattern][1]) <= 110, "a card is read at a glance"


def test_a_recipe_is_told_by_what_is_unusual_about_it():
    tuned = Recipe(backbone="x", pattern=Pattern.FINE_TUNING, hyperparameters=Hyperparameters(depth=3, seed=7))
    assert recipe_words(tuned).startswith(
        "Fine-tuned · 30 epochs · 1 view · top 3 blocks"
    ) and "seed 7" in recipe_words(tuned)
    shallow = replace(tuned, pattern=Pattern.STANDALONE_EXTRACTOR)
    assert (
        recipe_words(shallow) == "Features + classic · 1 view · without the top 3 blocks · logistic regression · seed 7"
    )
    assert recipe_words(replace(tuned, pattern=Pattern.CLASSIFIER)) == "As it is"
    together = Recipe(backbone="", pattern=Pattern.CASCADE, cascade=Cascade.ENSEMBLE, members=("r-1", "r-2"))
    assert recipe_words(together) == "Ensemble · 2 runs"


def test_a_run_that_ended_early_says_so_and_why():
    run = make_run(
        status=Status.FINISHED, epochs_done=7, best_epoch=5, test_accuracy=0.9, test_low=0.8, test_high=0.95,
        wall_seconds=12.0, reason="Stopped after epoch 7 of 12.",
    )  # fmt: skip
    sentence = run_sentence(run)
    assert "its best epoch, 5 of 7 (12 were asked for)." in sentence and sentence.endswith(
        "Stopped after epoch 7 of 12\\."
    )


def test_long_names_keep_both_ends():
    name = "Ensemble of EfficientNet-Lite0 · new head and EfficientNet-Lite1 · fine-tuned top 2 blocks"
    assert brief("short") == "short"
    assert len(brief(name)) <= 60 and brief(name).startswith("Ensemble of") and brief(name).endswith("2 blocks")
    assert all(word in [*name.split(), "…"] for word in brief(name).split())  # cut between words
