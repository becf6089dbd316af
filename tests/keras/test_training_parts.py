"""The parts of the trainer: order and views of an epoch, heads, schedules, rates, weights of classes."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from core.errors import NotFound
from core.models.heads.dense import DenseHead, Layer
from core.recipes.hyperparameters import Hyperparameters, Schedule
from core.recipes.program import Part, Stage
from core.training import heads, optimizing, states
from core.training.feeds import Streamed, Vectors
from core.training.fitting import Trainer, TrainingData, class_weights, probabilities_of, view_of, views_needed
from core.training.stopping import Stop, Stopped

pytestmark = pytest.mark.keras

NUMBERS = Hyperparameters(epochs=5, batch_size=8, learning_rate=0.02, dropout=0.3, views=2, seed=3)
STAGE = Stage(name="head", first_epoch=1, last_epoch=5, inputs=(Part(source="tiny", cut="top"),), learning_rate=0.02)


def learnable(photos: int = 20) -> TrainingData:
    features = np.random.default_rng(0).normal(5, 3, (photos, 4)).astype(np.float32)
    return TrainingData(
        views={0: Vectors(features), 1: Vectors(features + 1)},
        labels=np.arange(photos) % 2,
        validation=Vectors(features[:6]),
        validation_labels=np.arange(6) % 2,
        classes=2,
    )


def compiled_head(numbers: Hyperparameters = NUMBERS, steps_per_execution: int = 1) -> keras.Model:
    head = heads.build_head(4, 2, numbers)
    head.compile(
        optimizer=optimizing.optimizer(STAGE, 3, [1.0, 1.0], numbers),
        loss="categorical_crossentropy",
        metrics=[keras.metrics.CategoricalAccuracy(name="accuracy")],
        steps_per_execution=steps_per_execution,
    )
    return head


# --- an epoch ---


def test_epochs_go_through_the_views_in_turn():
    numbers = replace(NUMBERS, views=3, epochs=7)
    assert [view_of(numbers, epoch) for epoch in range(1, 8)] == [0, 1, 2, 0, 1, 2, 0]
    assert views_needed(numbers, 1, 7) == (0, 1, 2)
    assert views_needed(numbers, 6, 7) == (0, 2)
    assert views_needed(numbers, 8, 7) == ()


def test_every_epoch_sees_every_photo_once_in_another_order():
    data = learnable()
    trained = Trainer(compiled_head(), data, NUMBERS)
    seen = [
        np.concatenate([x for x, _ in trained._batches(epoch, data.views[view]).as_numpy_iterator()])
        for epoch, view in ((1, 0), (3, 0), (2, 1))
    ]
    assert not np.array_equal(seen[0], seen[1])
    for found, view in zip(seen, (0, 0, 1), strict=True):
        assert sorted(map(tuple, found)) == sorted(map(tuple, data.views[view].array))


def test_an_epoch_in_one_call_is_the_epoch_step_by_step():
    walks = []
    for steps in (1, 3):
        head = compiled_head(steps_per_execution=steps)
        trainer = Trainer(head, learnable(), NUMBERS)
        walks.append([replace(trainer.run_epoch(number, attempt=1), seconds=0.0) for number in (1, 2)])
    assert walks[0] == walks[1]


def test_rows_that_are_read_on_the_way_train_like_rows_in_memory():
    data = learnable()
    streamed = replace(data, views={view: as_stream(feed.array) for view, feed in data.views.items()})
    walks = [Trainer(compiled_head(), one, NUMBERS).run_epoch(1, attempt=1) for one in (data, streamed)]
    assert replace(walks[0], seconds=0.0) == replace(walks[1], seconds=0.0)
    head = compiled_head()
    expected = probabilities_of(head, data.views[0])
    np.testing.assert_allclose(probabilities_of(head, as_stream(data.views[0].array)), expected, rtol=1e-6)


def as_stream(array: np.ndarray) -> Streamed:
    return Streamed(lambda rows: array[rows], len(array), array.shape[1:], workers=2)


def test_what_cannot_be_read_is_said_in_its_own_words():
    def gone(rows):
        raise NotFound("The stored photo rose/1.jpg is missing.")

    data = replace(learnable(), views={0: Streamed(gone, 20, (4,), workers=2)})
    with pytest.raises(NotFound, match=r"^The stored photo rose/1.jpg is missing.$"):
        Trainer(compiled_head(), data, NUMBERS).run_epoch(1, attempt=1)


def test_a_batch_is_not_begun_once_a_stop_was_asked_for():
    stop, batches = Stop(), []

    def on_batch(step):
        batches.append(step)
        stop.requested = True
        stop.check()

    with pytest.raises(Stopped):
        Trainer(compiled_head(), learnable(), NUMBERS, on_batch).run_epoch(1, attempt=1)
    assert batches == [1]


def test_photos_of_a_rare_class_count_more_and_all_together_as_before():
    labels = np.array([0] * 30 + [1] * 10)
    weights = class_weights(labels, 2)
    assert weights[1] == pytest.approx(3 * weights[0])
    assert weights[labels].mean() == pytest.approx(1)


def test_class_weights_change_what_is_learned():
    data = replace(learnable(), labels=np.array([0] * 16 + [1] * 4))
    plain, weighted = (
        Trainer(compiled_head(), data, replace(NUMBERS, class_weights=choice)).run_epoch(1, attempt=1)
        for choice in (False, True)
    )
    assert plain.loss != weighted.loss


# --- heads ---


def test_a_hidden_layer_is_built_when_asked_for():
    head = heads.build_head(4, 2, replace(NUMBERS, hidden_units=7))
    assert head.get_layer("hidden").units == 7
    assert "hidden" not in [layer.name for layer in heads.build_head(4, 2, NUMBERS).layers]


@pytest.mark.parametrize("hidden", [0, 7])
def test_a_head_as_arrays_says_what_it_says_in_keras(hidden):
    head = heads.build_head(4, 3, replace(NUMBERS, hidden_units=hidden))
    x = np.random.default_rng(0).normal(0, 2, (5, 4)).astype(np.float32)
    np.testing.assert_allclose(DenseHead(heads.dense_layers(head))(x), head(x, training=False), atol=1e-6)


@pytest.mark.parametrize("hidden", [0, 7])
def test_a_normalized_head_centres_its_features_divides_them_by_one_number_and_folds_that_into_its_arrays(hidden):
    seen = (np.random.default_rng(1).normal(0, 1, (50, 4)) * [1, 2, 3, 9] + [5, 0, -4, 1]).astype(np.float32)
    head = heads.build_head(4, 3, replace(NUMBERS, hidden_units=hidden, normalize=True), seen)
    normalized = keras.Model(head.input, head.get_layer("normalization").output)(seen).numpy()
    centred = seen - seen.mean(axis=0)
    np.testing.assert_allclose(normalized, centred / np.sqrt((centred**2).mean()), atol=1e-5)
    np.testing.assert_allclose(DenseHead(heads.dense_layers(head))(seen), head(seen, training=False), atol=1e-5)
    assert len(head.trainable_variables) == (4 if hidden else 2)


def test_a_head_that_starts_at_zero_gives_every_class_the_same_probability():
    head = heads.build_head(4, 2, replace(NUMBERS, zero_head=True))
    np.testing.assert_allclose(head(np.ones((3, 4), np.float32)), 0.5)
    assert heads.build_head(4, 2, NUMBERS)(np.ones((1, 4), np.float32))[0, 0] != 0.5


def test_arrays_as_a_head_in_keras_say_what_the_arrays_say(tmp_path):
    """Including a mapping of classes: rows that sum to 0 become uniform."""
    pairs = np.array([[1, 0], [0, 1], [0, 0]], np.float32)
    dense = [Layer(pairs, np.zeros(2, np.float32), "share")]
    x = np.array([[0.2, 0.6, 0.2], [0, 0, 1]], np.float32)
    expected = [[0.25, 0.75], [0.5, 0.5]]
    head = heads.keras_head(dense)
    head.save(tmp_path / "head.keras")
    for model in (head, keras.models.load_model(tmp_path / "head.keras", safe_mode=True)):
        np.testing.assert_allclose(model(x), expected, atol=1e-6)
    np.testing.assert_allclose(DenseHead(dense)(x), expected, atol=1e-6)


# --- learning rates ---


def rates(stage: Stage, steps: int) -> list[float]:
    schedule = optimizing.learning_rate(stage, steps)
    total = steps * (stage.last_epoch - stage.first_epoch + 1)
    return [float(schedule(step)) for step in range(total)]


def test_a_cosine_schedule_rises_to_its_rate_and_falls_towards_nothing():
    found = rates(replace(STAGE, schedule=Schedule.COSINE, warmup=0.2), steps=10)
    assert found[0] == pytest.approx(0.002) and max(found) == pytest.approx(0.02) and np.argmax(found) == 10
    assert found[10:] == sorted(found[10:], reverse=True) and 0 <= found[-1] < 1e-4


def test_without_warm_up_a_cosine_schedule_begins_at_its_rate():
    found = rates(replace(STAGE, schedule=Schedule.COSINE), steps=10)
    assert found[0] == pytest.approx(0.02) and found == sorted(found, reverse=True)


def test_a_stage_of_one_step_still_learns():
    stage = replace(STAGE, last_epoch=1, schedule=Schedule.COSINE, warmup=0.9)
    assert rates(stage, steps=1)[0] > 0
    assert optimizing.learning_rate(STAGE, 10) == 0.02


def test_every_block_down_learns_at_its_share_of_the_rate():
    stage = replace(STAGE, trained=("head", "block2", "block1"), rate_decay=0.5)
    assert [optimizing.rate_factor(stage, block) for block in stage.trained] == [1, 0.5, 0.25]
    variables = [keras.Variable(np.zeros(2, np.float32)) for _ in range(3)]
    adam = optimizing.optimizer(stage, 1, [1.0, 0.5, 0.0], NUMBERS)
    adam.build(variables)
    adam.apply([keras.ops.convert_to_tensor([1.0, 2.0])] * 3)
    moved = [np.asarray(variable) for variable in variables]
    np.testing.assert_allclose(moved[0], [-0.02, -0.02], rtol=1e-4)
    np.testing.assert_allclose(moved[1], moved[0] / 2, rtol=1e-6)
    assert not moved[2].any()


def test_the_gradient_of_a_step_is_limited_all_variables_together():
    assert optimizing.optimizer(STAGE, 1, [1.0], replace(NUMBERS, clip_norm=0.5)).global_clipnorm == 0.5
    assert optimizing.optimizer(STAGE, 1, [1.0], replace(NUMBERS, clip_norm=0.5), 2).global_clipnorm == 0.25
    assert optimizing.optimizer(STAGE, 1, [1.0], NUMBERS).global_clipnorm is None


# --- states ---


def test_a_state_of_another_model_is_refused(tmp_path):
    small, large = (heads.build_head(4, 2, replace(NUMBERS, hidden_units=units)) for units in (0, 7))
    states.write(tmp_path / "state.npz", small.variables)
    states.read(tmp_path / "state.npz", small.variables)
    with pytest.raises(ValueError, match="was not written by this model"):
        states.read(tmp_path / "state.npz", large.variables)
