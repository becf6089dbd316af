"""The steps of one attempt. Nothing here depends on pattern or backbone: ``recipes.program`` defines what is done."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import keras
import numpy as np
import tensorflow as tf

from core.backbones import obtain
from core.datasets.values import SPLITS
from core.files.folders import KERAS_MODEL
from core.files.home import run_folder
from core.models.lineage import parents_of
from core.recipes.program import CLASSES, PREDICTIONS, features_used
from core.runs.metrics import evaluate
from core.runs.predictions import Predictions
from core.runs.stages import EVALUATING, FEATURES, LOADING, SAVING, TRAINING
from core.runs.values import Evaluation
from core.training import assembling, finishing, saving
from core.training.context import Context, FittedHead
from core.training.early import EarlyFeatures
from core.training.learners import LEARNERS
from core.training.saving import SavedModel
from core.training.sources import FeatureRequest


def make_deterministic() -> None:
    """Makes runs bit-identical on a CPU; must be called before the first TensorFlow operation."""
    tf.config.experimental.enable_op_determinism()


def train_run(context: Context, early: EarlyFeatures | None = None) -> None:
    """All steps of an attempt; returns when the run is FINISHED in the registry.

    Args:
        early: features that are computed already while this is called.

    Raises:
        Stopped: a stop was requested. Conflict: another attempt took over. GraftError: a reason for the user.
    """
    with _step(context, LOADING):
        _obtain_weights(context)
        learner = LEARNERS[context.program.head](context)
    with _step(context, FEATURES):
        if early is not None:
            assembling.prepare(context)
            early.wait(context.progress, context.stop)
        context.sources.gather(learner.requests())
        _count_earlier_features(context)
        _count_parents(context)
    with _step(context, TRAINING):
        if not context.run.recipe.is_trained:  # nothing to count; epochs report themselves
            context.progress.start(TRAINING, 0)
        fitted = learner.learn()
    with _step(context, SAVING):
        context.progress.start(SAVING, 0)
        saved, model = _save(context, fitted)
        measured = finishing.model_size(context, saved, fitted, model)
    with _step(context, EVALUATING):
        context.progress.start(EVALUATING, 0)
        evaluations = {split: _measure(context, fitted, split) for split in SPLITS[1:]}
        measured["ms_per_photo"] = finishing.milliseconds(context, saved, model)
    finishing.finish(context, saved, fitted, evaluations, measured)


@contextmanager
def _step(context: Context, name: str) -> Iterator[None]:
    """Measures the seconds of a step and prints its name to the log."""
    print(f"{time.strftime('%H:%M:%S')} {name}", flush=True)
    with context.meter.stage(name):
        yield


def _obtain_weights(context: Context) -> None:
    """Downloads the weights in a step of its own, with progress, so that it can be stopped."""
    for part in (part for part in context.program.inputs if part.cut != PREDICTIONS):
        backbone = context.backbones[part.source]
        obtain(backbone, context.settings, _download_report(context, backbone.title), top=part.cut == CLASSES)


def _download_report(context: Context, title: str) -> Callable[[int, int], None]:
    started = False

    def report(done: int, total: int) -> None:
        nonlocal started
        context.stop.check()
        if not started:
            context.progress.start(f"Downloading {title}", total, "bytes")
            started = True
        context.progress.update(done)

    return report


def _count_parents(context: Context) -> None:
    """Adds the runs this one builds on to its cost without reuse."""
    for run_id, cost in context.registry.costs(parents_of(context.run.recipe)).items():
        context.ledger.count_run(run_id, cost)


def _count_earlier_features(context: Context) -> None:
    """Completes the cost without reuse where earlier attempts, or the run this one extends, did not record what they
    used (before 0.5.0): from the stored features; without them it stays unknown."""
    ledger = context.ledger
    if not ledger.is_complete:
        views = context.run.recipe.hyperparameters.views
        found = [context.sources.count_stored(FeatureRequest(*one)) for one in features_used(context.program, views)]
        ledger.is_complete = all(found)


def _save(context: Context, fitted: FittedHead) -> tuple[SavedModel, keras.Model | None]:
    """Writes everything but the card into ``.tmp``; returns it and the Keras model."""
    folder = saving.begin(run_folder(context.settings, context.run.id).model)
    model = assembling.end_to_end(context, fitted)
    if model is not None:
        assembling.save(context, fitted, model, folder / KERAS_MODEL)
    return SavedModel(folder=folder, graph=assembling.write_graph(context, fitted, folder)), model


def _measure(context: Context, fitted: FittedHead, split: str) -> Evaluation:
    """Writes and evaluates the run's predictions for a split. The test photos are read here, once."""
    found = Predictions(
        run_id=context.run.id,
        digests=tuple(photo.digest for photo in context.sources.photos[split]),
        labels=context.sources.labels(split),
        probabilities=np.asarray(fitted.probabilities(split), np.float32),
    )
    found.write(run_folder(context.settings, context.run.id).predictions(split))
    return evaluate(found.probabilities, found.labels, context.dataset.class_names, found.digests)
