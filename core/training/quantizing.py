"""The attempt of a quantization: a finished run's model in fewer bits, measured like any other. No TensorFlow."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path

import numpy as np

from core.datasets.values import SPLITS, Dataset, Photo
from core.features.compute import stored_rows
from core.features.store import key_of_predictions
from core.features.views import View, jpeg_of
from core.files.here import dataset_here, model_here
from core.files.home import run_folder
from core.models import quantization
from core.models.card import card_of, model_of, write_card
from core.models.inference.graph import InferenceGraph
from core.models.inference.model_files import ModelFiles, engines_of, read_model
from core.models.inference.nodes import Node, files_of, to_dict
from core.models.inference.stored import WORKERS, InferenceEngine
from core.recipes.hyperparameters import Precision
from core.registry import Registry
from core.runs.costs import Meter
from core.runs.metrics import evaluate
from core.runs.predictions import Predictions
from core.runs.progress import ProgressWriter
from core.runs.stages import EVALUATING, LOADING, SAVING, TRAINING
from core.runs.values import Cost, Evaluation, Run
from core.settings import Settings
from core.training import measuring, saving
from core.training.ledger import Ledger
from core.training.photos import photos_by_split
from core.training.saving import SavedModel
from core.training.shared import publish_finished
from core.training.stopping import Stop

PACKAGES = ("ai-edge-litert", "ai-edge-quantizer", "numpy", "pillow")


@dataclass(frozen=True, kw_only=True)
class Quantizing:
    """What every step needs."""

    run: Run
    number: int
    settings: Settings
    registry: Registry
    meter: Meter
    ledger: Ledger
    progress: ProgressWriter
    stop: Stop

    @cached_property
    def dataset(self) -> Dataset:
        return self.registry.dataset(self.run.dataset_id)

    @cached_property
    def photos(self) -> dict[str, list[Photo]]:
        return photos_by_split(self.registry, self.dataset)

    @property
    def source(self) -> str:
        """The id of the run whose model is quantized."""
        return self.run.recipe.members[0]

    @cached_property
    def source_cost(self) -> Cost | None:
        return self.registry.cost(self.source)

    @property
    def precision(self) -> Precision:
        return self.run.recipe.hyperparameters.precision

    def view(self, photo: Photo) -> View:
        return View(jpeg_of(photo, dataset_here(self.settings, self.dataset.id).photos))


def quantize_run(of: Quantizing) -> None:
    """All steps of an attempt; returns when the run is FINISHED in the registry.

    Raises:
        Stopped: a stop was requested. Conflict: another attempt took over. GraftError: a reason for the user.
    """
    with _step(of, LOADING):
        model = read_model(model_here(of.settings, of.source))
        model.verify()
        of.ledger.count_run(of.source, of.source_cost)
    with _step(of, TRAINING):
        folder = saving.begin(run_folder(of.settings, of.run.id).model)
        node = quantization.quantize(model, folder, of.precision, _calibrating(of), of.stop.check)
    with _step(of, EVALUATING):
        engines = engines_of(folder, node)
        evaluations = {split: _measure(of, split, folder, node, engines) for split in SPLITS[1:]}
        milliseconds = _milliseconds(of, folder, node)
    _finish(of, model, folder, node, evaluations, milliseconds)


@contextmanager
def _step(of: Quantizing, name: str) -> Iterator[None]:
    print(f"{time.strftime('%H:%M:%S')} {name}", flush=True)
    of.progress.start(name, 0)
    with of.meter.stage(name):
        yield


def _calibrating(of: Quantizing) -> list[View]:
    """Some training photos, always the same ones of a dataset."""
    photos = sorted(of.photos["train"], key=lambda photo: photo.digest)
    rows = np.random.default_rng(0).permutation(len(photos))[: quantization.CALIBRATION_PHOTOS]
    return [of.view(photos[row]) for row in sorted(rows)]


def _measure(of: Quantizing, split: str, folder: Path, node: Node, engines: list[dict]) -> Evaluation:
    """Computes, writes and evaluates the predictions for a split. The test photos are read here, once."""
    photos, classes = of.photos[split], of.dataset.class_names
    digests = {str(one["file"]): str(one["sha256"]) for one in engines}
    whole = {"graph": to_dict(node), "files": digests}  # an ensemble and a cascade may have the same files
    digest = sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()

    def report(done: int, total: int) -> None:
        of.stop.check()
        of.progress.start(EVALUATING, total, "photos")
        of.progress.update(done)

    def engine() -> InferenceEngine:
        return InferenceEngine(InferenceGraph(folder, node, classes=len(classes), digests=digests, workers=WORKERS))

    rows = stored_rows(
        key_of_predictions(of.dataset, digest, split),
        photos,
        dataset=of.dataset,
        settings=of.settings,
        source=of.run.id,
        engine=engine,
        progress=report,
    )
    found = Predictions(
        run_id=of.run.id,
        digests=tuple(photo.digest for photo in photos),
        labels=np.array([classes.index(photo.class_name) for photo in photos]),
        probabilities=np.asarray(rows.array, np.float32),
    )
    found.write(run_folder(of.settings, of.run.id).predictions(split))
    return evaluate(found.probabilities, found.labels, classes, found.digests)


def _milliseconds(of: Quantizing, folder: Path, node: Node) -> float:
    graph = InferenceGraph(folder, node, classes=len(of.dataset.class_names))
    jpegs = [of.view(photo).jpeg for photo in of.photos["test"][: measuring.PHOTOS_TIMED]]
    return measuring.ms_per_photo(lambda jpeg: graph.predict(View(jpeg)).milliseconds, jpegs)


def _finish(
    of: Quantizing,
    model: ModelFiles,
    written: Path,
    node: Node,
    evaluations: dict[str, Evaluation],
    milliseconds: float,
) -> None:
    """Writes the card, publishes the model, and finishes the run in the registry."""
    run, source = of.run, of.source_cost
    with of.meter.stage(SAVING):
        cost = of.ledger.cost(
            parameters_total=source.parameters_total if source else 0,
            parameters_trainable=0,
            multiply_adds=source.multiply_adds if source else 0,
            model_bytes=sum((written / name).stat().st_size for name in files_of(node)),
            ms_per_photo=milliseconds,
        )
        own = {
            "backbone": None,
            "backbones": model.card.get("backbones", []),
            "choice": {
                "precision": str(of.precision),
                "calibration_photos": min(quantization.CALIBRATION_PHOTOS, len(of.photos["train"]))
                if of.precision is Precision.INT8
                else 0,
            },
        }
        card = card_of(run, of.dataset, evaluations, cost) | own
        card = write_card(written, card, node, model=None, packages=PACKAGES)
        publish_finished(of, written)
        of.stop.check()
        of.stop.ignore()
        folder = run_folder(of.settings, run.id)
        saving.publish(SavedModel(folder=written, graph=node), folder.model)
    entry = model_of(run, card, folder.card, of.settings.home)
    of.registry.record_spent(run.id, of.number, of.ledger.so_far())
    of.registry.finish(
        run.id, of.number, evaluation=evaluations["test"], cost=cost, model=entry, best_epoch=None, reason=""
    )
