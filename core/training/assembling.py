"""Builds a run's model: one Keras model from pixels to probabilities, and the files of its inference graph."""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import keras
from keras.src.saving import saving_lib

from core.errors import Unavailable
from core.features import networks
from core.features.export import TOLERANCE, export_model
from core.files.here import model_here
from core.models.inference.model_files import adopt, link
from core.models.inference.nodes import Head, Network, Node
from core.recipes.program import CLASSES, PIXELS, PREDICTIONS, Part, cuts_of
from core.runs.costs import Clock, spent_by_thread, spent_now
from core.training import keras_saving
from core.training.cache import cached
from core.training.context import Context, FittedHead

# Keras 3.15 stores the names that it must not save under one key and looks for them under another: it makes a layer for
# every layer it saves, a third of the time.
saving_lib.get_attr_skipset = lru_cache(saving_lib.get_attr_skipset)


def end_to_end(context: Context, fitted: FittedHead) -> keras.Model | None:
    """Raw RGB float32 0..255 (n, size, size, 3) -> probabilities (n, classes), of stock layers only.

    Of one network: its layers, ``pool``, then the model ``head``; without a head in Keras it ends at ``pool``. Of
    several: an input ``photo_<i>`` for each, the networks nested. None where one of them has no Keras model: an ONNX
    network, or a run without one.
    """
    if any(_is_onnx(context, part) for part in fitted.inputs):
        return None
    if len(fitted.inputs) == 1 and fitted.inputs[0].cut != PREDICTIONS:
        network = fitted.network or frozen_network(context, fitted.inputs[0])
        output = network.output if fitted.head is None else fitted.head(network.output)
        return keras.Model(network.input, output, name="graft")
    models = [_nested(context, part) for part in fitted.inputs]
    if fitted.head is None or None in models:
        return None
    return _side_by_side([model for model in models if model is not None], fitted.head)


def _side_by_side(models: list[keras.Model], head: keras.Model) -> keras.Model:
    photos: list = []
    outputs = []
    for model in models:
        own = [keras.Input(one.shape[1:], name=f"photo_{len(photos) + i}") for i, one in enumerate(model.inputs)]
        photos += own
        outputs.append(model(own[0] if len(own) == 1 else own))
    return keras.Model(photos, head(keras.layers.Concatenate(name="side_by_side")(outputs)), name="graft")


def _is_onnx(context: Context, part: Part) -> bool:
    return part.cut != PREDICTIONS and context.backbones[part.source].is_onnx


def prepare(context: Context) -> None:
    """Builds the network of a run that trains a head alone, while other threads compute its features."""
    part, *others = context.program.inputs
    is_frozen = part.cut not in (PIXELS, PREDICTIONS) and not any(stage.trained for stage in context.program.stages)
    if is_frozen and not others and not _is_onnx(context, part):
        frozen_network(context, part, clock=spent_by_thread)


def frozen_network(context: Context, part: Part, clock: Clock = spent_now) -> keras.Model:
    """The pretrained network of a part up to its cut, cached in the process because it is never trained.

    Args:
        clock: what building it costs, where other threads work at the same time.
    """
    backbone, depth = context.backbones[part.source], context.program.depth

    def make() -> keras.Model:
        if part.cut == CLASSES:
            model = networks.classifier(backbone, context.settings)
        elif len(cuts_of(part.cut)) > 1:
            model = networks.prefix(backbone, context.settings, part.cut)
        else:
            model = networks.network(backbone, context.settings, depth=depth)
        model.trainable = False
        return model

    return cached("network", _network_key(context, part), make, clock=clock)


def _network_key(context: Context, part: Part) -> tuple:
    backbone = context.backbones[part.source]
    several = part.cut if part.cut == CLASSES or len(cuts_of(part.cut)) > 1 else ""
    return backbone.identity, backbone.input_size, backbone.pooling, several, context.program.depth


def save(context: Context, fitted: FittedHead, model: keras.Model, path: Path) -> None:
    """Writes the model of ``end_to_end``; what runs of this process share of it is laid out once."""
    part, *others = fitted.inputs
    if others or part.cut == PREDICTIONS or fitted.network is not None:
        model.save(path)
        return
    network = frozen_network(context, part)
    if keras_saving.weights_bytes(network) > keras_saving.LARGEST_BYTES:
        model.save(path)
        return
    key = _network_key(context, part)
    file = cached("saved network", key, lambda: keras_saving.network_file(model, network))
    keras_saving.save(model, network, file, path)


def _nested(context: Context, part: Part) -> keras.Model | None:
    """A part's network as one model; for a run's predictions its ``model.keras``, None if that has no Keras head."""
    if part.cut != PREDICTIONS:
        return frozen_network(context, part)
    model = context.registry.model(part.source)
    path = context.settings.home / model.path
    if path.suffix != ".keras":
        return None
    found = keras.models.load_model(path, safe_mode=True, compile=False)
    complete = found.output.shape[-1] == len(model.card["class_names"]) and found.layers[-1].name != "pool"
    found.trainable = False
    return found if complete else None


def write_graph(context: Context, fitted: FittedHead, folder: Path) -> Node | None:
    """Writes or links the files of the inference graph into ``folder``; None where LiteRT cannot run one of them."""
    inputs = fitted.inputs
    if inputs[0].cut == PIXELS:
        file = export(fitted.behind, folder / "network.tflite", print)
        return _network(context, inputs[0], file) if file else None
    names = ["prefix"] if len(inputs) == 1 else [f"prefix_{number}" for number in range(len(inputs))]
    nodes = [_node(context, part, folder, name) for part, name in zip(inputs, names, strict=True)]
    known = tuple(node for node in nodes if node is not None)
    if len(known) < len(nodes):
        return None
    if fitted.write_head is not None:
        file = fitted.write_head(folder)
    else:
        file = export(fitted.behind, folder / "head.tflite", print)
    return Head(file=file, inputs=known) if file else None


def _node(context: Context, part: Part, folder: Path, name: str) -> Node | None:
    """The graph of one part, its files linked into ``folder``: a shared engine, or another run's whole model."""
    if part.cut == PREDICTIONS:
        run_id = context.registry.model(part.source).run_id
        return adopt(model_here(context.settings, run_id), folder)
    engine = context.sources.engine_file(part)
    if engine is None:
        return None
    file = f"{name}{engine.path.suffix}"
    link(engine.path, folder / file)
    return _network(context, part, file)


def _network(context: Context, part: Part, file: str) -> Network:
    backbone = context.backbones[part.source]
    return Network(file=file, input_size=backbone.input_size, fit=backbone.fit)


def export(model: keras.Model, path: Path, note: Callable[[str], None]) -> str | None:
    """Writes a model for LiteRT and returns its name; None, with a note, when LiteRT cannot run it exactly."""
    try:
        error = export_model(model, path)
    except Unavailable as reason:
        note(str(reason))
        return None
    if not error <= TOLERANCE:
        note(f"LiteRT deviates from Keras by {error:.1e} on {path.stem}, so predictions would need TensorFlow.")
        path.unlink()
        return None
    return path.name
