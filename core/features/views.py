"""A stored photo as network input: unchanged (view 0) or augmented (views from 1 on)."""

from functools import partial
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from core.datasets.decoding.fit import Fit, framed, pixels
from core.datasets.values import Photo
from core.errors import NotFound
from core.recipes.hyperparameters import ITSELF, Augmentation, ViewSettings

CROP_AREA = (0.7, 1.0)
"""Fraction of the photo's area in a crop. Milder than Inception's 0.08, because a frozen network cannot adapt."""
CROP_ASPECT = (3 / 4, 4 / 3)
JITTER = 0.15
"""Largest relative change of brightness, contrast and saturation."""


class View:
    """One photo in one view, as input of one or several networks; every size and fit is rendered once.

    Args:
        jpeg: of the stored photo. which, digest: see ``render``.
    """

    def __init__(self, jpeg: bytes, which: ViewSettings = ITSELF, *, digest: str = "") -> None:
        self.jpeg = jpeg
        self._render = partial(render, jpeg, which=which, digest=digest)
        self._squares: dict[tuple[int, Fit], np.ndarray] = {}

    def square(self, size: int, fit: Fit = Fit.SQUASH) -> np.ndarray:
        """uint8 (size, size, 3)."""
        key = size, fit
        if key not in self._squares:
            self._squares[key] = self._render(size=size, fit=fit)
        return self._squares[key]


def jpeg_of(photo: Photo, folder: Path) -> bytes:
    """A stored photo of a dataset; ``folder`` is the dataset's ``photos``.

    Raises:
        NotFound: it is missing.
    """
    try:
        return (folder / f"{photo.digest}.jpg").read_bytes()
    except FileNotFoundError:
        raise NotFound(f"The stored photo of {photo.file} is missing from {folder}. Import the photos again.") from None


def render(
    jpeg: bytes, size: int, which: ViewSettings = ITSELF, *, fit: Fit = Fit.SQUASH, digest: str = ""
) -> np.ndarray:
    """One view of a stored photo, uint8 (size, size, 3).

    View 0 is the photo as in prediction. Every other view is flipped with probability 0.5 and has slightly changed
    light and colour; with ``Augmentation.CROPS`` it is a random crop of what view 0 shows. It depends on ``which``
    and the digest of the photo only, so it is the same in every run.
    """
    if which == ITSELF:
        return pixels(jpeg, size, fit)
    rng = np.random.default_rng(list(sha256(f"{which.seed}|{digest}|{which.view}".encode()).digest()))
    cropped = which.augmentation == Augmentation.CROPS
    square = _cropped(jpeg, size, fit, rng) if cropped else pixels(jpeg, size, fit)
    if rng.random() < 0.5:
        square = np.ascontiguousarray(square[:, ::-1])
    return jittered(square, rng)


def _cropped(jpeg: bytes, size: int, fit: Fit, rng: np.random.Generator) -> np.ndarray:
    with Image.open(BytesIO(jpeg), formats=("JPEG",)) as image:
        # The crop has at least half of each side: decoding at twice the size loses nothing.
        image.draft("RGB", (2 * size, 2 * size))
        picture = framed(image.convert("RGB"), fit)
        box = crop_box(picture.size, rng)
        square = picture.resize((size, size), Image.Resampling.BICUBIC, box=box, reducing_gap=2.0)
    return np.asarray(square)


def crop_box(size: tuple[int, int], rng: np.random.Generator) -> tuple[float, float, float, float]:
    """(left, upper, right, lower) of a random crop inside a photo of ``size`` (width, height)."""
    area = rng.uniform(*CROP_AREA)
    stretch = np.exp(rng.uniform(*np.log(CROP_ASPECT)))
    width = min(1.0, np.sqrt(area * stretch)) * size[0]
    height = min(1.0, np.sqrt(area / stretch)) * size[1]
    left, upper = rng.uniform(0, size[0] - width), rng.uniform(0, size[1] - height)
    return left, upper, left + width, upper + height


def jittered(photo: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The photo (size, size, 3) uint8 with other brightness, contrast and saturation."""
    brightness, contrast, saturation = rng.uniform(1 - JITTER, 1 + JITTER, 3).astype(np.float32)
    x = photo.astype(np.float32)
    grey = x @ np.array([0.299, 0.587, 0.114], np.float32)  # luma of ITU-R BT.601, as in JPEG
    x = grey[..., None] + (x - grey[..., None]) * saturation
    x = (grey.mean() + (x - grey.mean()) * contrast) * brightness
    return np.asarray(np.clip(np.rint(x), 0, 255), np.uint8)
