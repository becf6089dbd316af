"""Thumbnails of photos: a page of 60 transfers about 200 kB instead of 60 full photos."""

import base64
import io
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import streamlit as st
from PIL import Image, ImageDraw

from core.datasets.decoding import photos
from core.text.units import breakable

SIDE = 192
"""Longest side in pixels; shown at half of it on ordinary screens, sharp on dense ones."""


@lru_cache(maxsize=2048)
def thumbnail(path: Path, modified: float, side: int = SIDE) -> bytes:
    """JPEG bytes of a stored photo, square crop from its middle. ``modified`` is part of the cache's key."""
    return photos.thumbnail(path, side)


@st.cache_data(max_entries=64, show_spinner=False)
def montage(paths: tuple[Path, ...], side: int = 144, gap: int = 10) -> str:
    """Data URI of one row of thumbnails with transparent gaps; missing files are left out; "" when all are missing.

    A single picture scales to any width without wrapping. WebP (about 20 kB) is the only small format with
    transparent gaps; ``st.image`` would convert its bytes to a PNG ten times larger.
    """
    there = [path for path in paths if path.is_file()]
    if not there:
        return ""
    row = Image.new("RGBA", (len(there) * (side + gap) - gap, side), (0, 0, 0, 0))
    mask = Image.new("L", (side, side), 0)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, side - 1, side - 1), radius=gap, fill=255)
    for position, path in enumerate(there):
        with Image.open(io.BytesIO(thumbnail(path, path.stat().st_mtime, side))) as photo:
            row.paste(photo, (position * (side + gap), 0), mask)
    buffer = io.BytesIO()
    row.save(buffer, "WEBP", quality=80)
    return f"data:image/webp;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def photo_strip(
    paths: Sequence[Path], captions: Sequence[str], *, alt: Sequence[str] | None = None, width: int = 96
) -> None:
    """Thumbnails in a row that wraps. Missing files are left out.

    Args:
        paths: stored photos (JPEG).
        captions: under each photo, already ``plain``; pass empty strings for none.
        alt: text for screen readers; the captions when None.
        width: on the page, in CSS pixels.
    """
    alt = captions if alt is None else alt
    shown = [(path, caption, text) for path, caption, text in zip(paths, captions, alt, strict=True) if path.is_file()]
    if not shown:
        return
    with st.container(horizontal=True, gap="xsmall"):
        for path, caption, text in shown:
            picture = thumbnail(path, path.stat().st_mtime)
            st.image(picture, caption=breakable(caption) or None, alt=text or None, width=width)
