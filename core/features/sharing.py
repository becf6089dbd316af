"""Stored features that several machines share: found in the store of artifacts, or computed by one of them.

Who computes an array has the lease ``features/...`` of the name under which it is published; the others wait for it.
Arrays of more photos than a shard has are computed by all of them together (``shared_pass``).
Without ``GRAFT_ARTIFACTS`` every machine computes its own.
"""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial

from core.artifacts.blobs import StoreAway
from core.artifacts.bringing import registry_of
from core.artifacts.fetching import fetch
from core.artifacts.garbage import forget, holder
from core.artifacts.patience import patiently
from core.artifacts.publishing import publish
from core.datasets.shards import is_large
from core.datasets.values import SPLITS, Dataset
from core.errors import Conflict, NotFound
from core.features import shared_pass
from core.features.assembling import assemble
from core.features.shards import complete_set, is_sharded, name_of
from core.features.shared_pass import FeatureWork, SharedPass
from core.features.store import FeatureKey, folder_of, is_stored, make_room
from core.files.here import dataset_here, dataset_name, features_name, records_here
from core.registry import Registry
from core.registry.keeping import KeptLease
from core.registry.leases import Lease
from core.settings import Settings


def computed_once(
    keys: Sequence[FeatureKey], rows: int, settings: Settings, work: FeatureWork, waiting: Callable[[], None] | None
) -> None:
    """Stores the features of all keys here: fetched where another machine has them, else computed and published.

    Args:
        rows: of each array. work: computes those of some keys. waiting: called while another machine computes them, or
            while the store is away; it may raise to stop.
    """
    if not settings.artifacts:
        work.compute(keys)
    elif is_sharded(rows):
        _compute_shards(keys, settings, work, waiting)
    else:
        _compute_whole(keys, settings, work, waiting)


def _compute_shards(
    keys: Sequence[FeatureKey], settings: Settings, work: FeatureWork, waiting: Callable[[], None] | None
) -> None:
    """Together with other machines."""
    registry, wait = registry_of(settings), waiting or _go_on
    shared: SharedPass | None = None
    while missing := _still_missing(keys, settings, registry, waiting):
        if shared is None or shared.keys != missing:
            shared = SharedPass(missing, work, settings, registry, wait)
        for shards in shared.run():
            patiently(partial(assemble, shards, settings, registry, wait), wait)


def _compute_whole(
    keys: Sequence[FeatureKey], settings: Settings, work: FeatureWork, waiting: Callable[[], None] | None
) -> None:
    """While others wait."""
    registry, wait = registry_of(settings), waiting or _go_on
    while missing := _still_missing(keys, settings, registry, waiting):
        with _leases(registry, missing) as held:
            if held and missing == _still_missing(missing, settings, registry, waiting):
                work.compute(missing)
                for key, lease in zip(missing, held, strict=True):
                    _publish(key, lease, settings, registry)
                return
        wait()
        time.sleep(shared_pass.POLL_SECONDS)


def is_at_hand(key: FeatureKey, settings: Settings, waiting: Callable[[], None] | None = None) -> bool:
    """Whether the features are stored here, after they were fetched where only another machine has them."""
    if is_stored(key, settings) or not settings.artifacts:
        return is_stored(key, settings)
    return not _still_missing([key], settings, registry_of(settings), waiting)


def bring_those_of_version_before(keys: Sequence[FeatureKey], dataset: Dataset, settings: Settings) -> None:
    """Fetches what another machine has published of the dataset that ``dataset`` was made from, so that rows can be
    copied (``reusing``); nothing where it was made from none, or where the store is away.

    Args:
        keys: of the features that are to be computed.
    """
    if not settings.artifacts:
        return
    with suppress(OSError, ValueError, KeyError, NotFound, StoreAway):
        registry = registry_of(settings)
        in_shards = is_large(dataset) and registry.artifacts(f"{dataset_name(dataset.id)}/")
        folder = (records_here if in_shards else dataset_here)(settings, dataset.id)
        before = registry.dataset(json.loads(folder.lineage.read_text())["dataset"])
        for key in keys:
            for split in SPLITS if not key.view else (key.split,):
                is_at_hand(replace(key, dataset=before.digest, split=split), settings)


def forget_shared(settings: Settings, registry: Registry, *, dataset: str = "", weights: str = "") -> None:
    """Deletes the published features of a dataset or of a backbone, by its digest."""
    if settings.artifacts:
        place = 1 if dataset else 2
        digest = features_name(dataset, weights, "").split("/")[place]
        names = [artifact.name for artifact in registry.artifacts("features/")]
        forget(settings, registry, [name for name in names if name.split("/")[place] == digest])


def _still_missing(
    keys: Sequence[FeatureKey], settings: Settings, registry: Registry, waiting: Callable[[], None] | None
) -> list[FeatureKey]:
    """Those that neither this machine nor the store has; what the store has is fetched."""

    def found(key: FeatureKey) -> bool:
        name, folder = name_of(key), folder_of(key, settings)
        artifact = registry.artifact(name)
        if artifact is None:
            shards = complete_set(registry, key)
            return shards is not None and assemble(shards, settings, registry, waiting or _go_on)
        make_room(settings, artifact.size_bytes)
        return fetch(settings, registry, name, folder, check=waiting)

    def there(key: FeatureKey) -> bool:
        if is_stored(key, settings):
            return True
        return found(key) if waiting is None else patiently(lambda: found(key), waiting)

    return [key for key in keys if not there(key)]


def _publish(key: FeatureKey, lease: Lease, settings: Settings, registry: Registry) -> None:
    """Whoever computes them has them: without a store the run goes on, and others compute them again."""
    try:
        publish(settings, registry, lease.name, folder_of(key, settings), lease.token)
    except (StoreAway, Conflict) as error:
        print(error, flush=True)


@contextmanager
def _leases(registry: Registry, keys: Sequence[FeatureKey]) -> Iterator[list[Lease]]:
    """The leases of all keys, renewed until the end of the block; [] where another machine has one of them."""
    held: list[KeptLease] = []
    me = holder()
    try:
        for key in sorted(keys, key=name_of):
            lease = registry.take(name_of(key), me)
            if lease is None:
                yield []
                return
            held.append(KeptLease(registry, lease))
        by_name = {one.lease.name: one.lease for one in held}
        yield [by_name[name_of(key)] for key in keys]
    finally:
        for one in held:
            one.release()


def _go_on() -> None:
    """Nothing stops it."""
