"""Where a model came from, in words."""

import re

import pytest

from core.recipes.hyperparameters import Hyperparameters, Solver
from core.recipes.patterns import Cascade, Pattern
from core.recipes.recipe import Recipe
from core.web.models.provenance import provenance, used_by
from core.workbench import Workbench
from tests.factories import make_cost, make_dataset, make_evaluation, make_model, make_photos, make_run


@pytest.fixture
def bench(settings):
    workbench = Workbench.open(settings)
    workbench.registry.add_dataset(make_dataset(), make_photos())
    yield workbench
    workbench.registry.close()


def finished(bench, number: int = 1, **changes):
    """A finished run, and its model."""
    run = make_run(number, **changes)
    results = {"evaluation": make_evaluation(), "cost": make_cost(), "model": make_model(run)}
    bench.registry.add_finished(run, **results)
    return bench.registry.run(run.id)


def said(bench, run) -> str:
    """The sentence, without the time."""
    text = provenance(bench, bench.registry.model(run.id), run).replace("\\", "")
    return re.sub(r"finished <time.*</time>", "finished then", text)


LITE = "EfficientNet-Lite0, ImageNet weights, Apache-2.0"


@pytest.mark.parametrize(
    ("recipe", "sentence"),
    [
        (Recipe(backbone="efficientnet_lite0"), f"Trained on flowers v1 (80 photos) from {LITE}; finished then."),
        (
            Recipe(backbone="efficientnet_lite0", pattern=Pattern.FROM_SCRATCH),
            "Trained on flowers v1 (80 photos) from EfficientNet-Lite0 with random weights; finished then.",
        ),
        (
            Recipe(backbone="efficientnet_lite0", pattern=Pattern.CLASSIFIER),
            f"The pretrained classifier {LITE}, its classes mapped to those of flowers v1 (80 photos); finished then.",
        ),
        (
            Recipe(
                backbone="efficientnet_lite0",
                pattern=Pattern.STANDALONE_EXTRACTOR,
                hyperparameters=Hyperparameters(solver=Solver.LINEAR_SVM),
            ),
            f"Trained on flowers v1 (80 photos) from {LITE}; finished then.",
        ),
        (
            Recipe(
                backbone="efficientnet_lite0",
                pattern=Pattern.CASCADE,
                cascade=Cascade.FUSION,
                members=("efficientnet_lite1",),
            ),
            f"Trained on flowers v1 (80 photos) from {LITE} and {LITE.replace('Lite0', 'Lite1')}; finished then.",
        ),
    ],
)
def test_every_kind_of_model_says_what_it_was_made_from(bench, recipe, sentence):
    assert said(bench, finished(bench, recipe=recipe)) == sentence


def test_epochs_and_the_model_of_a_run_as_backbone_are_named(bench):
    first = finished(bench, 1, name="first")
    again = finished(bench, 2, name="again", recipe=Recipe(backbone=first.id), epochs_done=7)
    line = f"Trained on flowers v1 (80 photos) from the model of first ({first.id}); 7 epochs, finished then."
    assert said(bench, again) == line
    assert used_by(bench, first).replace("\\", "") == f"Used by again ({again.id})." and used_by(bench, again) == ""


def test_what_combines_runs_names_them_also_when_one_was_deleted(bench):
    one, other = finished(bench, 1, name="one"), finished(bench, 2, name="other")
    recipe = Recipe(backbone="", pattern=Pattern.CASCADE, cascade=Cascade.ENSEMBLE, members=(one.id, other.id))
    both = finished(bench, 3, recipe=recipe)
    start = f"Combines the predictions of one ({one.id})"
    assert said(bench, both) == f"{start} and other ({other.id}); measured on flowers v1 (80 photos); finished then."
    bench.delete_runs([other.id])
    assert f"and the deleted run {other.id}; measured" in said(bench, both)


def test_a_backbone_that_is_gone_is_named(bench):
    run = finished(bench, recipe=Recipe(backbone="vanished_net"))
    assert "from vanished_net (no longer in the catalogue); finished then." in said(bench, run)
