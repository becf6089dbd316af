"""Photos without a class in datasets of ``factories``."""

import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import numpy as np
from PIL import Image

from core.datasets.manifest import MANIFEST
from core.datasets.values import Dataset, UnlabelledPhoto
from core.files.folders import PoolFolder
from core.files.home import dataset_folder
from core.settings import Settings


def fill_pool(settings: Settings, dataset: Dataset, count: int, addition: str = "a-1", seed: int = 0) -> list[str]:
    """Adds photos as ``core.datasets.pool`` stores them, ``pool-<number>.jpg``; their digests in the order of files.

    Args:
        seed: of the first photo; each later one has the next.
    """
    folder = PoolFolder(dataset_folder(settings, dataset.id).pool / addition)
    folder.photos.mkdir(parents=True)
    photos = []
    for number in range(count):
        jpeg = jpeg_of(seed + number)
        digest = hashlib.sha256(jpeg).hexdigest()
        (folder.photos / f"{digest}.jpg").write_bytes(jpeg)
        file = f"pool-{number:02}.jpg"
        photos.append(UnlabelledPhoto(digest=digest, file=file, width=48, height=40, stored_bytes=len(jpeg)))
    folder.record.write_text(json.dumps({"photos": [asdict(one) for one in photos], "rejections": []}))
    return [one.digest for one in photos]


def fill_import(settings: Settings, dataset: Dataset, jpegs: Mapping[str, bytes]) -> list[str]:
    """Photos without a class of the import itself, by file name; their digests."""
    folder = dataset_folder(settings, dataset.id)
    folder.unlabelled.mkdir(exist_ok=True)
    photos = []
    for file, jpeg in jpegs.items():
        digest = hashlib.sha256(jpeg).hexdigest()
        (folder.unlabelled / f"{digest}.jpg").write_bytes(jpeg)
        photos.append(UnlabelledPhoto(digest=digest, file=file, width=48, height=40, stored_bytes=len(jpeg)))
    manifest = folder.path / MANIFEST
    content = json.loads(manifest.read_text()) | {"unlabelled": [asdict(one) for one in photos]}
    manifest.write_text(json.dumps(content))
    return [one.digest for one in photos]


def jpeg_of(seed: int) -> bytes:
    """A JPEG of coloured fields, another one for every seed."""
    fields = np.random.default_rng(1000 + seed).integers(0, 255, (4, 4, 3), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(fields).resize((48, 40), Image.Resampling.NEAREST).save(buffer, "JPEG", quality=95)
    return buffer.getvalue()


def folder_of_photos(folder: Path, number: int = 3) -> Path:
    """A new folder with photos that are no copies of each other: ``0.jpg``, ``1.jpg``, ..."""
    folder.mkdir()
    for seed in range(number):
        (folder / f"{seed}.jpg").write_bytes(jpeg_of(seed))
    return folder
