"""``manifest.json`` of a stored dataset: everything the registry knows of it, so that it can be rebuilt."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from core.datasets.values import Dataset, Photo, Rejection
from core.errors import NotFound

INGEST_VERSION = 1
"""Raised whenever the same bytes would be stored as other pixels; digests differ then."""

FILE_NAME = "manifest.json"


def dataset_digest(photos: Iterable[Photo]) -> str:
    """SHA-256 over ingest version and every photo's (class, split, digest), sorted; file names don't count."""
    rows = sorted((photo.class_name, photo.split, photo.digest) for photo in photos)
    return hashlib.sha256(json.dumps([INGEST_VERSION, rows]).encode()).hexdigest()


def write_manifest(folder: Path, dataset: Dataset, photos: Iterable[Photo]) -> None:
    """Writes ``folder/manifest.json``."""
    content = {
        "ingest_version": INGEST_VERSION,
        "dataset": asdict(dataset),
        "photos": [vars(photo) for photo in photos],
    }
    (folder / FILE_NAME).write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")


def read_manifest(folder: Path) -> tuple[Dataset, tuple[Photo, ...]]:
    """The dataset stored in ``folder`` and its photos.

    Raises:
        NotFound: there is no manifest.
    """
    try:
        content = json.loads((folder / FILE_NAME).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise NotFound(f"There is no dataset in {str(folder)!r}.") from None
    fields = content["dataset"]
    fields["class_names"] = tuple(fields["class_names"])
    fields["rejections"] = tuple(Rejection(**rejection) for rejection in fields["rejections"])
    fields["notes"] = tuple(fields.get("notes", ()))
    return Dataset(**fields), tuple(Photo(**photo) for photo in content["photos"])
