"""The head of a zero-shot classifier: the nearest text.

Probabilities are softmax(scale * cos(features, text) + bias) over the classes (Radford et al. 2021, figure 3; SigLIP,
Zhai et al. 2023, is trained with a sigmoid for every pair, whose bias does not change the softmax).
"""

from collections.abc import Mapping, Sequence

import numpy as np

from core.models.heads.dense import Layer


def zero_shot_head(projection: np.ndarray | None, texts: np.ndarray, scale: float) -> list[Layer]:
    """(n, d) pooled features -> (n, classes) probabilities.

    Args:
        projection: (d, e) to the space of the texts; None where the features are in it.
        texts: (classes, e) unit vectors, one a class. scale: of the cosine.
    """
    features = texts.shape[1]
    kernel = np.eye(features, dtype=np.float32) if projection is None else projection
    first = Layer(kernel, np.zeros(features, np.float32), "unit")
    return [first, Layer((scale * texts.T).astype(np.float32), np.zeros(len(texts), np.float32), "softmax")]


def class_vectors(vectors: np.ndarray, classes: Sequence[int], count: int) -> np.ndarray:
    """(count, e) unit vectors: of every class the mean of its texts' unit vectors (section 3.1.4 of the paper).

    Args:
        vectors: (n, e) of the texts. classes: number of the class of each.
    """
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    sums = np.zeros((count, vectors.shape[1]), np.float32)
    np.add.at(sums, np.asarray(classes), unit)
    return np.asarray(sums / np.linalg.norm(sums, axis=1, keepdims=True), np.float32)


def choice_of(texts: Mapping[str, Sequence[str]]) -> dict:
    """For the card: the texts of every class."""
    return {"texts": [{"class": name, "texts": list(found)} for name, found in texts.items()]}
