"""Heads of scikit-learn in Keras give the probabilities of their arrays, also after saving and in LiteRT and ONNX."""

import keras
import numpy as np
import pytest

from core.errors import InvalidInput
from core.exports import heads
from core.models.heads.head_file import write_arrays
from core.models.heads.neighbours import NeighboursHead, unit
from core.models.heads.trees import TreesHead

pytestmark = pytest.mark.keras

RNG = np.random.default_rng(0)
ROWS = RNG.normal(0, 1, (40, 6)).astype(np.float32)


def neighbours_head(weights: str, k: int = 3) -> NeighboursHead:
    labels = RNG.integers(0, 3, len(ROWS))
    return NeighboursHead(
        directions=unit(ROWS), labels=labels, class_weights=np.array([1.0, 2.0, 0.5]), k=k, weights=weights
    )


def trees_head(scores: int) -> TreesHead:
    """Two rounds of trees of depth 2 and 1; one threshold is a feature of a photo, one lies between two float32."""
    roots = np.arange(2 * scores).reshape(2, scores) * 5
    nodes = 2 * scores * 5
    feature, left, right = (np.zeros(nodes, np.int64) for _ in range(3))
    threshold, value = np.zeros(nodes), RNG.normal(0, 1, nodes)
    for number, root in enumerate(roots.reshape(-1)):
        feature[root], feature[root + 1] = number % 6, (number + 1) % 6
        threshold[root] = float(ROWS[number, number % 6])
        threshold[root + 1] = float(np.nextafter(ROWS[3, (number + 1) % 6], np.float32(9))) - 1e-12
        left[root : root + 5] = [root + 1, root + 3, root + 2, root + 3, root + 4]
        right[root : root + 5] = [root + 2, root + 4, root + 2, root + 3, root + 4]
    return TreesHead(
        feature=feature, threshold=threshold, left=left, right=right, value=value, roots=roots,
        baseline=RNG.normal(0, 1, scores), depth=2,
    )  # fmt: skip


HEADS = {
    "uniform": lambda: neighbours_head("uniform"),
    "distance": lambda: neighbours_head("distance"),
    "two classes": lambda: trees_head(1),
    "three classes": lambda: trees_head(3),
}


@pytest.mark.parametrize("name", HEADS)
def test_a_head_in_keras_gives_the_probabilities_of_its_arrays(name, tmp_path):
    head = HEADS[name]()
    path = write_arrays(tmp_path / "head.npz", head.KIND, head.arrays())
    asked = np.concatenate([ROWS[:8], RNG.normal(0, 1, (8, 6)), np.zeros((1, 6))]).astype(np.float32)
    model = heads.head_model(path, 6)
    np.testing.assert_allclose(model(asked), head(asked), atol=2e-5)
    model.save(tmp_path / "head.keras")
    again = keras.saving.load_model(tmp_path / "head.keras", safe_mode=True)
    np.testing.assert_array_equal(again(asked), model(asked))


def test_thresholds_are_rounded_down():
    between = np.array([1.0 + 1e-9, 1.0, -(1.0 + 1e-9)])
    assert heads._floor32(between).tolist() == [1.0, 1.0, float(np.nextafter(np.float32(-1), np.float32(-2)))]


def test_a_network_head_without_arrays_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(heads, "load_head", lambda path: lambda rows: rows)
    with pytest.raises(InvalidInput, match=r"head\.tflite exists for LiteRT only"):
        heads.head_model(tmp_path / "head.tflite", 6)
