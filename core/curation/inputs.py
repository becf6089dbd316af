"""Whose features a check of a dataset uses, and the features."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from core.backbones import get
from core.backbones.added import is_run
from core.backbones.inputs import with_input
from core.backbones.token_network import Pooling
from core.backbones.values import Backbone
from core.curation.folds import unit_rows
from core.datasets.decoding.fit import Fit
from core.datasets.values import SPLITS, Dataset, Photo
from core.errors import InvalidInput, NotFound, Unavailable
from core.features.compute import features_of
from core.features.store import stored_features
from core.models.lineage import backbone_of
from core.planning.copied_rows import CopiedRows
from core.recipes.program import TOP
from core.registry import Registry
from core.settings import Settings

_AT_ONCE = 8192

CHEAPEST = "efficientnet_lite0"
"""Shipped with Graft, and computed where no features are stored."""


@dataclass(frozen=True, kw_only=True)
class PhotoFeatures:
    """Features of all photos of a dataset.

    Args:
        backbone: None where there are no features; ``problem`` says why.
        rows: (n, d) of length 1, in the order of ``photos``; rows of zeros for photos without features.
    """

    photos: tuple[Photo, ...]
    backbone: Backbone | None
    rows: np.ndarray | None
    problem: str = ""


def choose_backbone(dataset: Dataset, registry: Registry, settings: Settings) -> Backbone:
    """Of the backbones whose features are stored for all photos, or of nearly all of them for another version, that
    with the highest published accuracy; else the cheapest shipped one.

    Trained models are not taken: their features have learned the labels that are to be checked.
    """
    stored = list(_stored(dataset, registry, settings))
    return max(stored, key=lambda one: (one.top1 or 0.0, one.name), default=get(CHEAPEST))


def _stored(dataset: Dataset, registry: Registry, settings: Settings) -> Iterator[Backbone]:
    splits = [split for split in SPLITS if dataset.split_sizes[split]]
    seen, copied = set(), CopiedRows(registry, settings)
    for one in stored_features(settings):
        key = one.key
        if key.cut != TOP or key.view or key.pooling != Pooling.OWN:
            continue
        if is_run(one.source) or (one.source, key.size, key.fit) in seen:
            continue
        seen.add((one.source, key.size, key.fit))
        with suppress(NotFound, InvalidInput):
            backbone = with_input(backbone_of(one.source, registry, settings), key.size, Fit(key.fit))
            if all(copied.is_nearly_stored(backbone, dataset, split) for split in splits):
                yield backbone


def features_for(
    dataset: Dataset,
    *,
    registry: Registry,
    settings: Settings,
    progress: Callable[[int, int], None],
) -> PhotoFeatures:
    """The features of all photos, from the store or computed and stored now; call it where TensorFlow may be imported.

    Args:
        progress: called with (photos done, total); may raise to stop.

    Raises:
        NotFound: a stored photo is missing. NoSpace: the disk cannot hold the features.
    """
    by_split = {split: registry.photos(dataset.id, split=split) for split in SPLITS}
    photos = tuple(photo for own in by_split.values() for photo in own)
    backbone = choose_backbone(dataset, registry, settings)
    rows: np.ndarray | None = None
    before = 0

    def report(done: int, _total: int = 0) -> None:
        progress(before + done, len(photos))

    try:
        for own in filter(None, by_split.values()):
            features = features_of(
                own,
                dataset=dataset,
                backbone=backbone,
                settings=settings,
                progress=report,
                waiting=lambda: report(0),
            )
            if rows is None:
                rows = np.empty((len(photos), features.array.shape[1]), np.float32)
            for start in range(0, len(own), _AT_ONCE):  # not a copy of all of them
                rows[before + start : before + start + _AT_ONCE][: len(own) - start] = unit_rows(
                    features.array[start : start + _AT_ONCE]
                )
            before += len(own)
    except Unavailable as error:
        return PhotoFeatures(photos=photos, backbone=None, rows=None, problem=str(error))
    if rows is not None:
        for start in range(0, len(rows), _AT_ONCE):
            part = rows[start : start + _AT_ONCE]
            part[~np.isfinite(part).all(axis=1)] = 0
    return PhotoFeatures(photos=photos, backbone=backbone, rows=rows)
