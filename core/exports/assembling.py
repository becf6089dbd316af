"""One Keras model of a finished run, from pixels to probabilities: networks, heads, and what combines several runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
from keras import layers, ops

from core.backbones.checksums import matches
from core.datasets.decoding.fit import Fit
from core.errors import GraftError, InvalidInput, Unavailable
from core.exports import heads
from core.features import networks
from core.files.here import model_here
from core.models.card import FEATURES, keras_output
from core.models.heads.head_file import FILE as HEAD_FILE
from core.models.inference.nodes import Confidence, Network, every_node, from_dict
from core.models.lineage import backbones_of
from core.models.temperature import LEAST
from core.recipes.patterns import Cascade, Pattern
from core.recipes.program import PREDICTIONS, Part, program_of
from core.registry import Registry
from core.runs.values import Model, Run
from core.settings import Settings

OUTPUT = "probabilities"
"""Name of the output of every exported model."""


@dataclass(frozen=True, kw_only=True)
class PhotoInput:
    """A photo as one input of an exported model: a square of ``size`` pixels, rendered with ``fit``."""

    size: int
    fit: Fit

    @property
    def name(self) -> str:
        return f"photo_{self.size}" if self.fit is Fit.SQUASH else f"photo_{self.size}_{self.fit}"


@dataclass(frozen=True)
class Assembled:
    """A model (n, size, size, 3) float32 RGB 0..255 for each of ``inputs`` -> probabilities (n, classes), named
    ``OUTPUT``. Networks that see a photo at the same size and fit share the input."""

    model: keras.Model
    inputs: tuple[PhotoInput, ...]


def assembled(run: Run, model: Model, registry: Registry, settings: Settings) -> Assembled:
    """The whole model of a run, with the temperature where it was calibrated.

    Raises:
        Unavailable: a file is missing or damaged. InvalidInput: a part of it has no form in Keras.
    """
    found = _of_run(run, model, registry, settings)
    inputs = tuple(dict.fromkeys(found.inputs))
    photos = {one: keras.Input((one.size, one.size, 3), name=one.name) for one in inputs}
    x = _called(found, [photos[one] for one in found.inputs])
    temperature = float((model.card.get("calibration") or {}).get("temperature", 1.0))
    if temperature != 1.0:
        x = ops.softmax(ops.divide(ops.log(ops.maximum(x, LEAST)), temperature))
    x = layers.Identity(name=OUTPUT)(x)
    whole = keras.Model(list(photos.values()) if len(photos) > 1 else photos[inputs[0]], x, name="graft")
    whole.trainable = False
    return Assembled(whole, inputs)


def _of_run(run: Run, model: Model, registry: Registry, settings: Settings) -> Assembled:
    """Uncalibrated; an input may be there twice."""
    if model.path.endswith(".keras"):
        return _with_head(_saved(run, model, settings), run, model, settings)
    if any(str(one["file"]).endswith(".onnx") for one in model.card.get("engines", ())):
        raise InvalidInput(f"{run.name} has an ONNX network, which has no form in Keras.")
    if run.recipe.pattern is Pattern.QUANTIZATION:
        raise InvalidInput(f"{run.name} has LiteRT networks of fewer bits, which have no form in Keras.")
    cascade = run.recipe.cascade
    if cascade is not None and cascade.combines_runs:
        members = [_member(run, member, registry, settings) for member in run.recipe.members]
        return _combined(members, cascade, model, _name(run))
    return _stacked(run, model, registry, settings)


def _saved(run: Run, model: Model, settings: Settings) -> Assembled:
    """``model.keras`` as the run saved it."""
    path = settings.home / model.path
    if not path.exists():
        raise Unavailable(f"The model of run {run.id} is gone. Train it again.")
    if not matches(path, f"sha256:{model.sha256}"):
        raise Unavailable(f"The model of run {run.id} was changed or damaged. Train it again.")
    network = keras.saving.load_model(path, safe_mode=True, compile=False)
    network.name = _name(run)  # all are saved under one name, and a combination of several needs different ones
    sizes = [int(one.shape[1]) for one in network.inputs]
    return Assembled(network, _inputs_of(run, model, sizes))


def _inputs_of(run: Run, model: Model, sizes: Sequence[int]) -> tuple[PhotoInput, ...]:
    """The fit of every input: of the networks of the inference graph, which are in the order of the inputs."""
    graph = model.card.get("answer")
    if graph is None:
        return tuple(PhotoInput(size=size, fit=run.recipe.hyperparameters.fit) for size in sizes)
    leaves = [one for one in every_node(from_dict(graph)) if isinstance(one, Network)]
    if [one.input_size for one in leaves] != list(sizes):
        raise InvalidInput(f"The inputs of the model of run {run.id} are not those on its card. Train it again.")
    return tuple(PhotoInput(size=one.input_size, fit=one.fit) for one in leaves)


def _with_head(found: Assembled, run: Run, model: Model, settings: Settings) -> Assembled:
    if keras_output(model.card) != FEATURES:
        return found
    path = model_here(settings, run.id) / HEAD_FILE
    head = heads.head_model(_checked(path, model.card, run), int(found.model.output.shape[-1]))
    return Assembled(keras.Model(found.model.inputs, head(found.model.output), name=_name(run)), found.inputs)


def _checked(path: Path, card: dict, run: Run) -> Path:
    """A file of the inference graph, unchanged."""
    known = {one["file"]: one["sha256"] for one in card.get("engines", ())}
    if path.name not in known or not matches(path, f"sha256:{known[path.name]}"):
        raise Unavailable(f"{path.name} of the model of run {run.id} is missing, or was changed. Train it again.")
    return path


def _member(run: Run, member: str, registry: Registry, settings: Settings) -> Assembled:
    """A run that this one combines. Its own folder has the member for LiteRT only."""
    try:
        return _of_run(registry.run(member), registry.model(member), registry, settings)
    except (GraftError, OSError) as error:
        raise InvalidInput(
            f"{run.name} combines other runs, and the network of {member} cannot be had ({error})."
        ) from None


def _combined(members: Sequence[Assembled], cascade: Cascade, model: Model, name: str) -> Assembled:
    """The mean, or both members with a choice between them: a graph computes both always."""
    inputs = [[keras.Input(one.shape[1:]) for one in member.model.inputs] for member in members]
    found = [_called(member, own) for member, own in zip(members, inputs, strict=True)]
    if cascade is Cascade.ENSEMBLE:
        x = ops.divide(layers.Add(name="sum")(found), float(len(found)))
    else:
        cheap, costly = found
        sure = ops.greater_equal(ops.max(cheap, axis=-1, keepdims=True), _threshold(model.card))
        x = ops.where(sure, cheap, costly)
    together = keras.Model([one for own in inputs for one in own], x, name=name)
    return Assembled(together, tuple(one for member in members for one in member.inputs))


def _threshold(card: dict) -> float:
    graph = card.get("answer")
    node = None if graph is None else from_dict(graph)
    return node.threshold if isinstance(node, Confidence) else float(card["choice"]["threshold"])


def _stacked(run: Run, model: Model, registry: Registry, settings: Settings) -> Assembled:
    """A cascade with a head of its own on runs whose classifier is no network, so that it saved no ``model.keras``."""
    backbones = backbones_of(run.recipe, registry, settings)
    blocks = next(iter(backbones.values())).blocks if backbones else ()
    parts = [
        _member(run, part.source, registry, settings)
        if part.cut == PREDICTIONS
        else _pretrained(part, backbones, settings)
        for part in program_of(run.recipe, blocks).inputs
    ]
    inputs = [[keras.Input(one.shape[1:]) for one in part.model.inputs] for part in parts]
    found = [_called(part, own) for part, own in zip(parts, inputs, strict=True)]
    x = found[0] if len(found) == 1 else layers.Concatenate(name="side_by_side")(found)
    path = _checked(model_here(settings, run.id) / HEAD_FILE, model.card, run)
    head = heads.head_model(path, int(x.shape[-1]))
    whole = keras.Model([one for own in inputs for one in own], head(x), name=_name(run))
    return Assembled(whole, tuple(one for part in parts for one in part.inputs))


def _pretrained(part: Part, backbones: dict, settings: Settings) -> Assembled:
    backbone = backbones[part.source]
    network = networks.network(backbone, settings)
    return Assembled(network, (PhotoInput(size=backbone.input_size, fit=backbone.fit),))


def _called(found: Assembled, photos: Sequence[keras.KerasTensor]) -> keras.KerasTensor:
    return found.model(photos[0] if len(found.model.inputs) == 1 else list(photos), training=False)


def _name(run: Run) -> str:
    return run.id.replace("-", "_")
