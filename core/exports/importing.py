"""A bundle becomes a finished run of this home; of its dataset, the record where the photos are not here already."""

import json
import secrets
import shutil
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path

import numpy as np

from core.artifacts.parts import publish_run, quietly
from core.datasets.manifest import write_manifest
from core.datasets.staging import staging, unpublish
from core.datasets.values import Dataset
from core.errors import Conflict, GraftError, InvalidInput, NoSpace, NotFound
from core.exports.bundle_probe import probe
from core.exports.bundle_reading import Bundle, unpack
from core.files import atomic
from core.files.folders import RunFolder
from core.files.home import dataset_folder, import_lock, model_draft, model_drafts, run_folder
from core.files.locks import Lock, acquire, try_acquire
from core.models.card import model_of
from core.registry import Registry
from core.runs.metrics import evaluate
from core.runs.predictions import read_predictions
from core.runs.values import Evaluation, Run, Status
from core.settings import Settings

TAG = "imported"


def import_bundle(path: Path, *, settings: Settings, registry: Registry) -> Run:
    """Adds the model of a bundle as a finished run; nothing is left behind where that fails.

    Its evaluation is computed again from the predictions in the bundle. A run of the same id is not replaced.

    Returns:
        The run, of the dataset with the same photos and split where that is here; else of a new one without photos.

    Raises:
        InvalidInput, Refused: see ``bundle_reading.unpack``. Conflict: the run is here already. NoSpace: the disk is
            full.
    """
    draft, lock = _locked_draft(settings)
    try:
        found = unpack(path, draft.path)
        _refuse_known(found.run_id, registry)
        card = json.loads(draft.card.read_text())
        if card.get("answer") is not None:
            probe(draft.model)
        with acquire(import_lock(settings)):
            _refuse_known(found.run_id, registry)
            return _added(found, card, draft, settings, registry)
    except OSError as error:
        raise NoSpace(f"The bundle could not be stored: {error.strerror or error}.") from None
    finally:
        shutil.rmtree(draft.path, ignore_errors=True)
        lock.release()


def recover(settings: Settings) -> None:
    """Delete what killed imports had unpacked; those that run hold a lock on their folder."""
    for path in model_drafts(settings):
        with suppress(FileNotFoundError):
            lock = try_acquire(path, create=False)
            if lock is not None:
                with lock:
                    shutil.rmtree(path, ignore_errors=True)


def _locked_draft(settings: Settings) -> tuple[RunFolder, Lock]:
    """A new folder and its lock; another one where ``recover`` of another process deletes it between the two steps."""
    while True:
        draft = RunFolder(model_draft(settings, secrets.token_hex(4)))
        draft.path.mkdir(parents=True)
        with suppress(FileNotFoundError):
            lock = try_acquire(draft.path, create=False)
            if lock is not None and lock.protects(draft.path):
                return draft, lock


def _refuse_known(run_id: str, registry: Registry) -> None:
    with suppress(NotFound):
        run = registry.run(run_id)
        raise Conflict(f"The model of this bundle is here already, as {run.name} ({run_id}).")


def _added(found: Bundle, card: dict, draft: RunFolder, settings: Settings, registry: Registry) -> Run:
    """Dataset, folder and row; what is done already is undone where the next step fails."""
    evaluation = _evaluation(found, draft, settings)
    target = run_folder(settings, found.run_id)
    if target.path.exists():
        raise Conflict(f"There is a folder of run {found.run_id} without a run. See: python -m core doctor")
    with ExitStack() as undo:
        dataset = _dataset(found, settings, registry, undo)
        atomic.sync(*draft.model.iterdir(), draft.model, draft.path)
        draft.path.rename(target.path)
        undo.callback(shutil.rmtree, target.path, ignore_errors=True)
        run = _run(found, dataset)
        model = model_of(
            run, card | {"created_at": found.model_created_at}, target.model / found.model_file, settings.home
        )
        run = registry.add_finished(run, evaluation=evaluation, cost=found.cost, model=model)
        undo.pop_all()
    quietly(lambda: publish_run(settings, registry, run))
    registry.log("import model", {"run": run.id, "dataset": dataset.id, "graft": found.graft})
    return run


def _evaluation(found: Bundle, draft: RunFolder, settings: Settings) -> Evaluation:
    """Of the predictions in the bundle, which must be for the test photos of its dataset."""
    try:
        stored = read_predictions(draft.run_id, "test", settings)
    except GraftError:
        raise InvalidInput("The bundle has no predictions for the test photos. Export the model again.") from None
    names = found.dataset.class_names
    label = {photo.digest: names.index(photo.class_name) for photo in found.photos if photo.split == "test"}
    fit = stored.probabilities.shape[1] == len(names) and len(stored.digests) == len(label)
    if not fit or any(label.get(one) != known for one, known in zip(stored.digests, stored.labels, strict=True)):
        raise InvalidInput("The predictions in the bundle are not for its test photos. Export the model again.")
    return evaluate(stored.probabilities.astype(np.float32), stored.labels, names, stored.digests)


def _dataset(found: Bundle, settings: Settings, registry: Registry, undo: ExitStack) -> Dataset:
    """The dataset of exactly these photos and this split; else its record, with a folder that has no photos."""
    known = registry.find_dataset(found.dataset.digest)
    if known is not None:
        return known
    name = found.dataset.name
    dataset = replace(found.dataset, id=f"d-{secrets.token_hex(4)}", version=registry.next_version(name), unlabelled=0)
    with staging(settings, dataset.id) as stage:
        (stage.path / dataset_folder(settings, dataset.id).photos.name).mkdir()
        write_manifest(stage.path, dataset, found.photos)
        stage.publish()
    undo.callback(unpublish, settings, dataset.id)
    registry.add_dataset(dataset, found.photos)
    undo.callback(registry.delete_dataset, dataset.id)
    return dataset


def _run(found: Bundle, dataset: Dataset) -> Run:
    origin = f"Imported from a bundle of Graft {found.graft}."
    return Run(
        id=found.run_id,
        dataset_id=dataset.id,
        recipe=found.recipe,
        fingerprint=found.fingerprint,
        name=found.name,
        status=Status.FINISHED,
        epochs_done=found.epochs_done,
        best_epoch=found.best_epoch,
        notes=f"{found.notes}\n\n{origin}".strip(),
        tags=tuple(dict.fromkeys((*found.tags, TAG))),
    )
