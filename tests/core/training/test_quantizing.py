"""The attempt of a quantization, with real networks, from the queue to the finished run."""

import subprocess
import sys

import numpy as np
import pytest

from core import jobs
from core.features.views import View, jpeg_of
from core.files.home import dataset_folder, run_folder
from core.jobs.exit_policy import ExitCode
from core.models import quantization
from core.models.inference.stored import load_graph
from core.planning.decide import Decision
from core.recipes.hyperparameters import Precision
from core.recipes.patterns import Pattern
from core.runs.predictions import read_predictions
from core.runs.values import Status
from core.settings import REPOSITORY
from core.training import __main__ as trainer
from core.training.stopping import Stop
from core.workbench import Workbench
from tests.factories import fill
from tests.tiny_lite import give_network


@pytest.fixture
def bench(settings, registry, monkeypatch):
    monkeypatch.setattr(jobs, "ensure_supervisor", lambda _settings: None)
    filled = fill(registry, settings, runs=2, per_class=12)
    for seed, run in enumerate(filled.runs):
        give_network(run_folder(settings, run.id).model, classes=len(filled.dataset.class_names), seed=seed)
    bench = Workbench.open(settings)
    bench.dataset, bench.source = filled.dataset, filled.runs[0]
    return bench


def attempt(bench, stop=None):
    """Claims the next run and does it in this process."""
    claimed = bench.registry.claim("cpu", "token")
    run_folder(bench.settings, claimed.id).path.mkdir(parents=True, exist_ok=True)
    code = trainer.RunAttempt(
        claimed.id, claimed.attempt, settings=bench.settings, registry=bench.registry, stop=stop or Stop()
    ).go()
    return bench.registry.run(claimed.id), code


def test_a_quantized_model_is_a_finished_run_with_predictions_cost_and_model(bench):
    ((plan, _),) = bench.shrink(bench.source.id, [Precision.INT8])
    run, code = attempt(bench)
    assert (plan.decision, code, run.status) == (Decision.NEW, ExitCode.FINISHED, Status.FINISHED)
    assert run.name == f"{bench.source.name} · int8" and run.recipe.pattern is Pattern.QUANTIZATION
    model, cost, before = (
        bench.registry.model(run.id), bench.registry.cost(run.id), bench.registry.cost(bench.source.id)
    )  # fmt: skip
    files = (run_folder(bench.settings, bench.source.id).model / name for name in ("prefix.tflite", "head.npz"))
    assert cost.model_bytes < sum(path.stat().st_size for path in files) / 3
    assert cost.parameters_total == before.parameters_total and cost.ms_per_photo > 0
    assert cost.alone_wall_seconds == pytest.approx(cost.wall_seconds + before.alone_wall_seconds)
    assert bench.registry.evaluation(run.id).accuracy == run.test_accuracy
    assert [one.id for one in bench.lineage(run.id).parents] == [bench.source.id]
    assert model.card["choice"]["calibration_photos"] == bench.dataset.split_sizes["train"]


def test_what_it_predicted_is_what_its_files_predict(bench):
    bench.shrink(bench.source.id, [Precision.INT8])
    run, _ = attempt(bench)
    graph = load_graph(run_folder(bench.settings, run.id).model)
    photos = {photo.digest: photo for photo in bench.registry.photos(bench.dataset.id)}
    folder = dataset_folder(bench.settings, bench.dataset.id).photos
    for split in ("validation", "test"):
        found = read_predictions(run.id, split, bench.settings)
        assert len(found.digests) == bench.dataset.split_sizes[split]
        again = [graph(View(jpeg_of(photos[digest], folder))) for digest in found.digests]
        np.testing.assert_allclose(found.probabilities, again, atol=1e-6)


def test_it_is_calibrated_on_training_photos_only(bench, monkeypatch):
    seen = []
    real = quantization.quantize

    def quantize(model, folder, precision, photos, check):
        seen.extend(photo.jpeg for photo in photos)
        return real(model, folder, precision, photos, check)

    monkeypatch.setattr(quantization, "quantize", quantize)
    bench.shrink(bench.source.id, [Precision.INT8])
    attempt(bench)
    folder = dataset_folder(bench.settings, bench.dataset.id).photos
    training = {jpeg_of(photo, folder) for photo in bench.registry.photos(bench.dataset.id, split="train")}
    assert seen and set(seen) <= training


def test_a_process_that_quantizes_does_not_import_tensorflow():
    modules = "sys, core.training.__main__, core.training.quantizing, ai_edge_quantizer.quantizer"
    code = f"import {modules}; print('tensorflow' in sys.modules)"
    child = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert child.stdout.strip() == "False"


def test_the_second_time_it_is_reused_and_the_process_may_go_on(bench):
    bench.shrink(bench.source.id, [Precision.FLOAT16])
    run, _ = attempt(bench)
    ((plan, again),) = bench.shrink(bench.source.id, [Precision.FLOAT16])
    assert plan.decision is Decision.REUSED and again.id == run.id
    assert trainer._is_clean()


def test_the_models_of_a_cascade_are_quantized_together(bench, registry):
    _, both = bench.ensemble([run.id for run in registry.runs(status=Status.FINISHED)])
    bench.shrink(both.id, [Precision.INT8_WEIGHTS])
    run, code = attempt(bench)
    assert code == ExitCode.FINISHED
    expected, found = (read_predictions(one, "test", bench.settings).probabilities for one in (both.id, run.id))
    assert expected.shape == found.shape


def test_two_combinations_of_the_same_models_are_not_taken_for_one_another(bench, registry):
    """Their quantized files are the same; what they predict is not."""
    members = [run.id for run in registry.runs(status=Status.FINISHED)]
    (_, mean), (_, cascade) = bench.ensemble(members), bench.confidence(*members)
    small = {}
    for source in (mean, cascade):
        bench.shrink(source.id, [Precision.FLOAT16])
        run, _ = attempt(bench)
        small[source.id] = read_predictions(run.id, "test", bench.settings).probabilities
        graph, photos = load_graph(run_folder(bench.settings, run.id).model), bench.registry.photos(bench.dataset.id)
        files = {photo.digest: photo for photo in photos}
        folder = dataset_folder(bench.settings, bench.dataset.id).photos
        digests = read_predictions(run.id, "test", bench.settings).digests
        again = [graph(View(jpeg_of(files[digest], folder))) for digest in digests]
        np.testing.assert_allclose(small[source.id], again, atol=1e-6)
    assert not np.allclose(small[mean.id], small[cascade.id])


def test_a_damaged_source_is_a_reason_and_leaves_no_model(bench):
    bench.shrink(bench.source.id, [Precision.FLOAT16])
    (run_folder(bench.settings, bench.source.id).model / "prefix.tflite").write_bytes(b"damaged")
    run, code = attempt(bench)
    assert (code, run.status) == (ExitCode.FAILED, Status.FAILED) and "changed or damaged" in run.reason
    assert not (run_folder(bench.settings, run.id).model / "card.json").exists()


def test_a_stop_between_two_photos_ends_it_without_a_model(bench):
    bench.shrink(bench.source.id, [Precision.INT8])
    stop = Stop()
    stop.requested = True
    run, code = attempt(bench, stop)
    assert code != ExitCode.FINISHED and run.status is not Status.FINISHED
