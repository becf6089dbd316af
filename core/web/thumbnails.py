"""Strips of photos as thumbnails: a page of 60 photos costs some 200 kB, not 60 full photos."""

import io
from collections.abc import Sequence
from pathlib import Path

import streamlit as st
from PIL import Image

SIDE = 192
"""Longest side in pixels; shown at half of it on ordinary screens, sharp on dense ones."""


@st.cache_data(max_entries=2048, show_spinner=False)
def thumbnail(path: Path, modified: float, side: int = SIDE) -> bytes:
    """JPEG bytes of a stored photo, square crop from its middle. ``modified`` is part of the cache's key."""
    with Image.open(path, formats=("JPEG",)) as photo:
        photo.draft("RGB", (2 * side, 2 * side))
        square = min(photo.size)
        left, top = (photo.width - square) // 2, (photo.height - square) // 2
        small = photo.convert("RGB").resize(
            (side, side), Image.Resampling.BICUBIC, (left, top, left + square, top + square)
        )
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=80)
    return buffer.getvalue()


def photo_strip(paths: Sequence[Path], captions: Sequence[str], *, alt: Sequence[str] | None = None, width: int = 96):
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
            st.image(picture, caption=caption or None, alt=text or None, width=width)
