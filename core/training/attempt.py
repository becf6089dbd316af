"""What one attempt at a run does, step by step. Nothing here knows patterns or backbones: the program says it all."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

import keras
import numpy as np
import tensorflow as tf

from core.backbones import Backbone, obtain
from core.datasets.values import Dataset
from core.features import networks
from core.models.lineage import backbone_of, parents_of
from core.recipes.program import ANSWERS, CLASSES, Program, program_of
from core.registry import Registry
from core.runs.costs import Meter, Spent
from core.runs.metrics import evaluate
from core.runs.predictions import Answers
from core.runs.progress import ProgressWriter
from core.runs.values import Evaluation, Run
from core.settings import Settings
from core.training import assembling, finishing, saving
from core.training.learners import LEARNERS, FittedHead
from core.training.ledger import Ledger
from core.training.saving import SavedModel
from core.training.sources import SPLITS, TrainingInputs, photos_by_split
from core.training.stopping import Stop


@dataclass(frozen=True, kw_only=True)
class Context:
    """What every step needs.

    Args:
        backbones: of the recipe, by name. program: what the recipe means.
    """

    run: Run
    number: int
    settings: Settings
    registry: Registry
    meter: Meter
    ledger: Ledger
    progress: ProgressWriter
    stop: Stop
    dataset: Dataset
    backbones: Mapping[str, Backbone]
    program: Program

    @property
    def backbone(self) -> Backbone:
        """The first one: that of all programs but fusions."""
        return self.backbones[self.run.recipe.backbone]

    @property
    def blocks(self) -> tuple[str, ...]:
        return self.backbone.blocks

    @cached_property
    def sources(self) -> TrainingInputs:
        return TrainingInputs(
            dataset=self.dataset,
            photos=photos_by_split(self.registry, self.dataset),
            backbones=self.backbones,
            registry=self.registry,
            settings=self.settings,
            seed=self.run.recipe.hyperparameters.seed,
            progress=self.progress,
            ledger=self.ledger,
            stop=self.stop,
        )

    def fresh_network(self) -> keras.Model:
        """The network a stage trains: the run's own copy, as it is before training."""
        return networks.network(self.backbone, self.settings, depth=self.program.depth, weights=self.program.pretrained)


def make_deterministic() -> None:
    """The same run gives the same numbers, to the last bit on a CPU; to be called before the first operation."""
    tf.config.experimental.enable_op_determinism()


def open_context(
    run: Run, number: int, *, settings: Settings, registry: Registry, meter: Meter, ledger: Ledger, stop: Stop
) -> Context:
    """Looks up what the run names."""
    backbones = {name: backbone_of(name, registry, settings) for name in run.recipe.backbones}
    return Context(
        run=run,
        number=number,
        settings=settings,
        registry=registry,
        meter=meter,
        ledger=ledger,
        progress=ProgressWriter(run.id, settings),
        stop=stop,
        dataset=registry.dataset(run.dataset_id),
        backbones=backbones,
        program=program_of(run.recipe, backbones[run.recipe.backbone].blocks),
    )


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
