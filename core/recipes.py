"""How to use a backbone: pattern, hyperparameters, and the fingerprint that says "this was done before".

A recipe knows nothing of the data; ``sensible_hyperparameters`` looks at the data's size only.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum
from typing import Any

from core.errors import InvalidInput

TRAINING_VERSION = 1
"""Raised whenever the same recipe would train differently; old runs are then no longer reused."""


class Pattern(StrEnum):
    """How the pretrained network is used; the names of the literature."""

    INTEGRATED_EXTRACTOR = "integrated_extractor"


@dataclass(frozen=True, kw_only=True)
class Hyperparameters:
    """Numbers the user may choose before a run.

    Args:
        epochs: how often the head sees the training photos.
        batch_size: photos per gradient step.
        learning_rate: of Adam; constant, so that a run with more epochs only continues one with fewer.
        dropout: share of features dropped in training, 0..1 (1 excluded).
        hidden_units: size of one hidden layer before the output; 0 for none.
        label_smoothing: 0..1 (1 excluded).
        views: augmented renderings of every training photo (1 = only the photo itself); epoch e uses view e mod views.
        seed: of initial weights, dropout, order and views.
    """

    epochs: int = 30
    batch_size: int = 32
    learning_rate: float = 1e-3
    dropout: float = 0.2
    hidden_units: int = 0
    label_smoothing: float = 0.0
    views: int = 1
    seed: int = 0

    def __post_init__(self):
        for field in fields(self):
            _check(field.name, getattr(self, field.name))


_BOUNDS: dict[str, tuple[float, float]] = {
    "epochs": (1, 10_000),
    "batch_size": (1, 4096),
    "learning_rate": (1e-7, 10.0),
    "dropout": (0.0, 0.95),
    "hidden_units": (0, 8192),
    "label_smoothing": (0.0, 0.9),
    "views": (1, 16),
    "seed": (0, 2**31 - 1),
}


def _check(name: str, value) -> None:
    low, high = _BOUNDS[name]
    whole = isinstance(low, int)
    if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
        raise InvalidInput(f"{name} must be a {'whole ' if whole else ''}number. Received: {name}={value!r}")
    if not low <= value <= high:
        raise InvalidInput(f"{name} must be between {low:g} and {high:g}. Received: {name}={value!r}")


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Backbone x pattern x hyperparameters."""

    backbone: str
    pattern: Pattern = Pattern.INTEGRATED_EXTRACTOR
    hyperparameters: Hyperparameters = Hyperparameters()

    def to_dict(self) -> dict:
        return {
            "backbone": self.backbone,
            "pattern": str(self.pattern),
            "hyperparameters": asdict(self.hyperparameters),
        }

    @classmethod
    def from_dict(cls, data: dict) -> "Recipe":
        return cls(
            backbone=data["backbone"],
            pattern=Pattern(data["pattern"]),
            hyperparameters=Hyperparameters(**data["hyperparameters"]),
        )


def fingerprint(recipe: Recipe, *, dataset_digest: str, weights_digest: str) -> str:
    """SHA-256 of everything that decides what is learned, except the number of epochs.

    Two runs with one fingerprint walk the same path; the one with more epochs walks it further. That is why an
    interrupted run can resume and a finished one be extended.
    """
    data = recipe.to_dict()
    del data["hyperparameters"]["epochs"]
    data |= {"dataset": dataset_digest, "weights": weights_digest, "training_version": TRAINING_VERSION}
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()


def sensible_hyperparameters(*, train_photos: int, classes: int) -> Hyperparameters:
    """Defaults computed from the data's size; chosen by validation loss (docs/decisions/0002-features-engine.md)."""
    return Hyperparameters(
        learning_rate=3e-3,
        epochs=_epochs(train_photos),
        batch_size=_batch_size(train_photos),
        views=_views(train_photos),
    )


def _epochs(train_photos: int) -> int:
    """Few photos need more passes, and on stored features they are cheap: about 60,000 photos seen in 10 to 40."""
    return max(10, min(40, 60_000 // max(train_photos, 1)))


def _batch_size(train_photos: int) -> int:
    """At least eight steps an epoch, so that the learning rate means the same on small sets."""
    for size in (64, 32, 16):
        if train_photos >= 8 * size:
            return size
    return 8


def _views(train_photos: int) -> int:
    """Augmentation pays where photos are few; each view costs one more forward pass over the training photos."""
    return 4 if train_photos < 1000 else 2 if train_photos < 5000 else 1


def with_settings(hyperparameters: Hyperparameters, assignments: dict[str, str]) -> Hyperparameters:
    """A copy with ``name=text`` values applied, as given on a command line."""
    kinds = {name: type(low) for name, (low, _) in _BOUNDS.items()}
    changes: dict[str, Any] = {}
    for name, text in assignments.items():
        if name not in kinds:
            raise InvalidInput(f"There is no hyperparameter {name!r}. Choose from: {', '.join(kinds)}")
        try:
            changes[name] = kinds[name](text)
        except ValueError:
            kind = "a whole number" if kinds[name] is int else "a number"
            raise InvalidInput(f"{name} must be {kind}. Received: {name}={text}") from None
    return replace(hyperparameters, **changes)
