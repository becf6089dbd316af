"""Heads of scikit-learn as Keras models of stock layers and operations; their tables are weights of embeddings."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from core.errors import InvalidInput
from core.models.heads.dense import DenseHead
from core.models.heads.load import load_head
from core.models.heads.neighbours import NeighboursHead
from core.models.heads.trees import TreesHead
from core.training.heads import keras_head

_SAME = 1e-6
"""As in ``core.models.heads.neighbours``: smaller cosine distances are rounding."""

_MOST_NODES = 2**24
"""Numbers of nodes are float32 in an embedding, which has every integer up to this."""


def head_model(path: Path, features: int) -> keras.Model:
    """The head in ``path`` as a model: (n, features) float32 -> (n, classes) float32.

    Raises:
        Unavailable: the file is damaged. InvalidInput: it has no form in Keras.
    """
    head = load_head(path)
    if isinstance(head, DenseHead):
        return keras_head(head.layers)
    if isinstance(head, NeighboursHead):
        return neighbours(head)
    if isinstance(head, TreesHead):
        return trees(head, features)
    raise InvalidInput(f"The head {path.name} exists for LiteRT only, so it has no form in Keras.")


def neighbours(head: NeighboursHead) -> keras.Model:
    """Cosine similarity to all training photos by one dense layer, the k largest by ``top_k``, and their votes.

    Of equal similarities the photo with the lower number comes first, as in ``NeighboursHead``.
    """
    photos, features = head.directions.shape
    inputs = keras.Input((features,), name="features")
    length = ops.norm(inputs, axis=-1, keepdims=True)
    unit = ops.divide(inputs, ops.where(ops.greater(length, 0), length, 1.0))
    similar = layers.Dense(photos, use_bias=False, name="similarity")
    similarities, nearest = ops.top_k(similar(unit), head.k)
    similar.set_weights([np.ascontiguousarray(head.directions.T, dtype=np.float32)])
    votes = _table(head.class_weights * np.eye(len(head.class_weights))[head.labels], "votes", nearest)
    if head.weights == "distance":
        votes = ops.multiply(votes, ops.expand_dims(_by_distance(similarities), -1))
    counts = ops.sum(votes, axis=1)
    return keras.Model(inputs, ops.divide(counts, ops.sum(counts, axis=-1, keepdims=True)), name="head")


def _by_distance(similarities: Any) -> Any:
    """1 / distance; where some have distance 0, only these count."""
    distances = ops.clip(ops.subtract(1.0, similarities), 0.0, 2.0)
    same = ops.cast(ops.less_equal(distances, _SAME), "float32")
    copies = ops.max(same, axis=-1, keepdims=True)
    others = ops.divide(1.0, ops.maximum(distances, _SAME))
    return ops.add(ops.multiply(copies, same), ops.multiply(ops.subtract(1.0, copies), others))


def trees(head: TreesHead, features: int) -> keras.Model:
    """Every photo goes one step down in all trees at once, ``depth`` times; the nodes are rows of tables.

    A float32 feature is at most a float64 threshold exactly when it is at most the largest float32 below it.
    """
    if len(head.feature) > _MOST_NODES:
        raise InvalidInput(f"The trees have {len(head.feature):,} nodes; at most {_MOST_NODES:,} have a form in Keras.")
    scores = head.roots.shape[1]
    inputs = keras.Input((features,), name="features")
    nodes = np.stack([head.feature, _floor32(head.threshold), head.left, head.right], axis=1)
    start = layers.Embedding(1, head.roots.size, name="roots")
    first = ops.cast(ops.zeros_like(inputs[:, 0]), "int32")
    place = ops.cast(start(first), "int32")
    start.set_weights([head.roots.reshape(1, -1).astype(np.float32)])
    table = layers.Embedding(len(nodes), 4, name="nodes")
    for _ in range(head.depth):
        row = table(place)
        seen = ops.take_along_axis(inputs, ops.cast(row[..., 0], "int32"), axis=1)
        place = ops.cast(ops.where(ops.less_equal(seen, row[..., 1]), row[..., 2], row[..., 3]), "int32")
    if head.depth:
        table.set_weights([nodes.astype(np.float32)])
    added = ops.reshape(_table(head.value[:, None], "values", place), (-1, *head.roots.shape))
    bias = layers.Dense(scores, name="baseline")
    total = bias(ops.sum(added, axis=1))
    bias.set_weights([np.eye(scores, dtype=np.float32), np.asarray(head.baseline, np.float32)])
    if scores == 1:
        total = ops.concatenate([ops.zeros_like(total), total], axis=-1)
    return keras.Model(inputs, ops.softmax(total), name="head")


def _floor32(values: np.ndarray) -> np.ndarray:
    """The largest float32 that is at most each value."""
    near = values.astype(np.float32)
    return np.where(near > values, np.nextafter(near, np.float32(-np.inf)), near)


def _table(rows: np.ndarray, name: str, index: Any) -> Any:
    """``rows[index]`` by an embedding."""
    layer = layers.Embedding(*rows.shape, name=name)
    found = layer(index)
    layer.set_weights([rows.astype(np.float32)])
    return found
