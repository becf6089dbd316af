"""A bundle: a ZIP with everything of a model that another Graft needs, and no photos.

``manifest.json`` has the SHA-256 of every other file: ``model/`` (card, inference files, ``model.keras``) and the
predictions for the validation and test photos. Of the photos it has digest, class, split and size, not their names.
"""

import json
import zipfile
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from core.datasets.values import Dataset, Photo
from core.errors import Unavailable
from core.files.atomic import digest_of
from core.files.folders import MANIFEST, RunFolder
from core.files.home import run_folder
from core.models.inference.model_files import read_model
from core.registry import Registry
from core.runs.values import Model, Run
from core.settings import VERSION, Settings

KIND, FORMAT_VERSION = "graft-bundle", 1
"""What a manifest is, and the newest version of it that this Graft reads. Raised where an older Graft would misread."""

MODEL = "model/"
"""Folder of the model's files in the archive."""

SPLITS = ("validation", "test")
"""With predictions."""

NO_PHOTOS = "It came with the model of another Graft, without its photos. Import them to train on it."


def write_bundle(path: Path, run: Run, model: Model, registry: Registry, settings: Settings) -> None:
    """Writes the bundle of a finished run.

    Raises:
        Unavailable: a file of the model is missing or damaged.
    """
    folder = run_folder(settings, run.id)
    if model.card.get("answer") is not None:
        read_model(folder.model).verify()
    if digest_of(settings.home / model.path) != model.sha256:
        raise Unavailable(f"The model of run {run.id} was changed or damaged. Train it again.")
    files = _files(folder)
    listed = {name: {"sha256": digest_of(file), "bytes": file.stat().st_size} for name, file in files.items()}
    manifest = _manifest(run, model, registry) | {"files": listed}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:  # weights hardly compress
        archive.writestr(MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=1))
        for name, file in files.items():
            archive.write(file, name)


def _files(folder: RunFolder) -> dict[str, Path]:
    """By their names in the archive."""
    found = {f"{MODEL}{path.name}": path for path in sorted(folder.model.glob("[!.]*")) if path.is_file()}
    predictions = {f"{split}.npz": folder.predictions(split) for split in SPLITS}
    return found | {name: path for name, path in predictions.items() if path.exists()}


def _manifest(run: Run, model: Model, registry: Registry) -> dict[str, Any]:
    dataset, cost = registry.dataset(run.dataset_id), registry.cost(run.id)
    assert cost is not None, "a finished run has a cost"
    return {
        "kind": KIND,
        "version": FORMAT_VERSION,
        "graft": VERSION,
        "run": {
            "id": run.id,
            "name": run.name,
            "recipe": run.recipe.to_dict(),
            "fingerprint": run.fingerprint,
            "epochs_done": run.epochs_done,
            "best_epoch": run.best_epoch,
            "created_at": run.created_at,
            "notes": run.notes,
            "tags": list(run.tags),
        },
        "model": {"path": Path(model.path).name, "sha256": model.sha256, "created_at": model.created_at},
        "cost": asdict(cost),
        "dataset": _without_names(dataset).to_dict(),
        "photos": [vars(_unnamed(photo)) for photo in registry.photos(dataset.id)],
    }


def _without_names(dataset: Dataset) -> Dataset:
    """Without skipped files, unlabelled photos and notes: they are about photos that are not in the bundle."""
    return replace(dataset, rejections=(), notes=(NO_PHOTOS,), size_bytes=0)


def _unnamed(photo: Photo) -> Photo:
    """File names may say more than the bundle should."""
    return replace(photo, file=f"{photo.digest[:12]}.jpg")
