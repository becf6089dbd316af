"""How photos become the input of a model of the hub: size, scaling of the pixels, and which part of a photo is seen."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from core.backbones.hub.layouts import HubLayout
from core.backbones.scalings import scaling_of_config
from core.backbones.values import Scaling
from core.datasets.decoding.fit import LARGEST_INPUT, Fit
from core.errors import InvalidInput

SMALLEST = 16

_FITS = {"center": Fit.CROP, "squash": Fit.SQUASH, "border": Fit.PAD}
"""By timm's ``crop_mode``."""


@dataclass(frozen=True, kw_only=True)
class Preprocessing:
    """What the files of a model say of its input.

    Args:
        size: side of the square in pixels. scaling: of the pixels; None where the files say nothing of it.
        fit: how a photo becomes the square in the network's own evaluation.
        crop_pct: side of what that evaluation sees, relative to the square; 1 for all of it.
    """

    size: int
    scaling: Scaling | None
    fit: Fit = Fit.SQUASH
    crop_pct: float = 1.0

    def note(self) -> str:
        """What Graft does otherwise than the network's own evaluation; "" for nothing."""
        if self.crop_pct >= 0.995:
            return ""
        return (
            f"Its published evaluation sees the middle {100 * self.crop_pct:.1f} % of each side (crop_pct "
            f"{self.crop_pct:g}); Graft shows the network the whole square, because what matters in your photos may be "
            "at the border."
        )


def preprocessing_of(
    layout: HubLayout, config: Mapping[str, Any], preprocessor: Mapping[str, Any], trained_size: int = 0
) -> Preprocessing:
    """What ``config.json`` and, beside it, ``preprocessor_config.json`` or ``image_converter.json`` say.

    Args:
        trained_size: of a network with stored positions, used where the files say no other; 0 without one.

    Raises:
        InvalidInput: the size of the input is not a square, not known, or not one that a photo can have.
    """
    found = {HubLayout.TIMM: _of_timm, HubLayout.TRANSFORMERS: _of_transformers, HubLayout.KERAS: _of_keras}[layout](
        config, preprocessor
    )
    size = found.size or trained_size
    if not SMALLEST <= size <= LARGEST_INPUT:
        raise InvalidInput(
            f"Its input must be a square of {SMALLEST} to {LARGEST_INPUT} px. Its files say: {size or 'nothing'}. "
            "Choose another model."
        )
    return Preprocessing(size=size, scaling=found.scaling, fit=found.fit, crop_pct=found.crop_pct)


# --- timm ---


def _of_timm(config: Mapping[str, Any], _preprocessor: Mapping[str, Any]) -> Preprocessing:
    inner = config.get("pretrained_cfg")
    about: Mapping[str, Any] = inner if isinstance(inner, Mapping) else config
    shape = about.get("input_size")
    sides = shape[1:] if isinstance(shape, Sequence) and len(shape) == 3 else ()
    crop = _number(about.get("crop_pct"), 1.0)
    fit = _FITS.get(str(about.get("crop_mode") or "center"), Fit.CROP)
    return Preprocessing(size=_square(sides), scaling=scaling_of_config(config), fit=fit, crop_pct=min(crop, 1.0))


# --- Transformers ---


def _of_transformers(config: Mapping[str, Any], preprocessor: Mapping[str, Any]) -> Preprocessing:
    crops = bool(preprocessor.get("do_center_crop", False)) and bool(preprocessor.get("crop_size"))
    resized = preprocessor.get("size")
    if crops:
        size, before = _side(preprocessor["crop_size"]), _side(resized)
        return Preprocessing(
            size=size,
            scaling=scaling_of_config(preprocessor),
            fit=Fit.CROP,
            crop_pct=min(size / before, 1.0) if size and before else 1.0,
        )
    shortest = (isinstance(resized, Mapping) and "shortest_edge" in resized) or "crop_pct" in preprocessor
    crop = _number(preprocessor.get("crop_pct"), 1.0)
    fit = Fit.CROP if shortest else Fit.SQUASH
    size = _side(resized) or _side(config.get("image_size"))
    return Preprocessing(size=size, scaling=scaling_of_config(preprocessor), fit=fit, crop_pct=min(crop, 1.0))


def _side(size: Any) -> int:
    """Of a square; 0 where it is none."""
    if isinstance(size, Mapping):
        if "shortest_edge" in size:
            return _whole(size["shortest_edge"])
        return _square((size.get("height"), size.get("width")))
    if isinstance(size, Sequence) and not isinstance(size, str):
        return _square(size)
    return _whole(size)


# --- Keras ---


def _of_keras(config: Mapping[str, Any], converter: Mapping[str, Any]) -> Preprocessing:
    inner = config.get("config")
    about = converter.get("config")
    own: Mapping[str, Any] = inner if isinstance(inner, Mapping) else {}
    said: Mapping[str, Any] = about if isinstance(about, Mapping) else {}
    shape = own.get("image_shape")
    sides = shape[:2] if isinstance(shape, Sequence) and len(shape) == 3 else ()
    fit = Fit.CROP if said.get("crop_to_aspect_ratio", True) else Fit.SQUASH
    if said.get("pad_to_aspect_ratio", False):
        fit = Fit.PAD
    return Preprocessing(
        size=_side(said.get("image_size")) or _square(sides), scaling=_keras_scaling(said) if said else None, fit=fit
    )


def _keras_scaling(said: Mapping[str, Any]) -> Scaling | None:
    """``pixel * scale + offset`` as ``(pixel / 255 - mean) / deviation``."""
    scale, offset = _three(said.get("scale"), 1.0), _three(said.get("offset"), 0.0)
    if scale is None or offset is None or min(scale) <= 0:
        return None
    means = [-o / (255 * s) for s, o in zip(scale, offset, strict=True)]
    deviations = [1 / (255 * s) for s in scale]
    return Scaling(mean=(means[0], means[1], means[2]), deviation=(deviations[0], deviations[1], deviations[2]))


def _three(value: Any, missing: float) -> tuple[float, float, float] | None:
    values = [missing if value is None else value] * 3 if not isinstance(value, Sequence) else list(value)
    with suppress(TypeError, ValueError):
        numbers = [float(one) for one in values]
        if len(numbers) == 3:
            return numbers[0], numbers[1], numbers[2]
    return None


# --- numbers ---


def _square(sides: Any) -> int:
    sides = list(sides)
    return _whole(sides[0]) if len(sides) == 2 and sides[0] == sides[1] else 0


def _whole(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def _number(value: Any, missing: float) -> float:
    good = isinstance(value, int | float) and not isinstance(value, bool) and value > 0
    return float(value) if good else missing
