"""A dataset as a value, its digest, and ``manifest.json``, from which the registry can be rebuilt."""

import hashlib
import json
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from core.datasets.decoding.modes import FULL_GREY
from core.datasets.values import SPLITS, Dataset, Photo, Rejection, UnlabelledPhoto
from core.errors import NotFound
from core.files.folders import MANIFEST

INGEST_VERSION = 1
"""Raised whenever the same bytes would be stored as other pixels; digests differ then."""


def dataset_digest(
    photos: Iterable[Photo], unlabelled: Iterable[UnlabelledPhoto] = (), grey_bits: int | None = None
) -> str:
    """SHA-256 over ingest version and every photo's (class, split, digest), sorted; file names are not part of it.

    The digests of unlabelled photos follow where there are any, and the bits of 16-bit grey where they are below 16, so
    that datasets without them keep their digest.
    """
    rows = sorted((photo.class_name, photo.split, photo.digest) for photo in photos)
    aside = sorted(photo.digest for photo in unlabelled)
    grey = [{"grey_bits": grey_bits}] if grey_bits not in (None, FULL_GREY) else []
    return hashlib.sha256(json.dumps([INGEST_VERSION, rows, *([aside] if aside else []), *grey]).encode()).hexdigest()


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
    unlabelled: Sequence[UnlabelledPhoto] = (),
    grey_bits: int | None = None,
) -> Dataset:
    """The dataset of these photos; ``started`` is when the import began, in seconds since 1970."""
    counts: dict[str, dict[str, int]] = {split: {} for split in SPLITS}
    for photo in photos:
        counts[photo.split][photo.class_name] = counts[photo.split].get(photo.class_name, 0) + 1
    return Dataset(
        id=id,
        name=name,
        version=version,
        digest=dataset_digest(photos, unlabelled, grey_bits),
        class_names=tuple(sorted({photo.class_name for photo in photos})),
        counts=counts,
        rejections=rejections,
        split_given=split_given,
        seed=seed,
        size_bytes=sum(photo.stored_bytes for photo in photos) + sum(photo.stored_bytes for photo in unlabelled),
        created_at=started,
        seconds=time.time() - started,
        notes=notes,
        unlabelled=len(unlabelled),
        grey_bits=grey_bits,
    )


def write_manifest(
    folder: Path, dataset: Dataset, photos: Iterable[Photo], unlabelled: Iterable[UnlabelledPhoto] = ()
) -> None:
    """Writes ``folder/manifest.json``."""
    content = {
        "ingest_version": INGEST_VERSION,
        "dataset": dataset.to_dict(),
        "photos": [vars(photo) for photo in photos],
        "unlabelled": [vars(photo) for photo in unlabelled],
    }
    (folder / MANIFEST).write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")


def read_manifest(folder: Path) -> tuple[Dataset, tuple[Photo, ...]]:
    """The dataset stored in ``folder`` and its photos.

    Raises:
        NotFound: there is no manifest.
    """
    content = _content(folder)
    fields = content["dataset"]
    fields.setdefault("grey_bits", FULL_GREY)  # manifests before 0.5.0
    fields["class_names"] = tuple(fields["class_names"])
    fields["rejections"] = tuple(Rejection(**rejection) for rejection in fields["rejections"])
    fields["notes"] = tuple(fields.get("notes", ()))
    return Dataset(**fields), tuple(Photo(**photo) for photo in content["photos"])


def read_unlabelled(folder: Path) -> tuple[UnlabelledPhoto, ...]:
    """The unlabelled photos of the dataset stored in ``folder``, in the order of their paths.

    Raises:
        NotFound: there is no manifest.
    """
    return tuple(UnlabelledPhoto(**photo) for photo in _content(folder).get("unlabelled", ()))


def _content(folder: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise NotFound(f"There is no dataset in {str(folder)!r}.") from None
    return content
