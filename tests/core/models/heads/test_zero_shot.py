import numpy as np
import pytest

from core.models.heads.dense import DenseHead
from core.models.heads.zero_shot import choice_of, class_vectors, zero_shot_head

RNG = np.random.default_rng(0)


def test_probabilities_are_the_softmax_of_the_scaled_cosines():
    features, projection = RNG.normal(size=(4, 6)), RNG.normal(size=(6, 3))
    texts = class_vectors(RNG.normal(size=(5, 3)), [0, 1, 2, 3, 4], 5)
    found = DenseHead(zero_shot_head(projection.astype(np.float32), texts, 20.0))(features)
    projected = features @ projection
    cosines = projected @ texts.T / np.linalg.norm(projected, axis=1, keepdims=True)
    expected = np.exp(20 * cosines) / np.exp(20 * cosines).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_features_that_are_in_the_space_of_the_texts_need_no_projection():
    texts = np.eye(3, dtype=np.float32)
    found = DenseHead(zero_shot_head(None, texts, 100.0))(np.array([[0.1, 5.0, 0.2], [9.0, 0.0, 0.0]]))
    assert found.argmax(axis=1).tolist() == [1, 0] and found.sum(axis=1) == pytest.approx(1)


def test_a_class_is_the_mean_of_the_directions_of_its_texts():
    vectors = np.array([[10.0, 0.0], [0.0, 0.1], [3.0, 4.0]], np.float32)
    np.testing.assert_allclose(class_vectors(vectors, [0, 0, 1], 2), [[0.5**0.5, 0.5**0.5], [0.6, 0.8]], rtol=1e-6)


def test_the_card_has_the_texts_of_every_class():
    assert choice_of({"cat": ("a cat",)}) == {"texts": [{"class": "cat", "texts": ["a cat"]}]}
