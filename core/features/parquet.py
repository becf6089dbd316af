"""Stored features as one Parquet file, for other programs."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.backbones.values import Backbone
from core.datasets.values import SPLITS, Dataset, Photo
from core.errors import InvalidInput, NotFound
from core.features import store
from core.features.sizes import shape_at
from core.features.store import FeatureKey
from core.files.atomic import replacing
from core.files.home import features_lock
from core.files.locks import acquire
from core.recipes.program import pooled
from core.settings import Settings

if TYPE_CHECKING:
    import pyarrow

_ROWS_AT_ONCE = 4096


def export_parquet(
    target: Path, photos: Sequence[Photo], *, dataset: Dataset, backbone: Backbone, settings: Settings, cut: str = "top"
) -> int:
    """Writes what is stored of ``dataset`` x ``backbone`` x ``cut`` to one Parquet file; nothing is computed.

    One row a photo and view: ``photo`` (digest), ``file``, ``class``, ``split``, ``augmentation``, ``view``,
    ``seed`` of the view, and one float32 column a feature, ``feature_0000`` and so on.

    Args:
        target: of the file, which appears whole or not at all; a kill leaves ``.<name>.<token>.part`` beside it.
        photos: of the dataset, all splits.

    Returns:
        The number of rows.

    Raises:
        InvalidInput: there is no such cut, or it gives maps. NotFound: nothing is stored there.
    """
    (width, *map_sides) = shape_at(backbone, cut)
    if not pooled(cut):
        numbers = " x ".join(str(side) for side in (width, *map_sides))
        raise InvalidInput(
            f"A feature map has {numbers} numbers a photo, too many for columns. Choose the pooled cut {cut}.pool."
        )
    keys = _stored_keys(dataset, backbone, cut, settings)
    if not keys:
        raise NotFound(
            f"No features of {dataset.name} by {backbone.title} at {cut} are stored. Train a run that uses them first."
        )
    with replacing(target, durable=False) as draft:
        return _write(draft, keys, photos, width, settings)


def _stored_keys(dataset: Dataset, backbone: Backbone, cut: str, settings: Settings) -> list[FeatureKey]:
    """In the order of the splits, then of views and seeds."""
    found = [one.key for one in store.stored_features(settings)]
    any_view = store.key_of(dataset, backbone, "train", cut=cut)
    wanted = [key for key in found if key == replace(any_view, split=key.split, **vars(key.which))]
    return sorted(wanted, key=lambda key: (SPLITS.index(key.split), key.view, key.augmentation, key.seed))


def _write(path: Path, keys: Sequence[FeatureKey], photos: Sequence[Photo], width: int, settings: Settings) -> int:
    from pyarrow import parquet

    schema, rows = _schema(width), 0
    repeated = ["class", "split", "augmentation"]
    with parquet.ParquetWriter(path, schema, compression="zstd", use_dictionary=repeated) as writer:
        for key in keys:
            own = sorted(
                (photo for photo in photos if photo.split == key.split),
                key=lambda photo: (photo.class_name, photo.digest),
            )
            for part, features in _parts(key, own, settings):
                writer.write_table(_table(part, features, key, schema))
                rows += len(part)
    return rows


def _parts(
    key: FeatureKey, photos: Sequence[Photo], settings: Settings
) -> Iterator[tuple[Sequence[Photo], np.ndarray]]:
    """Photos and their features, a few thousand at a time; nothing when they were evicted meanwhile."""
    with acquire(features_lock(settings, key.name), shared=True):
        if store.is_stored(key, settings):
            array = np.load(store.folder_of(key, settings) / "features.npy", mmap_mode="r")
            if len(array) != len(photos):
                raise InvalidInput(f"The rows need all {len(array)} {key.split} photos. Received: {len(photos)}")
            for start in range(0, len(photos), _ROWS_AT_ONCE):
                yield photos[start : start + _ROWS_AT_ONCE], array[start : start + _ROWS_AT_ONCE]


def _schema(width: int) -> "pyarrow.Schema":
    import pyarrow

    named = [(name, pyarrow.string()) for name in ("photo", "file", "class", "split", "augmentation")]
    numbered = [("view", pyarrow.int32()), ("seed", pyarrow.int64())]
    features = [(f"feature_{number:04d}", pyarrow.float32()) for number in range(width)]
    return pyarrow.schema([*named, *numbered, *features])


def _table(photos: Sequence[Photo], features: np.ndarray, key: FeatureKey, schema: "pyarrow.Schema") -> "pyarrow.Table":
    import pyarrow

    about = [
        [photo.digest for photo in photos],
        [photo.file for photo in photos],
        [photo.class_name for photo in photos],
        [key.split] * len(photos),
        [str(key.augmentation)] * len(photos),
        [key.view] * len(photos),
        [key.seed] * len(photos),
    ]
    return pyarrow.table([*about, *np.ascontiguousarray(features.T)], schema=schema)
