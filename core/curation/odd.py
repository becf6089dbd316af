"""Odd photos: what cleanvision looks for, and photos that are unlike the others of their class.

``dark``, ``bright``, ``odd shape`` and ``low information`` are the measures of cleanvision 0.3 (see
``core.curation.pictures``); ``tiny`` is measured against the size that networks take. The limit of information is lower
than cleanvision's 3 bits, by which one in twenty demo photos was odd: tools on a white ground. ``blurred`` is the blur
effect of Crete et al.; cleanvision's measure named photos of little contrast, none of which was blurred (clothing).
Photos that are dark, bright or without information have few edges and are not called blurred as well. ``unlike its
class``: the mean similarity to the nearest photos of its own class is far below that of the class (by the median
absolute deviation, as Iglewicz and Hoaglin 1993 advise for outliers).
"""

from collections.abc import Sequence

import numpy as np

from core.curation.pictures import Picture
from core.datasets.values import Photo
from core.text.units import percent

DARKEST, BRIGHTEST, BLURRED, FLAT, NARROWEST = 0.32, 0.95, 0.45, 1.25 / 8, 0.35
TINY = 64
"""Pixels of the shorter side."""

UNLIKE = 6.0
"""Median absolute deviations below the median of the class."""
_NEAR, _FEWEST = 5, 10


def reasons_of(photo: Photo, picture: Picture) -> dict[str, str]:
    """In which ways a photo is odd by itself, with the measured values as text."""
    found = {}
    if picture.dark < DARKEST:
        found["dark"] = f"99 % of its pixels are darker than {percent(picture.dark)} of white"
    if picture.bright > BRIGHTEST:
        found["bright"] = f"95 % of its pixels are brighter than {percent(picture.bright)} of white"
    if picture.information < FLAT:
        found["low information"] = f"{picture.information * 8:.1f} bits a pixel of at most 8"
    if picture.blur > BLURRED and not found:
        found["blurred"] = f"blur effect {picture.blur:.2f}, above {BLURRED:.2f}"
    if min(photo.width, photo.height) < TINY:
        found["tiny"] = f"{photo.width} x {photo.height} pixels"
    elif min(photo.width / photo.height, photo.height / photo.width) < NARROWEST:
        found["odd shape"] = f"{photo.width} x {photo.height} pixels"
    return found


def unlike_their_class(features: np.ndarray, labels: np.ndarray) -> dict[int, str]:
    """Photos far from all others of their class, with the reason; classes with fewer than ten photos have none.

    Args:
        features: (n, d) rows of length 1. labels: (n,).
    """
    found = {}
    for label in np.unique(labels):
        own = np.flatnonzero(labels == label)
        if len(own) < _FEWEST:
            continue
        nearness = _nearness(features[own])
        middle = float(np.median(nearness))
        spread = float(np.median(np.abs(nearness - middle))) * 1.4826
        for index in np.flatnonzero(nearness < middle - UNLIKE * max(spread, 1e-3)):
            found[int(own[index])] = f"similarity {nearness[index]:.2f} to the nearest of its class, usual {middle:.2f}"
    return found


def _nearness(rows: np.ndarray) -> np.ndarray:
    """(n,) mean cosine to the nearest others."""
    found = []
    for start in range(0, len(rows), 512):
        block = rows[start : start + 512] @ rows.T
        block[np.arange(len(block)), np.arange(start, start + len(block))] = -2
        found.append(np.partition(block, -_NEAR, axis=1)[:, -_NEAR:].mean(axis=1))
    return np.concatenate(found)


def odd_in(
    photos: Sequence[Photo], pictures: Sequence[Picture], unlike: dict[int, str]
) -> list[tuple[int, dict[str, str]]]:
    """Numbers of the odd photos with their reasons, those with most reasons first."""
    found = []
    for number, (photo, picture) in enumerate(zip(photos, pictures, strict=True)):
        reasons = reasons_of(photo, picture)
        if number in unlike:
            reasons["unlike its class"] = unlike[number]
        if reasons:
            found.append((number, reasons))
    return sorted(found, key=lambda one: -len(one[1]))
