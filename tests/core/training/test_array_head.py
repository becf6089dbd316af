"""Heads in NumPy: what a step does, and what its results depend on."""

import numpy as np
import pytest

from core.training.array_head import AdamRates, ArrayHead, HeadShape

RATES = AdamRates(learning_rate=0.01)
ALL = np.arange(30)
SHAPES = [HeadShape(sizes=(12, 3), dropout=(0.3,)), HeadShape(sizes=(12, 7, 3), dropout=(0.3, 0.5))]


def rows(count: int = 30) -> tuple[np.ndarray, np.ndarray]:
    """Features of three classes that can be told apart, and one-hot labels."""
    random = np.random.default_rng(0)
    labels = np.arange(count) % 3
    centres = random.normal(0, 2, (3, 12))
    return (centres[labels] + random.normal(0, 1, (count, 12))).astype(np.float32), np.eye(3, dtype=np.float32)[labels]


def new_head(shape: HeadShape) -> ArrayHead:
    random = np.random.default_rng(1)
    values = [random.normal(0, 0.3, one).astype(np.float32) for one in shape.shapes]
    zeros = [np.zeros(one, np.float32) for one in shape.shapes]
    return ArrayHead(shape, values, zeros, zeros)


def same(one: ArrayHead, two: ArrayHead) -> bool:
    groups = zip((one.values, one.momentums, one.velocities), (two.values, two.momentums, two.velocities), strict=True)
    return one.steps == two.steps and all(
        (a == b).all() for mine, its in groups for a, b in zip(mine, its, strict=True)
    )


@pytest.mark.parametrize("shape", SHAPES, ids=["linear", "hidden layer"])
def test_a_head_learns_photos_that_can_be_told_apart(shape):
    (inputs, targets), head, random = rows(), new_head(shape), np.random.default_rng(2)
    before, _ = head.losses(inputs, targets)
    for _ in range(300):
        head.step(inputs, targets, None, ALL, RATES, random)
    after, probabilities = head.losses(inputs, targets)
    assert after.loss < before.loss / 4 and after.right == 30
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize("shape", SHAPES, ids=["linear", "hidden layer"])
def test_a_head_made_from_the_state_of_another_goes_on_as_that_one(shape):
    (inputs, targets), head = rows(), new_head(shape)
    head.step(inputs, targets, None, ALL, RATES, np.random.default_rng(5))
    copy = ArrayHead(shape, head.values, head.momentums, head.velocities, steps=head.steps)
    sums = [one.step(inputs, targets, None, ALL, RATES, np.random.default_rng(6)) for one in (head, copy)]
    assert sums[0] == sums[1] and same(head, copy)


def test_a_gradient_is_that_of_the_loss():
    shape = HeadShape(sizes=(12, 7, 3), dropout=(0.0, 0.0), mean=np.full(12, 0.5, np.float32), factor=np.full(12, 0.7))
    inputs, targets = rows(6)
    weights = np.array([0.5, 1, 2, 1, 1, 3], np.float32)
    head, moved = new_head(shape), new_head(shape)
    moved.step(inputs, targets, weights, np.arange(6), RATES, np.random.default_rng(0))
    gradients = [10 * one for one in moved.momentums]  # the first one is a tenth of the gradient

    def loss_of(number: int, place: tuple, by: float) -> float:
        values = [value.copy() for value in head.values]
        values[number][place] += by
        changed = ArrayHead(shape, values, head.momentums, head.velocities)
        return sum(weights[row] * changed.losses(inputs[row][None], targets[row][None])[0].loss for row in range(6)) / 6

    for number, place in ((0, (3, 2)), (0, (11, 6)), (1, (4,)), (2, (5, 1)), (3, (0,))):
        slope = (loss_of(number, place, 1e-2) - loss_of(number, place, -1e-2)) / 2e-2
        assert gradients[number][place] == pytest.approx(slope, rel=0.02, abs=1e-3)


def test_dropout_drops_its_share_of_the_inputs_and_keeps_their_mean():
    shape = HeadShape(sizes=(4000, 2), dropout=(0.2,))
    seen = []

    class Watched(ArrayHead):
        def _backward(self, layers, gradient):
            seen.append(layers[0].copy())

    zeros = [np.zeros(one, np.float32) for one in shape.shapes]
    head = Watched(shape, zeros, zeros, zeros)
    inputs, targets = np.ones((50, 4000), np.float32), np.eye(2, dtype=np.float32)[np.arange(50) % 2]
    for seed in (1, 1, 2):
        head.step(inputs, targets, None, np.arange(50), RATES, np.random.default_rng(seed))
    assert (seen[0] == 0).mean() == pytest.approx(0.2, abs=0.005)
    assert seen[0].mean() == pytest.approx(1, abs=0.01)
    assert (seen[0] == seen[1]).all() and not (seen[0] == seen[2]).all()


def test_a_long_gradient_is_shortened_to_the_limit_and_a_short_one_is_not():
    inputs, targets = rows()
    norms = []
    for limit in (0.0, 0.05, 1e6):
        head = new_head(HeadShape(sizes=(12, 3), dropout=(0.0,), clip_norm=limit))
        head.step(inputs, targets, None, ALL, RATES, np.random.default_rng(0))
        norms.append(10 * float(np.sqrt(sum(np.square(one).sum() for one in head.momentums))))
    assert norms[0] > 0.05 and norms[1] == pytest.approx(0.05, rel=1e-4) and norms[2] == norms[0]


def test_neither_a_step_nor_a_loss_changes_its_inputs():
    (inputs, targets), (before, labels) = rows(), rows()
    for shape in (*SHAPES, HeadShape(sizes=(12, 3), dropout=(0.0,))):
        head = new_head(shape)
        head.step(inputs, targets, None, ALL, RATES, np.random.default_rng(0))
        head.losses(inputs, targets)
        assert (inputs == before).all() and (targets == labels).all()
