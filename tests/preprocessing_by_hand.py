"""What a person writes in a notebook who has a model's card and no Graft: the steps of ``card["preprocessing"]``.

Only Pillow and NumPy; nothing of ``core`` is imported here.
"""

from io import BytesIO

import numpy as np
from PIL import Image, ImageOps


def network_input(original: bytes, side: int, card: dict) -> np.ndarray:
    """(side, side, 3) uint8 of a photo file, as ``card`` says it."""
    stored = card["stored"]
    image = Image.open(BytesIO(original))
    width, height = image.size
    scale = min(1, stored["longest_side"] / max(width, height))
    small = max(1, round(width * scale)), max(1, round(height * scale))
    exif = image.getexif()
    image.draft(None, small)
    image.load()
    image = image.convert("RGBA" if "A" in image.mode else "RGB")
    if image.size != small:
        image = image.resize(small, Image.Resampling.BICUBIC, reducing_gap=stored["reducing_gap"])
    if image.mode == "RGBA":
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    image.getexif().update(exif)
    image = ImageOps.exif_transpose(image)
    buffer = BytesIO()
    image.save(buffer, stored["format"], quality=stored["quality"], exif=b"")
    again = Image.open(buffer)
    again.draft("RGB", (side, side))
    again = again.convert("RGB")
    width, height = again.size
    if card["input"]["fit"] == "crop":
        small_side = min(width, height)
        left, top = (width - small_side) // 2, (height - small_side) // 2
        again = again.crop((left, top, left + small_side, top + small_side))
    if card["input"]["fit"] == "pad":
        large_side = max(width, height)
        square = Image.new("RGB", (large_side, large_side), (124, 116, 104))
        square.paste(again, ((large_side - width) // 2, (large_side - height) // 2))
        again = square
    return np.asarray(again.resize((side, side), Image.Resampling.BICUBIC))
