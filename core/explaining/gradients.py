"""How much each place of a photo added to a class, from gradients inside the network.

Feature maps: Grad-CAM (Selvaraju et al. 2017), which weighs the channels of the last map by the mean gradient of the
class's score. Here every place has its own gradient (HiResCAM, Draelos and Carin 2020): the same where the map is
averaged before the head, and right where it is not.

Tokens: Grad-CAM of the last tokens is wrong, because attention has moved what they hold to other places
(docs/decisions/0020-heat-maps.md). Their attention weighted by its gradient is followed through all layers instead
(Chefer et al. 2021, "Generic Attention-model Explainability", equations 5 and 6).

The score is the logit of the class minus the mean of all logits, from the probabilities: it does not saturate as they
do, what all classes share cancels out, and it is above 0 for the most probable class.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers
from PIL import Image

from core.errors import Unavailable
from core.explaining.places import FoundNetwork, MapPlace, Place, TokenPlace, networks_of

FINEST = 64
"""Most rows and columns of a map; those of early cuts of a multi-layer probe have more."""

_LEAST = 1e-30


@dataclass(frozen=True, kw_only=True, eq=False)
class Contributions:
    """What the places of a photo added to the logit of a class through one network.

    Args:
        photo: number of the model's input.
        values: (rows, columns) float32. Of feature maps in logits for the area of the whole photo, negative ones
            speak against the class; of tokens without a unit and never negative.
        has_unit: whether they can be compared with those of other networks.
        covered: see ``TokenPlace``.
    """

    photo: int
    values: np.ndarray
    has_unit: bool
    covered: float


def contributions(
    model: keras.Model, photos: Sequence[np.ndarray], label: int | None = None
) -> tuple[np.ndarray, list[Contributions]]:
    """The probabilities (classes,), and what each network of the model saw for one class.

    Args:
        model: pixels -> probabilities.
        photos: (size, size, 3) for each input of the model.
        label: of the class; None for the most probable one.

    Raises:
        Unavailable: the places of a network are not known.
    """
    networks = networks_of(model)
    if not all(network.places for network in networks):
        raise Unavailable("its network has neither a last feature map nor a square of tokens")
    places = [place for network in networks for place in network.places]
    inputs = [tf.convert_to_tensor(photo[None], tf.float32) for photo in photos]
    with tf.GradientTape(persistent=True, watch_accessed_variables=False) as tape, _recorded(places, tape) as seen:
        outputs = model(inputs[0] if len(inputs) == 1 else inputs, training=False)
        score = _score(outputs[0], int(tf.argmax(outputs[0])) if label is None else label)
    found = [_of_network(network, seen, tape, score) for network in networks]
    return np.asarray(outputs[0]), found


def _score(probabilities: tf.Tensor, label: int) -> tf.Tensor:
    logits = tf.math.log(probabilities + _LEAST)
    return logits[label] - tf.reduce_mean(logits)


# --- what goes through the layers ---


@dataclass(frozen=True)
class _Seen:
    """Input, output and attention of layers by their ids, once the model was called."""

    inputs: dict[int, tf.Tensor]
    outputs: dict[int, tf.Tensor]
    attention: dict[int, tf.Tensor]


@contextmanager
def _recorded(places: Sequence[Place], tape: tf.GradientTape) -> Iterator[_Seen]:
    """Records the layers of ``places``. They may lie in models inside of the model, where a further output cannot be
    added."""
    seen = _Seen({}, {}, {})
    hooked: dict[int, layers.Layer] = {}
    for place in places:
        attentions = place.attentions if isinstance(place, TokenPlace) else ()
        hooked |= {id(one): one for one in (*attentions, place.layer, place.vector) if one is not None}
    for layer in hooked.values():
        layer.call = _attending(layer, seen, tape) if _attends(layer) else _recording(layer, seen, tape)
    try:
        yield seen
    finally:
        for layer in hooked.values():
            del layer.call


def _attends(layer: layers.Layer) -> bool:
    return isinstance(layer, layers.MultiHeadAttention)


def _recording(layer: layers.Layer, seen: _Seen, tape: tf.GradientTape) -> Any:
    call = layer.call

    def recorded(tensor: tf.Tensor, *args: Any, **kwargs: Any) -> tf.Tensor:
        tape.watch(tensor)
        seen.inputs[id(layer)] = tensor
        seen.outputs[id(layer)] = output = call(tensor, *args, **kwargs)
        return output

    return recorded


def _attending(layer: layers.Layer, seen: _Seen, tape: tf.GradientTape) -> Any:
    call = layer.call

    def attended(query: tf.Tensor, value: tf.Tensor, *args: Any, **kwargs: Any) -> tf.Tensor:
        tape.watch(value)
        kwargs["return_attention_scores"] = True
        output, seen.attention[id(layer)] = call(query, value, *args, **kwargs)
        return output

    return attended


# --- contributions ---


def _of_network(network: FoundNetwork, seen: _Seen, tape: tf.GradientTape, score: tf.Tensor) -> Contributions:
    found = [
        _of_tokens(place, seen, tape, score) if isinstance(place, TokenPlace) else _of_map(place, seen, tape, score)
        for place in network.places
    ]
    rows, columns = (min(FINEST, max(one.shape[axis] for one in found)) for axis in (0, 1))
    return Contributions(
        photo=network.photo,
        values=np.sum([_resized(one, (columns, rows)) for one in found], axis=0),
        has_unit=not any(isinstance(place, TokenPlace) for place in network.places),
        covered=network.covered,
    )


def _resized(values: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    if values.shape[::-1] == size:
        return values
    return np.asarray(Image.fromarray(values).resize(size, Image.Resampling.BILINEAR))


def _gradients(
    place: Place, tensors: list[tf.Tensor], seen: _Seen, tape: tf.GradientTape, score: tf.Tensor
) -> list[tf.Tensor]:
    """Of the score by ``tensors``, through the vector of this cut alone: what a tensor adds by way of later cuts is
    counted there."""
    target, outer = score, None
    if place.vector is not None:
        target = seen.outputs[id(place.vector)]
        outer = tape.gradient(score, target, unconnected_gradients="zero")
    found: list[tf.Tensor] = tape.gradient(target, tensors, output_gradients=outer, unconnected_gradients="zero")
    return found


def _of_map(place: MapPlace, seen: _Seen, tape: tf.GradientTape, score: tf.Tensor) -> np.ndarray:
    tensor = seen.inputs[id(place.layer)]
    (gradient,) = _gradients(place, [tensor], seen, tape, score)
    added = np.asarray(tf.reduce_sum(gradient * tensor, axis=-1), np.float32)[0]
    return np.asarray(added * added.size)


def _of_tokens(place: TokenPlace, seen: _Seen, tape: tf.GradientTape, score: tf.Tensor) -> np.ndarray:
    """Row i of ``relevance`` says how much token i of a layer holds of every patch."""
    tokens = seen.inputs[id(place.layer)]
    attention = [seen.attention[id(layer)] for layer in place.attentions]
    of_tokens, *of_attention = _gradients(place, [tokens, *attention], seen, tape, score)
    relevance = np.eye(tokens.shape[1], dtype=np.float32)
    weights = np.linalg.norm(of_tokens[0], axis=-1)  # which tokens the head reads: the class token, patches, or all
    for gradient, one in zip(of_attention, attention, strict=True):
        added = np.maximum(np.asarray(gradient * one)[0], 0).mean(axis=0) @ relevance
        if len(added) < len(relevance):  # attention pooling
            weights, relevance = np.ones(1, np.float32), added
        else:
            relevance = relevance + added
    patches = place.side**2
    if len(weights) == tokens.shape[1]:  # that a token holds itself says nothing
        relevance = relevance - np.eye(tokens.shape[1], dtype=np.float32)
    return np.asarray(weights @ relevance, np.float32)[-patches:].reshape(place.side, place.side)
