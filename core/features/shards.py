"""The shards of an array of features: rows that one machine computes and publishes alone, so that several machines
share one pass.

Shard n of an array has the rows from ``n * SHARD_PHOTOS`` on, in the order of the array. Machines that may compute
shards of one array are those that give the same values (``values_of``): their shards are one set, published as
``features/<dataset>/<weights>/<key>/<values>-<photos a shard>-<shards>/<number>``. The names are the index: which
shards there are is one query, and a set is complete when all its numbers are published.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np

from core.features.engines import PHOTO_BY_PHOTO, gpu_title
from core.features.store import FeatureKey, shards_folder
from core.files.here import features_name
from core.registry import Registry
from core.settings import Settings

SHARD_PHOTOS = 8192
"""Photos of a shard: 42 MB of 1,280 values, a minute of EfficientNet-Lite0 on two cores. A multiple of every engine's
batch, so that batches hold the same photos as in one pass over all."""

_SET = re.compile(r"(?P<values>[0-9a-f]+)-(?P<photos>\d+)-(?P<count>\d+)")


def is_sharded(rows: int) -> bool:
    """Whether an array of so many rows has more than one shard."""
    return rows > SHARD_PHOTOS


def name_of(key: FeatureKey) -> str:
    """The name of the artifact of a whole array, and of the lease of who computes it."""
    return features_name(key.dataset, key.weights, key.name)


def values_of(engine: str, row: np.ndarray) -> str:
    """Equal on machines that compute the same values: 16 hexadecimal digits.

    An engine that computes photo by photo is known by its result for the first photo, which depends on the processor
    and the versions of libraries. The last bits of other engines may change between two calls: they are known by
    engine and GPU.

    Args:
        row: of the first photo, in the stored dtype.
    """
    what = row.tobytes() if engine in PHOTO_BY_PHOTO else gpu_title(engine).encode()
    return sha256(engine.encode() + b"\0" + what).hexdigest()[:16]


@dataclass(frozen=True, kw_only=True)
class ShardSet:
    """The shards of one array that machines with the same values compute.

    Args:
        values: see ``values_of``. photos: rows of a shard; the last one may have fewer. count: of shards.
    """

    key: FeatureKey
    values: str
    photos: int
    count: int

    @classmethod
    def of(cls, key: FeatureKey, values: str, rows: int) -> "ShardSet":
        """The set of an array of so many rows."""
        return cls(key=key, values=values, photos=SHARD_PHOTOS, count=-(-rows // SHARD_PHOTOS))

    @property
    def name(self) -> str:
        return f"{self.values}-{self.photos}-{self.count}"

    def first_row(self, number: int) -> int:
        return number * self.photos

    def artifact(self, number: int) -> str:
        """The name of a shard's artifact, and of the lease of who computes it."""
        return f"{name_of(self.key)}/{self.name}/{number:05}"

    def folder(self, number: int, settings: Settings) -> Path:
        """Of a shard on this machine, until the array is put together."""
        return shards_folder(self.key, settings) / self.name / f"{number:05}"


def published_sets(registry: Registry, key: FeatureKey) -> dict[ShardSet, set[int]]:
    """The numbers of the published shards of an array, by set."""
    return _by_set(key, (one.name for one in registry.artifacts(f"{name_of(key)}/")))


def sets_at_work(registry: Registry, keys: Sequence[FeatureKey]) -> dict[ShardSet, set[int]]:
    """The numbers of the shards that machines compute now, by set."""
    found: dict[ShardSet, set[int]] = {}
    for key in keys:
        found |= _by_set(key, (one.name for one in registry.held_leases(f"{name_of(key)}/")))
    return found


def complete_set(registry: Registry, key: FeatureKey) -> ShardSet | None:
    """A set all of whose shards are published."""
    for one, numbers in published_sets(registry, key).items():
        if numbers >= set(range(one.count)):
            return one
    return None


def _by_set(key: FeatureKey, names: Iterable[str]) -> dict[ShardSet, set[int]]:
    found: dict[ShardSet, set[int]] = {}
    for name in names:
        *_, of, number = name.split("/")
        if match := _SET.fullmatch(of):
            photos, count = int(match["photos"]), int(match["count"])
            one = ShardSet(key=key, values=match["values"], photos=photos, count=count)
            found.setdefault(one, set()).add(int(number))
    return found
