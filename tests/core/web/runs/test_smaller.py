"""The section *Smaller model* of a finished run."""

from dataclasses import replace

import pytest

from core.files.home import run_folder
from core.recipes.hyperparameters import Hyperparameters, Precision
from core.recipes.patterns import Pattern
from core.recipes.recipe import Recipe
from core.runs.predictions import read_predictions
from core.runs.values import Status
from tests.factories import make_cost, make_evaluation, make_model, make_run
from tests.pages.conftest import text_of, visit
from tests.tiny_lite import give_network


@pytest.fixture
def source(bench, filled):
    run = filled.with_status(Status.FINISHED)[0]
    give_network(run_folder(bench.settings, run.id).model, classes=len(filled.dataset.class_names))
    return run


@pytest.fixture
def small(bench, filled, source):
    """A finished quantization that predicts as its source does."""
    recipe = Recipe(
        backbone="",
        pattern=Pattern.QUANTIZATION,
        members=(source.id,),
        hyperparameters=Hyperparameters(precision=Precision.INT8),
    )
    (plan,) = bench.shrink_plan(source.id, [Precision.INT8]).plans
    known = {"recipe": recipe, "fingerprint": plan.fingerprint, "name": "Lite0 · int8"}
    run = make_run(50, dataset=filled.dataset, **known)
    model = make_model(run)
    model = replace(model, card=model.card | {"engines": [{"file": "prefix.tflite"}]})
    evaluation, cost = make_evaluation(filled.dataset.class_names), make_cost(ms_per_photo=2.0)
    bench.registry.add_finished(run, evaluation=evaluation, cost=cost, model=model)
    folder = run_folder(bench.settings, run.id)
    folder.model.mkdir(parents=True)
    folder.card.write_text("{}")
    (folder.model / "prefix.tflite").write_bytes(b"0" * 50_000)
    known = read_predictions(source.id, "test", bench.settings)
    replace(known, run_id=run.id).write(folder.predictions("test"))
    return run


def test_a_click_puts_every_precision_into_the_queue(bench, source):
    at = visit("runs", run=source.id)
    button = at.button(key="run.quantize")
    assert button.label == "Quantize: float16, int8 weights and int8"
    button.click().run()
    waiting = [run for run in bench.registry.runs_using(source.id) if run.status is Status.SCHEDULED]
    assert {run.recipe.hyperparameters.precision for run in waiting} == set(Precision)
    assert "in the queue or running" in text_of(at) and not [b for b in at.button if b.key == "run.quantize"]


def test_few_test_photos_do_not_show_that_nothing_was_lost(source, small):
    at = visit("runs", run=source.id)
    text = text_of(at)
    assert "None is shown to lose at most 1 point on 12 test photos" in text and "**Use " not in text
    assert at.button(key="run.quantize").label == "Quantize: float16 and int8 weights"


def test_with_a_larger_loss_allowed_it_is_recommended_with_what_it_saves(source, small):
    at = visit("runs", run=source.id)
    at.number_input(key="run.most-loss").set_value(40.0).run()
    text = text_of(at)
    assert "**Use Lite0 · int8**: 50 kB instead of 199 kB" in text and "it loses at most" in text


def test_a_quantized_model_and_one_without_weights_have_no_such_section(bench, source, small):
    assert "Smaller model" not in text_of(visit("runs", run=small.id))
    bench.delete_weights([source.id])
    assert "Smaller model" not in text_of(visit("runs", run=source.id))


def test_a_smaller_backbone_can_learn_from_it(bench, source):
    at = visit("runs", run=source.id)
    at.selectbox(key="run.student").set_value("squeezenet").run()
    at.button(key="run.distil").click().run()
    (student,) = [run for run in bench.registry.runs_using(source.id) if run.recipe.pattern is Pattern.DISTILLATION]
    assert student.recipe.backbone == "squeezenet"
    assert at.button(key="run.distil").disabled and "in the queue or running" in text_of(at)
