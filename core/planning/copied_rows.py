"""How many rows of features that a run needs are copied from other stored features, before it starts."""

from collections.abc import Sequence
from functools import cached_property
from weakref import WeakKeyDictionary

from core.backbones.values import Backbone
from core.datasets.values import Dataset
from core.features.engines import needs_export
from core.features.reusing import content_of, copied_engine, identity_of, knows_photos, rows_by_photo
from core.features.store import FeatureKey, StoredFeatures, is_stored, key_of, stored_features
from core.registry import Registry
from core.settings import Settings

NEARLY = 0.9
"""Of the photos, where the others are computed rather than those of another backbone used."""

_Photos = tuple[str, str]
"""Digest of a dataset, and a split."""

_known: WeakKeyDictionary[Registry, dict[tuple[_Photos, tuple[_Photos, ...]], int]] = WeakKeyDictionary()
"""How many photos of the first are among the others: the photos of a dataset do not change."""


class CopiedRows:
    """Counts rows that ``core.features.reusing`` would copy; reads what is stored once."""

    def __init__(self, registry: Registry, settings: Settings) -> None:
        self._registry, self._settings = registry, settings

    def count(self, keys: Sequence[FeatureKey], dataset: Dataset) -> int:
        """Of how many photos of a split of ``dataset`` the rows of all these arrays can be copied, at most."""
        return min((self._of(key, dataset) for key in keys), default=0)

    def is_nearly_stored(self, backbone: Backbone, dataset: Dataset, split: str) -> bool:
        """Whether hardly any photo of a split is missing in the features at the top: all are stored, or nearly all are
        copied and the engine that computes the others is at hand."""
        key = key_of(dataset, backbone, split)
        if is_stored(key, self._settings):
            return True
        enough = NEARLY * dataset.split_sizes[split]
        return self._of(key, dataset) >= enough and not needs_export(backbone, self._settings)

    def _of(self, key: FeatureKey, dataset: Dataset) -> int:
        others = {(one.key.dataset, one.key.split): one.name for one in self._stored.get(content_of(key), ())}
        others.pop((key.dataset, key.split), None)
        if not others:
            return 0
        counts = _known.setdefault(self._registry, {})
        asked = (key.dataset, key.split), tuple(sorted(others))
        if asked not in counts:
            there = set().union(*(rows_by_photo(name, self._settings) for name in others.values()))
            photos = self._registry.photos(dataset.id, split=key.split)
            counts[asked] = sum(identity_of(photo) in there for photo in photos)
        return counts[asked]

    @cached_property
    def _stored(self) -> dict[FeatureKey, list[StoredFeatures]]:
        """By what they have in common (``content_of``)."""
        found: dict[FeatureKey, list[StoredFeatures]] = {}
        for one in stored_features(self._settings):
            if copied_engine(one.engine) and knows_photos(one.name, self._settings):
                found.setdefault(content_of(one.key), []).append(one)
        return found
