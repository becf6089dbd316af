"""The process that builds an own ``.keras`` network for the first time: ``python -m core.features.keras_inspection``.

Task and answer are those of ``core.features.onnx_inspection``. The configuration was checked before
(``core.backbones.keras_config``); it is checked again, then opened in Keras' safe mode. Imports TensorFlow.
"""

import json
import os
import signal
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.backbones.keras_config import checked_config
from core.backbones.scalings import PRESETS
from core.backbones.table import scaling_of
from core.backbones.values import Scaling
from core.errors import InvalidInput
from core.features.onnx_child import first_line, limit_memory
from core.features.onnx_inspection import SECONDS, scaled
from core.features.scaling_check import compare
from core.features.views import View
from core.text.units import visible

if TYPE_CHECKING:
    import keras

    from core.features.flattening import FeatureEnd

MEMORY_BYTES = 16 * 2**30
"""Address space: TensorFlow maps much more than it uses."""

USUAL_SIZE, OTHER_SIZE = 224, 32


def main() -> None:
    task = json.loads(sys.stdin.buffer.readline())
    limit_memory(Path(task["path"]).stat().st_size, MEMORY_BYTES)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    answers = os.dup(1)
    os.dup2(2, 1)  # what libraries print is no part of the answer
    try:
        answer = inspect(task)
    except InvalidInput as refusal:
        answer = {"reason": str(refusal)}
    except MemoryError:
        answer = {"reason": f"{task['name']} needs more memory than a network may take."}
    os.write(answers, json.dumps(answer).encode())


def inspect(task: Mapping[str, Any]) -> dict[str, Any]:
    """What a ``.keras`` file is; with ``target`` and ``scaling`` the file to be stored is written.

    Raises:
        InvalidInput: it cannot be used.
    """
    from core.features.flattening import ending_of, scaling_inside

    name = task["name"]
    checked_config(Path(task["path"]), name)
    own = _opened(Path(task["path"]), name)
    size, fixed = _size(own, name, int(task.get("size") or 0))
    flat = _flat(own, size, name)
    ending = ending_of(flat, name, task.get("output") or "")
    inside = scaling_inside(flat)
    scaling = scaling_of(task["scaling"]) if task.get("scaling") else None
    stored = _stored(flat, ending, size, scaling or Scaling())
    answer = _described(stored, ending) | {
        "size": size,
        "any_size": not fixed or _takes(flat, ending, size + OTHER_SIZE),
        "notes": _notes(ending),
        "scaling": inside and asdict(inside),
    }
    if task.get("photos"):
        known = scaling or (inside.scaling if inside else None)
        answer["compared"] = _compared(flat, ending, size, task["photos"], known)
    if task.get("target"):
        stored.save(task["target"])
    return answer


def _notes(ending: "FeatureEnd") -> list[str]:
    if ending.pooling is None:
        return []
    return [
        f"It pools in a way of its own, up to {visible(ending.pooling.name)}; this is kept as its last block, head. "
        "The hyperparameter Pooling takes the mean instead."
    ]


def _opened(path: Path, name: str) -> "keras.Model":
    import keras

    try:
        model = keras.saving.load_model(path, compile=False, safe_mode=True)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, zipfile.BadZipFile, NotImplementedError) as error:
        raise InvalidInput(f"Keras cannot open {name} ({first_line(error)}). Save it again with Keras 3.") from None
    if not isinstance(model, keras.Model) or not model.built or len(model.inputs) != 1 or len(model.outputs) != 1:
        raise InvalidInput(
            f"{name} is no network with one input and one output of known shapes. Build it, then save it."
        )
    return model


def _size(model: "keras.Model", name: str, wanted: int) -> tuple[int, bool]:
    """Side of the input, and whether the file fixes it.

    Raises:
        InvalidInput: it takes no square RGB photos with the channels last.
    """
    shape = tuple(model.inputs[0].shape)
    shown = f"({', '.join('?' if side is None else str(side) for side in shape)})"
    if len(shape) != 4 or shape[-1] != 3:
        first = " Its channels come first; they must come last." if len(shape) == 4 and shape[1] == 3 else ""
        raise InvalidInput(
            f"{name} has an input of shape {shown}, which is no batch of RGB images (n, height, width, 3).{first}"
        )
    if shape[0] not in (None, 1):
        raise InvalidInput(f"{name} takes {shape[0]} images at once. Save it with a free batch size.")
    height, width = shape[1:3]
    if height != width:
        raise InvalidInput(f"{name} takes images of {height or 'any'} x {width or 'any'} pixels; squares are needed.")
    if height is not None:
        return int(height), True
    return wanted or USUAL_SIZE, False


def _flat(model: "keras.Model", size: int, name: str) -> "keras.Model":
    import keras

    from core.features.flattening import rebuilt

    try:
        return rebuilt(model, keras.Input((size, size, 3), name="photo"))
    except (ValueError, TypeError, AttributeError, NotImplementedError, RuntimeError) as error:
        raise InvalidInput(f"{name} cannot be unfolded at {size} px: {first_line(error)}") from None


def _takes(flat: "keras.Model", ending: "FeatureEnd", size: int) -> bool:
    """Whether the network up to its end takes another input size than the one in the file."""
    import keras

    from core.features.flattening import rebuilt

    body = keras.Model(flat.inputs[0], ending.last.output)
    try:
        rebuilt(body, keras.Input((size, size, 3)))
    except (ValueError, TypeError, RuntimeError):
        return False
    return True


def _stored(flat: "keras.Model", ending: "FeatureEnd", size: int, scaling: Scaling) -> "keras.Model":
    """The flat network of raw pixels up to its end, with named blocks."""
    import keras

    from core.features.flattening import block_names, names_with_pooling, rebuilt
    from core.features.scaling import scaled as scaled_layer

    body = keras.Model(flat.inputs[0], ending.last.output)
    names = names_with_pooling(body, ending) if ending.pooling else block_names(body)
    network = rebuilt(
        body,
        keras.Input((size, size, 3), name="photo"),
        before=lambda pixels: scaled_layer(pixels, scaling),
        name_of=lambda name: names.get(name, name),
    )
    return _of_one_position(network, len(ending.operation.output.shape)) if ending.pooling else network


def _of_one_position(network: "keras.Model", rank: int) -> "keras.Model":
    """The pooled features as a map of one position, or as one token, so that nothing behind it tells them apart."""
    import keras

    shape = (*(1,) * (rank - 2), int(network.output.shape[-1]))
    if tuple(network.output.shape[1:]) == shape:
        return network
    one = keras.layers.Reshape(shape, name="head_position")(network.output)
    return keras.Model(network.inputs[0], one, name=network.name)


def _described(stored: "keras.Model", ending: "FeatureEnd") -> dict[str, Any]:
    from core.features.cuts import block_ends
    from core.features.measuring import layer_multiply_adds
    from core.features.networks import layers_by_block

    ends = block_ends(stored)
    parts = layers_by_block(stored, tuple(ends))
    return {
        "last": visible(ending.operation.name),
        "left_out": [visible(name) for name in ending.left_out],
        "classes": ending.classes,
        "own_pooling": ending.pooling is not None,
        "blocks": [
            {
                "name": name,
                "tensor": visible(end.name),
                "shape": [int(side) for side in end.output.shape[1:]],
                "parameters": sum(layer.count_params() for layer in parts[name]),
                "multiply_adds": sum(map(layer_multiply_adds, parts[name])),
            }
            for name, end in ends.items()
        ],
        "feature_size": int(stored.output.shape[-1]),
    }


def _compared(
    flat: "keras.Model", ending: "FeatureEnd", size: int, photos: Mapping[str, str], scaling: Scaling | None
) -> list[dict]:
    """The features of the check photos under every preset, or under the scaling that is known."""
    import keras

    both = keras.Model(flat.inputs[0], [ending.last.output, flat.output])
    squares = [View(Path(path).read_bytes()).square(size) for path in photos]
    wanted = [("", scaling)] if scaling else [(one.name, one.scaling) for one in PRESETS]
    found = []
    for name, one in wanted:
        pixels = np.stack([scaled(square, one) for square in squares])
        values, outputs = (np.asarray(value, np.float64) for value in both.predict(pixels, batch_size=4, verbose=0))
        features = values.mean(axis=tuple(range(1, values.ndim - 1)))
        probabilities = outputs.reshape(len(outputs), -1) if ending.classes else None
        found.append(compare(name, features, list(photos.values()), probabilities).to_json())
    return found


if __name__ == "__main__":
    main()
