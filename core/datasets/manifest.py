"""A dataset as a value, its digest, and ``manifest.json``, from which the registry can be rebuilt."""

import hashlib
import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

from core.datasets.values import SPLITS, Dataset, Photo, Rejection
from core.errors import NotFound
from core.files.home import MANIFEST

INGEST_VERSION = 1
"""Raised whenever the same bytes would be stored as other pixels; digests differ then."""


def dataset_digest(photos: Iterable[Photo]) -> str:
    """SHA-256 over ingest version and every photo's (class, split, digest), sorted; file names are not part of it."""
    rows = sorted((photo.class_name, photo.split, photo.digest) for photo in photos)
    return hashlib.sha256(json.dumps([INGEST_VERSION, rows]).encode()).hexdigest()


def dataset_of(
    photos: Sequence[Photo],
    *,
    id: str,
    name: str,
    version: int,
    seed: int,
    split_given: bool,
    rejections: tuple[Rejection, ...],
    notes: tuple[str, ...],
    started: float,
) -> Dataset:
    """The dataset of these photos; ``started`` is when the import began, in seconds since 1970."""
    counts: dict[str, dict[str, int]] = {split: {} for split in SPLITS}
    for photo in photos:
        counts[photo.split][photo.class_name] = counts[photo.split].get(photo.class_name, 0) + 1
    return Dataset(
        id=id,
        name=name,
        version=version,
        digest=dataset_digest(photos),
        class_names=tuple(sorted({photo.class_name for photo in photos})),
        counts=counts,
        rejections=rejections,
        split_given=split_given,
        seed=seed,
        size_bytes=sum(photo.stored_bytes for photo in photos),
        created_at=started,
        seconds=time.time() - started,
        notes=notes,
    )


def write_manifest(folder: Path, dataset: Dataset, photos: Iterable[Photo]) -> None:
    """Writes ``folder/manifest.json``."""
    content = {
        "ingest_version": INGEST_VERSION,
        "dataset": asdict(dataset),
        "photos": [vars(photo) for photo in photos],
    }
    (folder / MANIFEST).write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")


def read_manifest(folder: Path) -> tuple[Dataset, tuple[Photo, ...]]:
    """The dataset stored in ``folder`` and its photos.

    Raises:
        NotFound: there is no manifest.
    """
    try:
        content = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise NotFound(f"There is no dataset in {str(folder)!r}.") from None
    fields = content["dataset"]
    fields["class_names"] = tuple(fields["class_names"])
    fields["rejections"] = tuple(Rejection(**rejection) for rejection in fields["rejections"])
    fields["notes"] = tuple(fields.get("notes", ()))
    return Dataset(**fields), tuple(Photo(**photo) for photo in content["photos"])
