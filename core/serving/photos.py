"""The photos of a prediction: decoded in child processes, at the scale of grey that each model learned from."""

from collections.abc import Sequence

from core.datasets.decoding.photos import StoredPhoto
from core.datasets.decoding.warm import PhotoSource, decoders
from core.datasets.values import Rejection

NamedPhoto = tuple[str, PhotoSource | StoredPhoto]
"""A file name with the bytes of an upload, with the place of a file in an upload, or with a stored photo."""

ScaledPhoto = dict[int | None, StoredPhoto]
"""A photo at every scale of 16-bit grey that a model learned from, by its bits; all are equal for other photos."""


def decode_scaled(photo: NamedPhoto, scales: Sequence[int | None]) -> ScaledPhoto | Rejection:
    """A photo at every scale; a stored photo has the scale of its dataset.

    Args:
        scales: bits of 16-bit grey photos, at least one.
    """
    name, source = photo
    if isinstance(source, StoredPhoto):
        return dict.fromkeys(scales, source)
    first, *others = scales
    stored = decoders.decode(name, source, grey_bits=first)
    if isinstance(stored, Rejection):
        return stored
    found = dict.fromkeys(scales, stored)
    for bits in others if stored.grey_max is not None else ():
        again = decoders.decode(name, source, grey_bits=bits)
        if isinstance(again, StoredPhoto):
            found[bits] = again
    return found


def out_of_range(stored: StoredPhoto, bits: int | None) -> str:
    """Why a 16-bit grey photo is too bright for the scale of a model, as a sentence; else ""."""
    if bits is None or stored.grey_max is None or stored.grey_max < 2**bits:
        return ""
    return (
        f"The photo has grey values up to {stored.grey_max:,}; white is {2**bits - 1:,} in the photos that this model "
        "learned from. Save it with the same range, or with 8 bits."
    )
