"""Features of a photo that every home has: that an added network computes them, and still computes the same."""

import zipfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from core.backbones.values import Backbone
from core.datasets import DEMO_ARCHIVE
from core.errors import InvalidInput
from core.features.engines import choose_engine
from core.features.views import View
from core.settings import Settings

CHECK_PHOTO = "monument/exp_eiffelTower.jpg"
"""Its name among the demo photos."""
_OTHER_PHOTO = "monument/cat_bayterek.jpg"

TOLERANCE = 1e-3
"""Largest difference between two computations, relative to the largest feature: other versions of libraries and other
processors differ by 1e-6 to 1e-5, another scaling of the pixels by more than 1e-2."""


@dataclass(frozen=True, kw_only=True)
class CheckedPhoto:
    """Pooled features of the check photo, and the engine that computed them."""

    photo: str
    engine: str
    features: tuple[float, ...]

    def to_json(self) -> dict:
        return asdict(self) | {"features": list(self.features)}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "CheckedPhoto":
        """Reverse of ``to_json``."""
        return cls(**{**content, "features": tuple(content["features"])})


def check_photo(name: str = CHECK_PHOTO) -> bytes:
    """The JPEG of the check photo."""
    with zipfile.ZipFile(DEMO_ARCHIVE) as archive:
        return archive.read(name)


def checked(backbone: Backbone, settings: Settings, note: Callable[[str], None] = print) -> CheckedPhoto:
    """The features of the check photo, with the engine that runs will use.

    Raises:
        InvalidInput: they are not finite, or the same for every photo.
    """
    engine = choose_engine(backbone, settings, note=note)
    features, other = engine([View(check_photo()), View(check_photo(_OTHER_PHOTO))])
    if not np.isfinite(features).all():
        raise InvalidInput(
            f"{backbone.title} computes features that are not finite for a photo, so its weights or the scaling of the "
            "pixels are wrong. Nothing was added."
        )
    if np.abs(features - other).max() <= 1e-5 * np.abs(features).max():
        raise InvalidInput(
            f"{backbone.title} computes the same features for two different photos, so its weights or the scaling of "
            "the pixels are wrong. Nothing was added."
        )
    return CheckedPhoto(photo=CHECK_PHOTO, engine=engine.name, features=tuple(float(f"{x:.7g}") for x in features))


def difference(before: CheckedPhoto, now: CheckedPhoto) -> float:
    """Largest difference between two computations, relative to the largest feature; infinite for other sizes."""
    first, second = np.array(before.features), np.array(now.features)
    if first.shape != second.shape:
        return float("inf")
    return float(np.abs(first - second).max() / max(float(np.abs(first).max()), 1e-12))
