"""What one attempt at a run does, step by step. Nothing here knows patterns or backbones: the program says it all."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import keras
import numpy as np
import tensorflow as tf

from core.backbones import obtain
from core.models.lineage import parents_of
from core.recipes.program import ANSWERS, CLASSES
from core.runs.costs import Spent
from core.runs.metrics import evaluate
from core.runs.predictions import Answers
from core.runs.values import Evaluation
from core.training import assembling, finishing, saving
from core.training.context import Context, FittedHead
from core.training.learners import LEARNERS
from core.training.saving import SavedModel
from core.training.sources import SPLITS


def make_deterministic() -> None:
    """The same run gives the same numbers, to the last bit on a CPU; to be called before the first operation."""
    tf.config.experimental.enable_op_determinism()


def train_run(context: Context) -> None:
    """All steps of an attempt; returns when the run is FINISHED in the registry.

    Raises:
        Stopped: somebody asked for it. Conflict: another attempt took over. GraftError: with a sentence for a person.
    """
    with _step(context, "Loading"):
        context.progress.start("Loading", 0)
        _obtain_weights(context)
        _count_parents(context)
        learner = LEARNERS[context.program.head](context)
    with _step(context, "Computing features"):
        context.sources.gather(learner.wanted())
        context.registry.record_spent(context.run.id, context.number, context.ledger.so_far())
    with _step(context, "Training"):
        learned = learner.learn()
    with _step(context, "Saving"):
        context.progress.start("Saving", 0)
        saved, model = _save(context, learned)
        figures = finishing.figures(context, saved, learned, model)
    with _step(context, "Measuring"):
        context.progress.start("Measuring", 0)
        evaluations = {split: _measure(context, learned, split) for split in SPLITS[1:]}
        figures["ms_per_photo"] = finishing.milliseconds(context, saved, model)
    finishing.finish(context, saved, learned, evaluations, figures)


@contextmanager
def _step(context: Context, name: str) -> Iterator[None]:
    """Counts the step's seconds and tells the log, where a person follows the run."""
    print(f"{time.strftime('%H:%M:%S')} {name}", flush=True)
    with context.meter.stage(name):
        yield


def _obtain_weights(context: Context) -> None:
    """Downloads the weights here, where it can be seen and stopped."""
    for part in (part for part in context.program.inputs if part.cut != ANSWERS):
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
    """Alone, this run would have had to train the models it builds on as well."""
    for run_id, cost in context.registry.costs(parents_of(context.run.recipe)).items():
        alone = Spent(wall_seconds=cost.alone_wall_seconds, cpu_seconds=cost.alone_cpu_seconds)
        context.ledger.full_cost(f"run {run_id}", alone)


def _save(context: Context, learned: FittedHead) -> tuple[SavedModel, keras.Model | None]:
    """Everything but the card, in ``.tmp``; and the model in Keras."""
    folder = saving.begin(context.settings.run_dir(context.run.id) / "model")
    model = assembling.end_to_end(context, learned)
    if model is not None:
        model.save(folder / saving.MODEL)
    return SavedModel(folder=folder, answer=assembling.write_answer(context, learned, folder)), model


def _measure(context: Context, learned: FittedHead, split: str) -> Evaluation:
    """Keeps what the run says about every photo of a split. The test photos are read here, once."""
    probabilities, labels = learned.probabilities(split), context.sources.labels(split)
    digests = np.array([photo.digest for photo in context.sources.photos[split]])
    answers = Answers(digests, labels, np.asarray(probabilities, np.float32))
    answers.write(context.settings.run_dir(context.run.id) / f"{split}.npz")
    return evaluate(answers.probabilities, labels, context.dataset.class_names, digests)
