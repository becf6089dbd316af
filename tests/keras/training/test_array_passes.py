"""Heads that are trained in NumPy: as in Keras, and the same whatever was trained before."""

import math
from dataclasses import replace

import keras
import numpy as np
import pytest

from core.recipes.hyperparameters import BestEpoch, Hyperparameters
from core.recipes.program import GRADIENT, Part, Program, Stage
from core.training import array_passes, cache, devices, heads
from core.training.array_passes import ArrayPasses, head_shape
from core.training.feeds import Vectors
from core.training.fitting import Trainer, TrainingData
from core.training.passes import Passes
from core.training.stopping import Stop, Stopped
from core.training.trainable import TrainableModel
from tests.keras.training_bench import NUMBERS, same_run

pytestmark = pytest.mark.keras

HP = Hyperparameters(epochs=3, batch_size=8, learning_rate=0.02, dropout=0.0, seed=3)
INPUTS = (Part(source="tiny", cut="top"),)


@pytest.fixture(autouse=True)
def nothing_cached() -> None:
    cache.forget()


def learnable(photos: int = 61, *, teacher: bool = False) -> TrainingData:
    random = np.random.default_rng(0)
    labels = np.arange(photos) % 3
    features = (random.normal(0, 2, (3, 20))[labels] + random.normal(0, 3, (photos, 20))).astype(np.float32)
    soft = random.dirichlet([1, 1, 1], photos).astype(np.float32)
    return TrainingData(
        views={0: Vectors(features)},
        labels=labels,
        validation=Vectors(features[:20] + 0.5),
        validation_labels=labels[:20],
        classes=3,
        teacher={0: soft} if teacher else {},
    )


def trainable(hp: Hyperparameters, data: TrainingData, make_head=None) -> tuple[TrainableModel, keras.Model]:
    """A head, and its compiled model."""
    stage = Stage(name="head", first_epoch=1, last_epoch=3, inputs=INPUTS, learning_rate=hp.learning_rate)
    found = TrainableModel(
        Program(inputs=INPUTS, head=GRADIENT, stages=(stage,)),
        hp,
        blocks=(),
        make_network=lambda: None,
        make_head=make_head or (lambda: heads.build_head(20, 3, hp, data.views[0].array)),
        strategy=devices.one_device(),
    )
    return found, found.compiled(stage, math.ceil(len(data.labels) / hp.batch_size), in_memory=True)


def trained(hp: Hyperparameters, data: TrainingData, kind: type) -> tuple[list, list[np.ndarray]]:
    """Three epochs, and then all that a checkpoint has."""
    found, model = trainable(hp, data)
    assert type(found.passes) is kind
    trainer = Trainer(model, data, hp, passes=found.passes)
    epochs = [replace(trainer.run_epoch(number, 1), seconds=0.0) for number in (1, 2, 3)]
    state = [np.array(one) for one in (*model.trainable_variables, *model.optimizer.variables)]
    found.return_head()
    return epochs, state


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"hidden_units": 7},
        {"hidden_units": 7, "zero_head": True, "normalize": True},
        {"clip_norm": 0.1},
        {"label_smoothing": 0.2},
        {"class_weights": True},
        {"best_by": BestEpoch.CALIBRATED},
        {"batch_size": 100},
        {"teacher_weight": 0.7},
    ],
    ids=str,
)
def test_without_dropout_a_head_is_trained_as_in_keras(monkeypatch, changes):
    hp = replace(HP, **changes)
    data = learnable(teacher="teacher_weight" in changes)
    in_numpy, state = trained(hp, data, ArrayPasses)
    monkeypatch.setattr(array_passes, "LARGEST_HEAD", 0)
    in_keras, expected = trained(hp, data, Passes)
    for mine, its in zip(in_numpy, in_keras, strict=True):
        for name, value in vars(its).items():
            assert getattr(mine, name) == (value if value is None else pytest.approx(value, rel=1e-3, abs=1e-5)), name
    assert (in_numpy[0].val_calibrated_loss is not None) is ("best_by" in changes)
    for one, two in zip(state, expected, strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-3, atol=1e-5)


def test_dropout_holds_a_head_back_about_as_much_as_in_keras(monkeypatch):
    hp, data = replace(HP, dropout=0.5, hidden_units=16), learnable(300)
    in_numpy, _ = trained(hp, data, ArrayPasses)
    monkeypatch.setattr(array_passes, "LARGEST_HEAD", 0)
    in_keras, _ = trained(hp, data, Passes)
    without, _ = trained(replace(hp, dropout=0.0), data, Passes)
    assert in_numpy[-1].loss == pytest.approx(in_keras[-1].loss, rel=0.15)
    assert without[-1].loss < 0.7 * in_numpy[-1].loss


@pytest.mark.parametrize("hidden", [0, 5])
def test_a_run_that_is_extended_ends_as_one_without_a_break_whatever_was_trained_in_between(bench, hidden):
    hp = replace(NUMBERS, hidden_units=hidden, normalize=True)
    bench.train("r-short", replace(hp, epochs=2))
    bench.train("r-between", replace(hp, seed=9))
    bench.train("r-longer", hp, extends="r-short")
    cache.forget()
    bench.train("r-whole", hp)
    same_run(bench, "r-longer", "r-whole")


def test_the_seed_decides_what_dropout_drops(bench):
    bench.train("r-one", replace(NUMBERS, zero_head=True))
    bench.train("r-two", replace(NUMBERS, zero_head=True, seed=4))
    assert bench.figures("r-one") != bench.figures("r-two")


def test_where_there_is_a_gpu_tensorflow_trains_the_head(monkeypatch):
    monkeypatch.setattr(devices, "gpus", lambda: ["GPU:0"])
    assert type(trainable(HP, learnable())[0].passes) is Passes


def test_a_head_with_more_parameters_than_pay_in_numpy_is_trained_by_tensorflow(monkeypatch):
    monkeypatch.setattr(array_passes, "LARGEST_HEAD", 62)
    assert type(trainable(HP, learnable())[0].passes) is Passes
    monkeypatch.setattr(array_passes, "LARGEST_HEAD", 63)
    assert type(trainable(HP, learnable())[0].passes) is ArrayPasses


def test_a_head_with_another_layer_is_trained_by_tensorflow():
    def make_head() -> keras.Model:
        inputs = keras.Input((20,))
        return keras.Model(inputs, keras.layers.Dense(3, "softmax")(keras.layers.LayerNormalization()(inputs)))

    assert type(trainable(HP, learnable(), make_head)[0].passes) is Passes
    inputs = keras.Input((20,))
    hidden = keras.layers.Dense(4, "tanh")(inputs)
    assert head_shape(keras.Model(inputs, keras.layers.Dense(3, "softmax")(hidden)), HP) is None


def test_a_stop_ends_a_pass_and_leaves_the_head_as_it_was_before_it(monkeypatch):
    monkeypatch.setattr(array_passes, "_STEPS_A_CALL", 2)
    data, stop, seen = learnable(), Stop(), []
    found, model = trainable(HP, data)
    before = [np.array(one) for one in model.trainable_variables]

    def on_batch(step: int) -> None:
        seen.append(step)
        stop.requested = step >= 4
        stop.check()

    with pytest.raises(Stopped):
        Trainer(model, data, HP, on_batch, passes=found.passes).run_epoch(1, 1)
    assert seen == [2, 4]
    assert all((np.array(one) == two).all() for one, two in zip(model.trainable_variables, before, strict=True))
