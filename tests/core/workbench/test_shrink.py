"""Smaller models of a run: what is launched, what is refused, and how finished ones are compared."""

from dataclasses import replace

import pytest

from core import jobs
from core.errors import InvalidInput
from core.files.home import run_folder
from core.planning.decide import Decision
from core.recipes.hyperparameters import Hyperparameters, Precision
from core.recipes.patterns import Pattern
from core.recipes.recipe import Recipe
from core.runs.predictions import read_predictions
from core.runs.values import Status
from core.workbench import Workbench
from tests.factories import fill, make_cost, make_evaluation, make_model, make_run
from tests.tiny_lite import give_network


@pytest.fixture
def bench(settings, registry, monkeypatch):
    monkeypatch.setattr(jobs, "ensure_supervisor", lambda _settings: None)
    filled = fill(registry, settings, runs=6, per_class=12)
    bench = Workbench.open(settings)
    bench.filled, bench.source = filled, filled.with_status(Status.FINISHED)[0]
    give_network(run_folder(settings, bench.source.id).model, classes=len(filled.dataset.class_names))
    return bench


def finished(bench, number, precision, wrong=0, size=1000):
    """A finished quantization whose test predictions differ from its source's in so many photos."""
    recipe = Recipe(
        backbone="",
        pattern=Pattern.QUANTIZATION,
        members=(bench.source.id,),
        hyperparameters=Hyperparameters(precision=precision),
    )
    run = make_run(number, dataset=bench.filled.dataset, recipe=recipe, name=f"small {precision}")
    names = bench.filled.dataset.class_names
    model = make_model(run)
    model = replace(model, card=model.card | {"engines": [{"file": "prefix.tflite"}]})
    bench.registry.add_finished(run, evaluation=make_evaluation(names), cost=make_cost(ms_per_photo=2.0), model=model)
    folder = run_folder(bench.settings, run.id)
    folder.model.mkdir(parents=True)
    (folder.model / "prefix.tflite").write_bytes(b"0" * size)
    known = read_predictions(bench.source.id, "test", bench.settings)
    probabilities = known.probabilities.copy()
    probabilities[:wrong] = probabilities[:wrong][:, ::-1]
    replace(known, run_id=run.id, probabilities=probabilities).write(folder.predictions("test"))
    return run


def test_a_run_gets_one_quantization_for_every_precision(bench):
    launched = bench.shrink(bench.source.id)
    assert [plan.decision for plan, _ in launched] == [Decision.NEW] * 3
    assert [run.recipe.hyperparameters.precision for _, run in launched] == list(Precision)
    assert len({run.name for _, run in launched}) == 3 and all(run.status is Status.SCHEDULED for _, run in launched)
    assert all(plan.estimate_seconds > 0 for plan, _ in launched)


def test_what_waits_already_is_not_launched_again(bench):
    first = bench.shrink(bench.source.id, [Precision.INT8])
    again = bench.shrink(bench.source.id, [Precision.INT8, Precision.INT8])
    assert [run.id for _, run in again] == [run.id for _, run in first]


def test_a_run_without_a_model_is_refused(bench):
    failed = bench.filled.with_status(Status.FAILED)[0]
    with pytest.raises(InvalidInput, match="no model"):
        bench.shrink(failed.id)


def test_a_quantized_model_is_not_quantized_again(bench):
    small = finished(bench, 50, Precision.INT8)
    with pytest.raises(InvalidInput, match="quantized already"):
        bench.shrink(small.id)


def test_finished_ones_are_listed_by_size_and_tested_against_their_source(bench):
    large = finished(bench, 50, Precision.FLOAT16, size=2000)
    small = finished(bench, 51, Precision.INT8, wrong=8, size=900)
    found = bench.smaller_models(bench.source.id)
    assert [one.run.id for one in found] == [small.id, large.id]
    source = run_folder(bench.settings, bench.source.id).model
    before = sum((source / name).stat().st_size for name in ("prefix.tflite", "head.npz"))
    assert [(one.bytes, one.bytes_before) for one in found] == [(900, before), (2000, before)]
    assert found[1].test.difference == 0 and found[1].test.comparisons == 2
    assert found[0].test.reference == bench.source.id and found[0].test.difference < 0


def test_without_predictions_it_is_not_tested(bench):
    small = finished(bench, 50, Precision.INT8)
    run_folder(bench.settings, small.id).predictions("test").unlink()
    assert bench.smaller_models(bench.source.id)[0].test is None


def test_the_loss_that_is_allowed_decides(bench):
    finished(bench, 50, Precision.INT8)
    strict, generous = (bench.smaller_models(bench.source.id, loss)[0].test for loss in (0.001, 0.5))
    assert (str(strict.outcome), str(generous.outcome)) == ("not known", "not worse")


def test_a_smaller_backbone_learns_from_the_run(bench):
    ((plan, run),) = bench.shrink(bench.source.id, (), ["squeezenet"])
    recipe = run.recipe
    assert (recipe.pattern, recipe.backbone, recipe.members) == (
        Pattern.DISTILLATION, "squeezenet", (bench.source.id,)
    )  # fmt: skip
    assert plan.decision is Decision.NEW and run.name == f"SqueezeNet · distilled from {bench.source.name}"
    assert bench._student(run.recipe) == "SqueezeNet 1.1"
    assert bench._student(replace(run.recipe, backbone="deleted")) == "deleted"
    assert [one.id for one in bench.lineage(run.id).parents] == [bench.source.id]
    assert [one.id for one in bench.lineage(bench.source.id).children] == [run.id]


def test_a_teacher_of_other_classes_is_refused(bench, registry, settings):
    other = fill(registry, settings, runs=1, class_names=("cat", "dog"), name="pets").dataset
    recipe = Recipe(backbone="squeezenet", pattern=Pattern.DISTILLATION, members=(bench.source.id,))
    (plan,) = bench.plan(other.id, [recipe])
    assert plan.decision is Decision.REFUSED and "A teacher has the classes of the dataset" in plan.because
