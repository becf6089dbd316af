"""What the features of a few photos say about the scaling of their pixels.

A wrong scaling rarely fails; it makes features worse. Whether photos of one class have near features is a sign that a
person can see, and no proof, so the scaling is never chosen by it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np


@dataclass(frozen=True, kw_only=True)
class Compared:
    """The features of the check photos under one scaling.

    Args:
        scaling: name of the preset, "" for one of other numbers.
        finite: whether all features are. spread: mean standard deviation of a feature over the photos, relative to
            the mean size of the features; 0 where all photos have the same.
        agreement: share of the photos whose most similar other photo (cosine) is of the same class; None where the
            features are useless.
        top: (index, probability) of the first photo's most probable outputs; () where the network has no classes.
    """

    scaling: str
    finite: bool
    spread: float
    agreement: float | None
    photos: int
    top: tuple[tuple[int, float], ...] = ()

    @property
    def usable(self) -> bool:
        """Whether the features tell photos apart at all."""
        return self.finite and self.spread > 1e-6

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "Compared":
        """Reverse of ``to_json``."""
        top = tuple((int(index), float(value)) for index, value in content["top"])
        return cls(**{**content, "top": top})


def compare(name: str, features: np.ndarray, classes: Sequence[str], outputs: np.ndarray | None = None) -> Compared:
    """Args:
    name: of the preset. features: (photos, d). classes: of the photos. outputs: of the network, (photos, k).
    """
    finite = bool(np.isfinite(features).all())
    found = Compared(scaling=name, finite=finite, spread=0.0, agreement=None, photos=len(features))
    if not finite:
        return found
    size = float(np.abs(features).mean())
    found = replace(found, spread=float(features.std(axis=0).mean() / size) if size else 0.0)
    if found.usable:
        found = replace(found, agreement=_agreement(features, classes))
    if outputs is not None and np.isfinite(outputs).all():
        found = replace(found, top=_top(outputs[0]))
    return found


def _agreement(features: np.ndarray, classes: Sequence[str]) -> float:
    lengths = np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-12)
    similar = (features / lengths) @ (features / lengths).T
    np.fill_diagonal(similar, -np.inf)
    names = np.array(classes)
    return float((names[similar.argmax(axis=1)] == names).mean())


def _top(output: np.ndarray, most: int = 3) -> tuple[tuple[int, float], ...]:
    """The most probable outputs; logits become probabilities."""
    values = output.astype(np.float64)
    if values.min() < 0 or not np.isclose(values.sum(), 1, atol=1e-2):
        values = np.exp(values - values.max())
        values /= values.sum()
    best = np.argsort(-values, kind="stable")[:most]
    return tuple((int(index), float(values[index])) for index in best)
