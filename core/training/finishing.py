"""The end of a run: its cost, its card, and everything in the registry in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from statistics import median

import keras
import numpy as np

from core.artifacts.patience import patiently
from core.backbones.saved import row_for_card
from core.backbones.values import Backbone
from core.datasets.shards import folder_with
from core.features.measuring import multiply_adds
from core.features.sizes import cost_up_to
from core.features.views import View, jpeg_of
from core.files.folders import CARD, KERAS_MODEL
from core.files.home import run_folder
from core.models.card import FEATURES, PROBABILITIES, card_of, model_of, write_card
from core.models.inference.graph import InferenceGraph, Memo
from core.models.inference.nodes import files_of
from core.recipes.program import PREDICTIONS, Part
from core.runs.epochs import keeps_head
from core.runs.values import Evaluation
from core.training import assembling, measuring, saving
from core.training.cache import cached
from core.training.context import Context, FittedHead
from core.training.curves import write_row
from core.training.saving import SavedModel
from core.training.shared import Publisher, publish_finished

PACKAGES = ("keras", "tensorflow", "ai-edge-litert", "numpy", "pillow", "scikit-learn")


def model_size(context: Context, saved: SavedModel, fitted: FittedHead, model: keras.Model | None) -> dict:
    """Parameters, multiply-adds and bytes, by their names in ``Cost``. Without a Keras model: of its parts, no head."""
    if model is not None:
        parameters, operations = model.count_params(), multiply_adds(model)
    else:
        parts = [_size_of(context, part) for part in fitted.inputs]
        parameters, operations = (sum(counts) for counts in zip(*parts, strict=True))
    files = [KERAS_MODEL] if model is not None else files_of(saved.graph) if saved.graph else ()
    return {
        "parameters_total": parameters,
        "parameters_trainable": fitted.trainable_parameters,
        "multiply_adds": operations,
        "model_bytes": sum((saved.folder / name).stat().st_size for name in files),
    }


def _size_of(context: Context, part: Part) -> tuple[int, int]:
    if part.cut == PREDICTIONS:
        cost = context.registry.cost(context.registry.model(part.source).run_id)
        return (cost.parameters_total, cost.multiply_adds) if cost else (0, 0)
    backbone = context.backbones[part.source]
    if backbone.is_onnx:
        return cost_up_to(backbone, part.cut)
    network = assembling.frozen_network(context, part)
    return network.count_params(), multiply_adds(network)


def milliseconds(context: Context, saved: SavedModel, model: keras.Model | None) -> float | None:
    """Time of one photo, computed as predictions are later: by the saved files, or in Keras where LiteRT cannot.

    Networks that several runs of a process share are timed once, and every head alone.
    """
    photos = context.sources.photos["test"]
    timed = photos[: measuring.PHOTOS_TIMED]
    find = partial(folder_with, timed, of=photos, dataset=context.dataset, settings=context.settings)
    folder = patiently(find, context.stop.check)
    jpegs = [jpeg_of(photo, folder) for photo in timed]
    if saved.graph is not None:
        graph = InferenceGraph(saved.folder, saved.graph, classes=len(context.dataset.class_names))
        key = context.dataset.digest, graph.network_keys
        memos = cached("timed networks", key, lambda: _timed_networks(graph, jpegs), room=2)
        return median(
            graph.predict(View(jpeg), dict(memo)).milliseconds for jpeg, memo in zip(jpegs, memos, strict=True)
        )
    if model is None:
        return None

    def in_keras(jpeg: bytes) -> float:
        view = View(jpeg)
        squares = [view.square(one.shape[1])[None].astype(np.float32) for one in model.inputs]
        return measuring.timed(lambda: model.predict_on_batch(squares[0] if len(squares) == 1 else squares))

    return measuring.ms_per_photo(in_keras, jpegs)


def _timed_networks(graph: InferenceGraph, jpegs: Sequence[bytes]) -> list[Memo]:
    graph.run_networks(View(jpegs[0]))  # the first call is slower
    return [graph.run_networks(View(jpeg)) for jpeg in jpegs]


def finish(
    context: Context, saved: SavedModel, fitted: FittedHead, evaluations: Mapping[str, Evaluation], measured: dict
) -> None:
    """Writes the card, publishes the model, and finishes the run in the registry.

    Args:
        measured: of ``model_size`` and ``milliseconds``.
    """
    context.stop.check()
    run, test = context.run, evaluations["test"]
    cost = context.ledger.cost(**measured)
    card = card_of(run, context.dataset, evaluations, cost) | _training_of(context, fitted)
    output = FEATURES if fitted.head is None else PROBABILITIES
    card = write_card(saved.folder, card, saved.graph, model=saved.model, output=output, packages=PACKAGES)
    publish_finished(context, saved.folder)
    context.stop.check()
    context.stop.ignore()
    folder, file = run_folder(context.settings, run.id).model, saved.model.name if saved.model else CARD
    saving.publish(saved, folder)
    model = model_of(run, card, folder / file, context.settings.home)
    best = fitted.best.number if fitted.best else None
    context.registry.record_spent(
        run.id, context.number, context.ledger.so_far()
    )  # a run that extends this one reads it
    context.registry.finish(
        run.id, context.number, evaluation=test, cost=cost, model=model, best_epoch=best, reason=fitted.stopped
    )
    metrics = {f"{split}_{name}": getattr(e, name) for split, e in evaluations.items() for name in ("accuracy", "loss")}
    write_row(run_folder(context.settings, run.id).tensorboard, run.recipe, metrics, best or 0)
    Publisher(run, context.number, context.settings, context.registry).attempt_ended()


def _training_of(context: Context, fitted: FittedHead) -> dict:
    """The part of a trained model's card that is not in ``card_of``."""
    return {
        "input_size": context.backbone.input_size,
        "fit": str(context.backbone.fit),
        "pooling": str(context.backbone.pooling),
        "backbone": _on_card(context.backbone) | {"row": _row(context, fitted)},
        "backbones": [_on_card(one) for one in context.backbones.values()],
        "epochs": len(fitted.history),
        "best_epoch": fitted.best.number if fitted.best else None,
        "keeps_head": keeps_head(replace(context.run, best_epoch=fitted.best.number if fitted.best else None)),
        "adapted_layers": fitted.adapted_layers,
        "stopped": fitted.stopped,
        "choice": fitted.choice,
    }


def _on_card(backbone: Backbone) -> dict:
    return {name: getattr(backbone, name) for name in ("name", "title", "weights_digest", "licence")}


def _row(context: Context, fitted: FittedHead) -> dict | None:
    """The network as a backbone for later runs; None where the model has several, or an ONNX network."""
    (part, *others), depth = fitted.inputs, context.program.depth
    if others or part.cut == PREDICTIONS or context.backbones[part.source].is_onnx:
        return None
    network = fitted.network or assembling.frozen_network(context, part)
    return row_for_card(
        context.backbone,
        depth=depth,
        parameters=network.count_params(),
        multiply_adds=multiply_adds(network),
    )
