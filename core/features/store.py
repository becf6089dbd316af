"""The stored features: keys, folders, locks, and eviction of the least recently used.

``features/<key>/`` holds ``features.npy`` and ``meta.json`` and appears by one rename; ``features/.partial-<key>``
is one being computed, ``features/.shards-<key>`` has shards of one that several machines compute (``shards``);
``features/.locks/<key>`` is locked exclusively by the process that computes or evicts, shared by those that read. The
kernel releases these locks when a process ends.
"""

import json
import os
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from core.backbones.token_network import Pooling
from core.backbones.values import Backbone
from core.datasets.decoding.fit import Fit
from core.datasets.values import Dataset
from core.errors import NoSpace
from core.features.sizes import dtype_at, pooling_at
from core.files.home import features_folder, features_lock
from core.files.locks import try_acquire
from core.recipes.hyperparameters import ITSELF, Augmentation, ViewSettings
from core.recipes.program import PREDICTIONS
from core.runs.costs import Spent
from core.settings import Settings

VERSION = 1
"""Increase it when the same key would give other values (another rendering, another prefix)."""

_ABANDONED_SECONDS = 7 * 24 * 3600


@dataclass(frozen=True, kw_only=True)
class FeatureKey:
    """Everything the values depend on; each key has its own folder.

    Args:
        dataset, weights: digests. split: one array per split, so that training cannot read test photos.
        cut, size, fit: of the frozen prefix and its input. view, seed, augmentation: see ``ViewSettings``.
        dtype: of the stored values; float16 for feature maps (see ``sizes``).
        pooling: of tokens at a pooled cut, where another than the network's own was chosen.
    """

    dataset: str
    split: str
    weights: str
    cut: str
    size: int
    view: int = 0
    seed: int = 0
    augmentation: Augmentation = Augmentation.CROPS
    dtype: str = "float32"
    version: int = VERSION
    fit: str = Fit.SQUASH
    pooling: str = Pooling.OWN

    @property
    def which(self) -> ViewSettings:
        return ViewSettings(self.view, self.seed, self.augmentation)

    @property
    def name(self) -> str:
        parts = dict(vars(self))
        usual = {"fit": Fit.SQUASH, "augmentation": Augmentation.CROPS, "pooling": Pooling.OWN}
        for name, before in usual.items():
            if parts[name] == before:
                del parts[name]  # features of before 0.7.0 keep their names
        return sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]


def key_of(
    dataset: Dataset,
    backbone: Backbone,
    split: str,
    *,
    cut: str = "top",
    which: ViewSettings = ITSELF,
) -> FeatureKey:
    """The key of one split of ``dataset`` in one view at the cut of ``backbone``."""
    return FeatureKey(
        dataset=dataset.digest,
        split=split,
        weights=backbone.identity,
        cut=cut,
        size=backbone.input_size,
        fit=backbone.fit,
        **vars(which),
        dtype=dtype_at(cut),
        pooling=pooling_at(backbone, cut),
    )


def key_of_predictions(dataset: Dataset, digest: str, split: str, *, which: ViewSettings = ITSELF) -> FeatureKey:
    """The key of a finished run's predictions for one split; ``digest`` is that of its model. Size is 0: its networks
    have their own."""
    return FeatureKey(
        dataset=dataset.digest,
        split=split,
        weights=digest,
        cut=PREDICTIONS,
        size=0,
        **vars(which),
    )


def folder_of(key: FeatureKey, settings: Settings) -> Path:
    return features_folder(settings) / key.name


def partial_of(folder: Path) -> Path:
    """Where the array of this folder is while it is computed."""
    return folder.with_name(f".partial-{folder.name}")


def shards_folder(key: FeatureKey, settings: Settings) -> Path:
    """Of an array that several machines compute, until it is put together."""
    return features_folder(settings) / f".shards-{key.name}"


def is_stored(key: FeatureKey, settings: Settings) -> bool:
    """Whether the features are complete on disk."""
    return (folder_of(key, settings) / "meta.json").exists()


def stored_cost(key: FeatureKey, settings: Settings) -> Spent | None:
    """What these features cost to compute; None when they are not stored (any more)."""
    try:
        return Spent(**json.loads((folder_of(key, settings) / "meta.json").read_text())["cost"])
    except OSError:
        return None


# --- space ---


@dataclass(frozen=True, kw_only=True)
class StoredFeatures:
    """One stored array.

    Args:
        name: of its folder. bytes: on disk. used_at: last use, seconds since 1970. meta: ``meta.json``.
    """

    name: str
    bytes: int
    used_at: float
    meta: dict

    @property
    def key(self) -> FeatureKey:
        key = dict(self.meta["key"])
        return FeatureKey(**key | {"augmentation": Augmentation(key.get("augmentation", Augmentation.CROPS))})

    @property
    def source(self) -> str:
        """The backbone's name, or the id of the run whose predictions they are."""
        return str(self.meta["backbone"])

    @property
    def engine(self) -> str:
        """Name of the engine that computed them."""
        return str(self.meta["engine"])

    @property
    def rows(self) -> int:
        """Number of photos."""
        return int(self.meta["shape"][0])


def stored_features(settings: Settings) -> tuple[StoredFeatures, ...]:
    """All stored arrays, the least recently used first."""
    found = [_stored(path.parent) for path in features_folder(settings).glob("[!.]*/meta.json")]
    return tuple(sorted((one for one in found if one is not None), key=lambda one: one.used_at))


def _stored(folder: Path) -> StoredFeatures | None:
    """None when it was evicted in the meantime."""
    try:
        meta = json.loads((folder / "meta.json").read_text())
        size, used_at = (folder / "features.npy").stat().st_size, (folder / "meta.json").stat().st_mtime
        return StoredFeatures(name=folder.name, bytes=size, used_at=used_at, meta=meta)
    except OSError:
        return None


def touch(folder: Path) -> None:
    """Records the use, as the modification time of meta.json."""
    os.utime(folder / "meta.json")


def evict(settings: Settings, room_for: int = 0) -> int:
    """Deletes the least recently used features until the rest, plus ``room_for`` bytes, is within the limit.

    Features that are being read or computed are not deleted. Returns the bytes freed.
    """
    _sweep(settings)
    stored = stored_features(settings)
    excess = sum(one.bytes for one in stored) + room_for - settings.features_limit_bytes
    freed = 0
    for one in stored:
        if freed >= excess:
            break
        if _remove_unless_used(one.name, settings):
            freed += one.bytes
    return freed


def forget(settings: Settings, *, dataset: str = "", weights: str = "", dry: bool = False) -> int:
    """Deletes all stored features of a dataset or of a backbone, by its digest, that are not being read.

    Returns their bytes (``dry``: only counts them).
    """
    part, digest = ("dataset", dataset) if dataset else ("weights", weights)
    own = [one for one in stored_features(settings) if one.meta.get("key", {}).get(part) == digest]
    return sum(one.bytes for one in own if dry or _remove_unless_used(one.name, settings))


def _sweep(settings: Settings) -> None:
    """Removes what killed processes left: unfinished evictions, and computations not continued for a week."""
    for folder in features_folder(settings).glob(".evicted-*"):
        shutil.rmtree(folder, ignore_errors=True)
    for folder in features_folder(settings).glob(".partial-*"):
        _remove_if_abandoned(folder, folder)
    for folder in features_folder(settings).glob(".shards-*"):
        _remove_if_abandoned(folder, *folder.glob("*"), *folder.glob("*/.partial-*"))


def _remove_if_abandoned(folder: Path, *written: Path) -> None:
    """Removes a folder when nothing in any of these folders was made or replaced for a week."""
    with suppress(FileNotFoundError):
        if time.time() - max(one.stat().st_mtime for one in written) > _ABANDONED_SECONDS:
            shutil.rmtree(folder, ignore_errors=True)


def _remove(folder: Path) -> None:
    """Renames first, so that a killed eviction leaves no incomplete features."""
    doomed = folder.with_name(f".evicted-{folder.name}")
    shutil.rmtree(doomed, ignore_errors=True)
    folder.rename(doomed)
    shutil.rmtree(doomed, ignore_errors=True)


def _remove_unless_used(name: str, settings: Settings) -> bool:
    lock = try_acquire(features_lock(settings, name))
    if lock is None:
        return False
    with lock:
        try:
            _remove(features_folder(settings) / name)
        except FileNotFoundError:  # another process evicted it
            return False
    return True


def make_room(settings: Settings, size_bytes: int) -> None:
    """Evicts for ``size_bytes`` more; raises NoSpace when the disk cannot hold them."""
    evict(settings, room_for=size_bytes)
    free = shutil.disk_usage(features_folder(settings)).free
    if free < size_bytes + 50 * 10**6:
        raise NoSpace(
            f"The features need {size_bytes / 1e6:.0f} MB and the disk has {free / 1e6:.0f} MB left. "
            "Delete runs or datasets, or free some space, then resume."
        )
