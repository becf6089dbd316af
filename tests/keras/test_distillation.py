"""Distillation: a head that learns a run's predictions besides the labels; also a quantization of what was trained."""

from dataclasses import replace

import numpy as np
import pytest

from core.files.home import run_folder
from core.models.inference.stored import predictions_of
from core.recipes.hyperparameters import Hyperparameters, Precision, ViewSettings
from core.recipes.patterns import Pattern
from core.runs.values import Status
from core.training.stopping import Stop
from tests.keras.training_bench import NUMBERS, OTHER, TRAINED

DISTILLED = {"backbone": OTHER.name, "pattern": Pattern.DISTILLATION, "members": ("r-teacher",)}
LEARNING = replace(NUMBERS, epochs=6, dropout=0.0)


@pytest.fixture
def taught(full_bench):
    full_bench.train("r-teacher", replace(NUMBERS, views=1))
    return full_bench


def said(bench, run_id, split="test"):
    return bench.answers(run_id, split)["probabilities"]


def test_with_a_weight_of_0_it_is_feature_extraction_to_the_last_bit(taught):
    taught.train("r-plain", LEARNING, backbone=OTHER.name, pattern=Pattern.INTEGRATED_EXTRACTOR)
    taught.train("r-zero", replace(LEARNING, teacher_weight=0.0), **DISTILLED)
    np.testing.assert_array_equal(said(taught, "r-zero"), said(taught, "r-plain"))


def test_with_a_weight_of_1_labels_play_no_part(taught, monkeypatch):
    """The targets are the teacher's probabilities of the view of the epoch."""
    from core.training.fitting import Trainer

    seen = []
    real = Trainer._targets

    def targets(self, number):
        seen.append((number, real(self, number)))
        return seen[-1][1]

    monkeypatch.setattr(Trainer, "_targets", targets)
    taught.train("r-one", replace(LEARNING, teacher_weight=1.0), **DISTILLED)
    model, photos = taught.registry.model("r-teacher"), taught.registry.photos(taught.dataset.id, split="train")
    for number, found in seen[:2]:
        expected = predictions_of(
            photos, dataset=taught.dataset, run_folder=run_folder(taught.settings, "r-teacher"),
            digest=model.answers_sha256, settings=taught.settings, which=ViewSettings(number - 1),
        ).array  # fmt: skip
        np.testing.assert_allclose(found, expected, atol=1e-6)
    assert not np.allclose(seen[0][1], seen[1][1])


def test_the_cost_without_reuse_has_the_teacher_in_it_and_its_lineage_too(taught):
    run = taught.train("r-one", LEARNING, **DISTILLED)
    cost, teacher = (taught.registry.cost(one) for one in (run.id, "r-teacher"))
    assert cost.alone_wall_seconds > teacher.alone_wall_seconds + 0.5 * cost.stages["Training"]
    assert run.status is Status.FINISHED and run.best_epoch


class AfterEpoch(Stop):
    """Stops at the first look after an epoch was recorded."""

    def __init__(self, bench, run_id, epoch):
        super().__init__()
        self._epochs, self._epoch = (lambda: bench.registry.epochs(run_id)), epoch

    def check(self):
        self.requested = len(self._epochs()) >= self._epoch
        super().check()


def test_interrupted_and_resumed_it_is_the_uninterrupted_run(taught):
    taught.train("r-whole", LEARNING, **DISTILLED)
    taught.add("r-part", LEARNING, **DISTILLED)
    run, _ = taught.attempt(AfterEpoch(taught, "r-part", 3))
    assert run.status is not Status.FINISHED and run.epochs_done == 3
    run, _ = taught.again(run)
    assert run.status is Status.FINISHED
    np.testing.assert_array_equal(said(taught, "r-part"), said(taught, "r-whole"))


@pytest.mark.parametrize("precision", Precision)
def test_a_trained_network_is_quantized_and_predicts_nearly_the_same(taught, precision):
    run = taught.train(
        "r-small",
        Hyperparameters(precision=precision),
        backbone="",
        pattern=Pattern.QUANTIZATION,
        members=("r-teacher",),
    )
    assert run.status is Status.FINISHED
    assert np.abs(said(taught, "r-small") - said(taught, "r-teacher")).max() < 0.15
    assert (said(taught, "r-small") != said(taught, "r-teacher")).any()
    assert TRAINED.name in taught.registry.model("r-teacher").card["backbone"]["name"]
