"""From what was learned to a model: in Keras from pixels to probabilities, and as the files that answer without it."""

from pathlib import Path

import keras

from core.features import networks
from core.models.inference import Head, Network, Node, adopt
from core.models.inference.model_files import link
from core.recipes.program import ANSWERS, CLASSES, PIXELS, Part
from core.training import saving
from core.training.cache import kept
from core.training.context import Context, FittedHead


def end_to_end(context: Context, learned: FittedHead) -> keras.Model | None:
    """Raw RGB float32 0..255 (n, size, size, 3) -> probabilities (n, classes), of stock layers only.

    Of one network: its layers, ``pool``, then the model ``head``; without a head in Keras it ends at ``pool``. Of
    several: an input ``photo_<i>`` for each, the networks nested. None where one of them cannot be had in Keras.
    """
    if len(learned.inputs) == 1 and learned.inputs[0].cut != ANSWERS:
        network = learned.network or frozen_network(context, learned.inputs[0])
        output = network.output if learned.head is None else learned.head(network.output)
        return keras.Model(network.input, output, name="graft")
    models = [_nested(context, part) for part in learned.inputs]
    if learned.head is None or None in models:
        return None
    return _side_by_side([model for model in models if model is not None], learned.head)


def _side_by_side(models: list[keras.Model], head: keras.Model) -> keras.Model:
    photos: list = []
    outputs = []
    for model in models:
        own = [keras.Input(one.shape[1:], name=f"photo_{len(photos) + i}") for i, one in enumerate(model.inputs)]
        photos += own
        outputs.append(model(own[0] if len(own) == 1 else own))
    return keras.Model(photos, head(keras.layers.Concatenate(name="side_by_side")(outputs)), name="graft")


def frozen_network(context: Context, part: Part) -> keras.Model:
    """The pretrained network of a part up to what its cut says; nothing of it is ever changed."""
    backbone, depth = context.backbones[part.source], context.program.depth

    def make() -> keras.Model:
        if part.cut == CLASSES:
            model = networks.classifier(backbone, context.settings)
        else:
            model = networks.network(backbone, context.settings, depth=depth)
        model.trainable = False
        return model

    return kept("network", (backbone.weights_digest, part.cut == CLASSES, depth), make)


def _nested(context: Context, part: Part) -> keras.Model | None:
    """A part's network on its own; of a run's answers its ``model.keras``, None when that does not answer by itself."""
    if part.cut != ANSWERS:
        return frozen_network(context, part)
    model = context.registry.model(part.source)
    path = context.settings.home / model.path
    if path.suffix != ".keras":
        return None
    found = keras.models.load_model(path, safe_mode=True, compile=False)
    answers = found.output.shape[-1] == len(model.card["class_names"]) and found.layers[-1].name != "pool"
    found.trainable = False
    return found if answers else None


def write_answer(context: Context, learned: FittedHead, folder: Path) -> Node | None:
    """Writes or links the files that answer into ``folder``; None where LiteRT cannot run one of them."""
    inputs = learned.inputs
    if inputs[0].cut == PIXELS:
        file = saving.export(learned.behind, folder / "network.tflite", print)
        return Network(file=file, input_size=context.backbones[inputs[0].source].input_size) if file else None
    names = ["prefix.tflite"] if len(inputs) == 1 else [f"prefix_{number}.tflite" for number in range(len(inputs))]
    nodes = [_node(context, part, folder, name) for part, name in zip(inputs, names, strict=True)]
    known = tuple(node for node in nodes if node is not None)
    if len(known) < len(nodes):
        return None
    if learned.write_head is not None:
        file = learned.write_head(folder)
    else:
        file = saving.export(learned.behind, folder / "head.tflite", print)
    return Head(file=file, inputs=known) if file else None


def _node(context: Context, part: Part, folder: Path, name: str) -> Node | None:
    """What a part says, by files in ``folder``: an engine other models use too, or another run's whole model."""
    if part.cut == ANSWERS:
        run_id = context.registry.model(part.source).run_id
        return adopt(context.settings.run_dir(run_id) / "model", folder)
    engine = context.sources.engine_file(part)
    if engine is None:
        return None
    link(engine.path, folder / name)
    return Network(file=name, input_size=context.backbones[part.source].input_size)
