"""How a photo file becomes the input of a model, in words and values on its card: a notebook can repeat it.

The code that does it: ``core.datasets.decoding.photos`` (the stored photo), ``core.features.views`` (the network's
input), and a layer of the network (the scaling of its values).
"""

from importlib.metadata import version

from core.datasets.decoding.fit import PADDING, Fit
from core.datasets.decoding.photos import STORED_QUALITY, STORED_SIDE

_FRAMES = {
    Fit.SQUASH: ("none: the whole photo, its sides scaled independently", ""),
    Fit.CROP: (
        "the largest square in the middle",
        " With m = min(width, height) of it: image.crop((x, y, x + m, y + m)), x = (width - m) // 2, "
        "y = (height - m) // 2.",
    ),
    Fit.PAD: (
        f"none: the whole photo in the middle of a square of the colour {PADDING}",
        f" With m = max(width, height) of it: paste it into Image.new('RGB', (m, m), {PADDING}) at "
        "((m - width) // 2, (m - height) // 2).",
    ),
}
"""What of a photo is kept, and the step that does it."""


def preprocessing(fit: Fit = Fit.SQUASH) -> dict:
    """The entry of the card: ``decoder``, ``stored`` and ``input`` with values, ``steps`` in words.

    Args:
        fit: of the recipe; the networks of a model that combines runs have their own in the card's ``answer``.
    """
    crop, step = _FRAMES[fit]
    return {
        "decoder": f"Pillow {version('pillow')}",
        "stored": {
            "longest_side": STORED_SIDE,
            "resampling": "bicubic",
            "reducing_gap": 2.0,
            "format": "JPEG",
            "quality": STORED_QUALITY,
            "orientation": "EXIF, applied",
            "colour_profile": "ignored",
            "transparency": "over white",
        },
        "input": {
            "resampling": "bicubic",
            "fit": str(fit),
            "crop": crop,
            "colours": "RGB",
            "dtype": "float32",
            "values": [0, 255],
            "scaling": "inside the network (its first layers)",
        },
        "steps": [
            "Open the file with Pillow; of an animation take the first frame. Let (w, h) be its size before the "
            f"orientation is applied, s = min(1, {STORED_SIDE} / max(w, h)), and (w2, h2) = (max(1, round(w * s)), "
            "max(1, round(h * s))).",
            "Of a JPEG call image.draft(None, (w2, h2)) before loading: it is decoded at 1/2, 1/4 or 1/8 of its size.",
            "Convert it to RGB, with transparency to RGBA; colour profiles are ignored; of 16 bits per value the upper "
            "8 that the photos of the dataset use.",
            "If its size is not (w2, h2): image.resize((w2, h2), BICUBIC, reducing_gap=2.0). Put RGBA over white.",
            "Apply the EXIF orientation (as PIL.ImageOps.exif_transpose does).",
            f"Save it as JPEG with quality={STORED_QUALITY} and Pillow's other defaults, without metadata, and open "
            "the result. These bytes are the stored photo (datasets/<id>/photos/<digest>.jpg).",
            'With n the side of the input of the network: image.draft("RGB", (n, n)), convert to RGB.'
            f"{step} Then image.resize((n, n), BICUBIC).",
            "The input is this array as float32, shape (1, n, n, 3), values 0 to 255, which are scaled inside the "
            "network. A model.keras with several inputs takes the photo once for each, with the n of that input.",
        ],
    }
