"""Heads of dense layers compute as they should."""

import numpy as np
import pytest

from core.errors import InvalidInput
from core.models.heads.dense import DenseHead, Layer, row_fractions, softmax, write_dense
from core.models.heads.load import load_head


def test_a_dense_head_computes_layer_by_layer(tmp_path):
    generator = np.random.default_rng(0)
    first, second = generator.normal(size=(4, 5)), generator.normal(size=(5, 3))
    layers = [Layer(first, np.ones(5), "relu"), Layer(second, np.zeros(3), "softmax")]
    rows = generator.normal(size=(7, 4)).astype(np.float32)
    expected = softmax(np.maximum(rows @ first + 1, 0) @ second)
    head = load_head(write_dense(tmp_path / "head.npz", layers))
    np.testing.assert_allclose(head(rows), expected, atol=1e-5)
    assert head(rows).dtype == np.float32
    assert head(rows[:0]).shape == (0, 3)


def test_softmax_of_huge_scores_does_not_overflow():
    np.testing.assert_allclose(softmax(np.float32([[1e4, 0, -1e4]])), [[1, 0, 0]])


def test_shares_of_nothing_are_all_alike():
    np.testing.assert_allclose(row_fractions(np.float32([[0.2, 0.6], [0, 0]])), [[0.25, 0.75], [0.5, 0.5]])


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Layer(np.zeros((3, 2)), np.zeros(3)),
        lambda: Layer(np.zeros(3), np.zeros(3)),
        lambda: Layer(np.zeros((3, 2)), np.zeros(2), "tanh"),
        lambda: DenseHead([Layer(np.zeros((3, 2)), np.zeros(2)), Layer(np.zeros((3, 2)), np.zeros(2))]),
        lambda: DenseHead([]),
    ],
)
def test_layers_that_do_not_fit_are_refused(wrong):
    with pytest.raises(InvalidInput, match="Received|Choose from"):
        wrong()
