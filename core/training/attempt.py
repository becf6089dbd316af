"""What one attempt at a run does, stage by stage."""

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

import keras
import tensorflow as tf

from core.backbones import Backbone, get, obtain
from core.costs import Meter
from core.datasets.values import Dataset
from core.errors import Unavailable
from core.features import networks
from core.features.engines import EngineFile, engine_path, obtain_engine
from core.progress import ProgressWriter
from core.registry import Registry
from core.runs import Cost, Epoch, Evaluation, Model, Run
from core.scores import evaluate
from core.settings import Settings
from core.training import measuring, saving
from core.training.epochs import Epochs
from core.training.fitting import best_of, views_needed
from core.training.inputs import Gathering, Inputs, photos_by_split
from core.training.ledger import Ledger
from core.training.saving import Saved
from core.training.stopping import Stop


@dataclass(frozen=True, kw_only=True)
class Context:
    """What every stage needs."""

    run: Run
    number: int
    settings: Settings
    registry: Registry
    meter: Meter
    ledger: Ledger
    progress: ProgressWriter
    stop: Stop
    dataset: Dataset
    backbone: Backbone


def make_deterministic() -> None:
    """The same run gives the same numbers, to the last bit on a CPU; to be called before the first operation."""
    tf.config.experimental.enable_op_determinism()


def open_context(
    run: Run, number: int, *, settings: Settings, registry: Registry, meter: Meter, ledger: Ledger, stop: Stop
) -> Context:
    """Looks up what the run names."""
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
        backbone=get(run.recipe.backbone),
    )


def train_run(context: Context) -> None:
    """All stages of an attempt; returns when the run is FINISHED in the registry.

    Raises:
        Stopped: somebody asked for it. Conflict: another attempt took over. GraftError: with a sentence for a person.
    """
    with _stage(context, "Loading"):
        context.progress.start("Loading", 0)
        photos = photos_by_split(context.registry, context.dataset)
        _obtain_weights(context)
        epochs = Epochs(context)
    with _stage(context, "Computing features"):
        views = views_needed(context.run.recipe.hyperparameters, epochs.first)
        inputs = _gathering(context).gather(photos, views)
        context.registry.record_spent(context.run.id, context.number, context.ledger.so_far())
    with _stage(context, "Training"):
        head = epochs.train(inputs)
    with _stage(context, "Saving"):
        context.progress.start("Saving", 0)
        saved, model = _save(context, head)
    with _stage(context, "Measuring"):
        context.progress.start("Measuring", 0)
        evaluation = _measure(context, inputs, head)
        milliseconds = _time(context, inputs, saved, model)
    _finish(context, saved, epochs.history, evaluation, milliseconds)
    epochs.finish_curves(evaluation)


@contextmanager
def _stage(context: Context, name: str) -> Iterator[None]:
    """Counts the stage's seconds and tells the log, where a person follows the run."""
    print(f"{time.strftime('%H:%M:%S')} {name}", flush=True)
    with context.meter.stage(name):
        yield


def _obtain_weights(context: Context) -> None:
    """Downloads the weights here, where it can be seen and stopped."""
    started = False

    def report(done: int, total: int) -> None:
        nonlocal started
        context.stop.check()
        if not started:
            context.progress.start(f"Downloading {context.backbone.title}", total, "bytes")
            started = True
        context.progress.update(done)

    obtain(context.backbone, context.settings, report)


def _gathering(context: Context) -> Gathering:
    return Gathering(
        dataset=context.dataset,
        backbone=context.backbone,
        settings=context.settings,
        seed=context.run.recipe.hyperparameters.seed,
        progress=context.progress,
        ledger=context.ledger,
        stop=context.stop,
    )


def _save(context: Context, head: keras.Model) -> tuple[Saved, keras.Model]:
    engine = _engine(context)
    model = saving.end_to_end(networks.prefix(context.backbone, context.settings), head)
    folder = context.settings.run_dir(context.run.id) / "model"
    return saving.save_model(folder, model=model, head=head, engine=engine, note=print), model


def _engine(context: Context) -> EngineFile | None:
    """The exported prefix, whose price belongs to what this run would have paid alone; None where LiteRT cannot."""
    name = engine_path(context.backbone, context.settings).name
    try:
        with context.ledger.paying(name):
            engine = obtain_engine(context.backbone, context.settings, waiting=context.stop.check)
    except Unavailable as reason:
        print(reason)
        return None
    context.ledger.worth(name, engine.cost)
    return engine


def _measure(context: Context, inputs: Inputs, head: keras.Model) -> Evaluation:
    """The only place where anything is read off the test photos."""
    labels = inputs.labels("test")
    probabilities = measuring.probabilities_of(head, inputs.test.array)
    path = context.settings.run_dir(context.run.id) / "test.npz"
    measuring.write_test_file(path, inputs.photos["test"], labels, probabilities)
    return evaluate(probabilities, labels, context.dataset.class_names)


def _time(context: Context, inputs: Inputs, saved: Saved, model: keras.Model) -> float:
    folder = context.settings.dataset_dir(context.dataset.id) / "photos"
    photos = inputs.photos["test"][: measuring.PHOTOS_TIMED]
    jpegs = [(folder / f"{photo.digest}.jpg").read_bytes() for photo in photos]
    predict = measuring.predictor(saved.prefix, saved.head, model)
    return measuring.ms_per_photo(predict, jpegs, context.backbone.input_size)


def _finish(context: Context, saved: Saved, history: list[Epoch], evaluation: Evaluation, milliseconds: float) -> None:
    """The card, the model in its place, and everything in the registry at once."""
    context.stop.check()
    context.stop.ignore()
    run, best = context.run, best_of(history)
    cost = context.ledger.cost(
        parameters_total=saved.parameters,
        parameters_trainable=saved.trainable,
        multiply_adds=saved.multiply_adds,
        model_bytes=saved.model.stat().st_size,
        ms_per_photo=milliseconds,
    )
    card = saving.write_card(saved, _card(context, cost, evaluation, history, best))
    folder = context.settings.run_dir(run.id) / "model"
    saving.publish(saved, folder)
    model = Model(
        id=f"m-{secrets.token_hex(4)}",
        run_id=run.id,
        dataset_id=run.dataset_id,
        path=str((folder / "model.keras").relative_to(context.settings.home)),
        sha256=card["model"]["sha256"],
        size_bytes=cost.model_bytes,
        card=card,
        created_at=time.time(),
    )
    context.registry.finish(
        run.id, context.number, evaluation=evaluation, cost=cost, model=model, best_epoch=best.number
    )


def _card(context: Context, cost: Cost, evaluation: Evaluation, history: list[Epoch], best: Epoch) -> dict:
    dataset, backbone = context.dataset, context.backbone
    return {
        "title": context.run.name,
        "run": context.run.id,
        "dataset": {"id": dataset.id, "name": dataset.name, "version": dataset.version, "digest": dataset.digest},
        "class_names": list(dataset.class_names),
        "input_size": backbone.input_size,
        "backbone": saving.backbone_of_card(backbone),
        "recipe": context.run.recipe.to_dict(),
        "fingerprint": context.run.fingerprint,
        "epochs": len(history),
        "best_epoch": best.number,
        "validation": {"accuracy": best.val_accuracy, "loss": best.val_loss},
        "accuracy": evaluation.accuracy,
        "ci95": list(evaluation.ci95),
        "n": evaluation.n,
        "cost": asdict(cost),
    }
