"""The end of a run: its figures, its card, and everything in the registry at once."""

import secrets
import time
from collections.abc import Mapping
from dataclasses import asdict

import keras
import numpy as np

from core.backbones.saved import row_for_card
from core.features import networks
from core.features.views import View
from core.models.inference import InferenceGraph, files_of
from core.models.lineage import parents_of
from core.recipes.program import ANSWERS, Part
from core.runs.values import Cost, Evaluation, Model
from core.training import assembling, measuring, saving
from core.training.context import Context, FittedHead
from core.training.curves import write_row
from core.training.saving import SavedModel
from core.training.sources import jpeg_of


def figures(context: Context, saved: SavedModel, learned: FittedHead, model: keras.Model | None) -> dict:
    """What the model is made of, as ``Cost`` names it. Without a Keras model that of its parts, but for its head."""
    if model is not None:
        parameters, operations = model.count_params(), networks.multiply_adds(model)
    else:
        parts = [_size_of(context, part) for part in learned.inputs]
        parameters, operations = (sum(numbers) for numbers in zip(*parts, strict=True))
    files = [saved.model.name] if model is not None else files_of(saved.answer) if saved.answer else ()
    return {
        "parameters_total": parameters,
        "parameters_trainable": learned.trainable,
        "multiply_adds": operations,
        "model_bytes": sum((saved.folder / name).stat().st_size for name in files),
    }


def _size_of(context: Context, part: Part) -> tuple[int, int]:
    if part.cut == ANSWERS:
        cost = context.registry.cost(context.registry.model(part.source).run_id)
        return (cost.parameters_total, cost.multiply_adds) if cost else (0, 0)
    network = assembling.frozen_network(context, part)
    return network.count_params(), networks.multiply_adds(network)


def milliseconds(context: Context, saved: SavedModel, model: keras.Model | None) -> float | None:
    """Of one photo, the way it is predicted later: through the saved files, or through Keras where LiteRT cannot."""
    folder = context.settings.dataset_dir(context.dataset.id) / "photos"
    jpegs = [jpeg_of(photo, folder) for photo in context.sources.photos["test"][: measuring.PHOTOS_TIMED]]
    if saved.answer is not None:
        answerer = InferenceGraph(saved.folder, saved.answer, classes=len(context.dataset.class_names))
        return measuring.ms_per_photo(lambda jpeg: answerer.answer(View(jpeg)).milliseconds, jpegs)
    if model is None:
        return None

    def in_keras(jpeg: bytes) -> float:
        view = View(jpeg)
        squares = [view.square(one.shape[1])[None].astype(np.float32) for one in model.inputs]
        return measuring.timed(lambda: model.predict_on_batch(squares[0] if len(squares) == 1 else squares))

    return measuring.ms_per_photo(in_keras, jpegs)


def finish(
    context: Context, saved: SavedModel, learned: FittedHead, evaluations: Mapping[str, Evaluation], figures: dict
) -> None:
    """The card, the model in its place, and everything in the registry at once."""
    context.stop.check()
    context.stop.ignore()
    run, test = context.run, evaluations["test"]
    cost = context.ledger.cost(**figures)
    card = saving.write_card(saved, _card(context, learned, evaluations, cost))
    folder, file = context.settings.run_dir(run.id) / "model", saved.model.name
    saving.publish(saved, folder)
    model = Model(
        id=f"m-{secrets.token_hex(4)}",
        run_id=run.id,
        dataset_id=run.dataset_id,
        path=str((folder / file).relative_to(context.settings.home)),
        sha256=saving.digest_of(folder / file),
        size_bytes=(folder / file).stat().st_size,
        card=card,
        created_at=time.time(),
    )
    best = learned.best.number if learned.best else None
    context.registry.finish(
        run.id, context.number, evaluation=test, cost=cost, model=model, best_epoch=best, reason=learned.stopped
    )
    metrics = {f"{split}_{name}": getattr(e, name) for split, e in evaluations.items() for name in ("accuracy", "loss")}
    write_row(context.settings.run_dir(run.id) / "tensorboard", run.recipe, metrics, best or 0)


def _card(context: Context, learned: FittedHead, evaluations: Mapping[str, Evaluation], cost: Cost) -> dict:
    dataset, backbone, test = context.dataset, context.backbone, evaluations["test"]
    validation = evaluations["validation"]
    return {
        "title": context.run.name,
        "run": context.run.id,
        "parents": list(parents_of(context.run.recipe)),
        "dataset": {"id": dataset.id, "name": dataset.name, "version": dataset.version, "digest": dataset.digest},
        "class_names": list(dataset.class_names),
        "input_size": backbone.input_size,
        "backbone": saving.backbone_of_card(backbone) | {"row": _row(context, learned)},
        "backbones": [saving.backbone_of_card(one) for one in context.backbones.values()],
        "recipe": context.run.recipe.to_dict(),
        "fingerprint": context.run.fingerprint,
        "epochs": len(learned.history),
        "best_epoch": learned.best.number if learned.best else None,
        "stopped": learned.stopped,
        "choice": learned.choice,
        "validation": {"accuracy": validation.accuracy, "loss": validation.loss},
        "accuracy": test.accuracy,
        "ci95": list(test.ci95),
        "n": test.n,
        "cost": asdict(cost),
    }


def _row(context: Context, learned: FittedHead) -> dict | None:
    """What a later run needs to know of the network, if there is just one."""
    (part, *others), depth = learned.inputs, context.program.depth
    if others or part.cut == ANSWERS:
        return None
    network = learned.network or assembling.frozen_network(context, part)
    return row_for_card(
        context.backbone,
        depth=depth,
        parameters=network.count_params(),
        multiply_adds=networks.multiply_adds(network),
    )
