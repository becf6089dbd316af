"""Which photos without a class to label next, as values and as JSON."""

from dataclasses import asdict, dataclass
from typing import Any, Self

from core.datasets.values import Rejection

LABEL_METHOD = 2
"""Raised whenever the same photos would come in another order; orders of another method are not read."""


@dataclass(frozen=True, kw_only=True)
class NextPhoto:
    """A photo to label, with what its place rests on.

    Args:
        suggested: the most probable class. probability: of it, 0..1. margin: between it and the next, 0..1.
        probabilities: of the most probable classes, the highest first.
        nearest, nearest_file, nearest_class: digest, file and class of the nearest photo that had a class when the
            order was made; "" where none had features. similarity: the cosine of their features.
    """

    digest: str
    file: str
    suggested: str
    probability: float
    margin: float
    probabilities: dict[str, float]
    nearest: str
    nearest_file: str
    nearest_class: str
    similarity: float


@dataclass(frozen=True, kw_only=True)
class LabelOrder:
    """The photos of a pool that are best labelled next, the first one first.

    Args:
        run: whose model's probabilities were used; "" for a linear head on stored features. title: of the run, or "".
        backbone: title of the backbone whose features were used.
        left: photos of the pool without a decision when the order was made, without those that were left out.
        at: seconds since 1970. seconds: it took.
        left_out: copies and near-copies that came with the import, with the reasons.
    """

    dataset_id: str
    run: str
    title: str
    backbone: str
    photos: tuple[NextPhoto, ...]
    left: int
    at: float
    seconds: float
    left_out: tuple[Rejection, ...] = ()

    @property
    def by(self) -> str:
        """Whose probabilities they are, in words."""
        return f"the model of {self.title}" if self.run else f"a linear head on features of {self.backbone}"

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Self:
        """Reverse of ``to_json``."""
        left_out = tuple(Rejection(**one) for one in content["left_out"])
        return cls(**content | {"photos": tuple(NextPhoto(**one) for one in content["photos"]), "left_out": left_out})
