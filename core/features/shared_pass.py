"""One pass over many photos by several machines: each computes the next shard that nobody has or computes.

Who computes a shard has the lease of its name, and publishes it as soon as it is done. A machine that dies costs its
shard: the lease lapses, and another machine computes that shard. Machines that would compute other values
(``shards.values_of``) wait, so that no array is a mixture.
"""

import random
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from core.artifacts.blobs import StoreAway
from core.artifacts.garbage import holder
from core.artifacts.publishing import publish
from core.errors import Conflict
from core.features.shards import ShardSet, published_sets, sets_at_work
from core.features.store import FeatureKey
from core.registry import Registry
from core.registry.keeping import KeptLease
from core.registry.leases import Lease
from core.settings import Settings

POLL_SECONDS = 1.0
"""How often it is looked whether another machine has published what it computes."""


class FeatureWork(Protocol):
    """What computes features on this machine."""

    def compute(self, keys: Sequence[FeatureKey]) -> None:
        """Stores the whole arrays of some keys."""

    def sets(self, keys: Sequence[FeatureKey]) -> list[ShardSet]:
        """The shards of each array, as this machine computes them."""

    def compute_shard(self, sets: Sequence[ShardSet], number: int, done: int) -> None:
        """Stores the shards of this number, of several arrays side by side.

        Args:
            done: photos of the array that all machines have finished, for the progress.
        """


class SharedPass:
    """The part of this process in a pass.

    Args:
        keys: of the arrays that are computed. waiting: called while there is nothing to do; it may raise to stop.
    """

    def __init__(
        self,
        keys: Sequence[FeatureKey],
        work: FeatureWork,
        settings: Settings,
        registry: Registry,
        waiting: Callable[[], None],
    ) -> None:
        self.keys = list(keys)
        self._work, self._settings, self._registry, self._waiting = work, settings, registry, waiting
        self._me = holder()
        self._sets = work.sets(keys)
        self._numbers = range(self._sets[0].count)
        self._here: set[tuple[ShardSet, int]] = set()
        """Shards that this process computed while the store was away."""

    def run(self) -> list[ShardSet]:
        """Computes until every shard is published, or here where the store is away; returns the sets.

        It returns early, after a wait, when another array is being computed by other machines: look whether it is done.
        """
        held: list[KeptLease] = []
        try:
            while missing := self._missing():
                taken = self._take_one(missing)
                _release(held)  # after the next one was taken: without a gap in which no machine is at work
                if taken is None:
                    held = []
                    self._waiting()
                    time.sleep(POLL_SECONDS * random.uniform(0.5, 1.5))
                    return []
                number, held = taken
                self._compute(number, missing[number], {one.lease.name: one.lease for one in held})
            return self._sets
        finally:
            _release(held)

    def _missing(self) -> dict[int, list[ShardSet]]:
        """The numbers of the shards that are still to be computed, with the arrays that need them."""
        published = {one: published_sets(self._registry, one.key).get(one, set()) for one in self._sets}

        def lacks(one: ShardSet, number: int) -> bool:
            return number not in published[one] and (one, number) not in self._here

        found = {number: [one for one in self._sets if lacks(one, number)] for number in self._numbers}
        return {number: sets for number, sets in found.items() if sets}

    def _take_one(self, missing: dict[int, list[ShardSet]]) -> tuple[int, list[KeptLease]] | None:
        """The first shard that no other machine computes; None also while machines compute other values."""
        working = sets_at_work(self._registry, [one.key for one in self._sets])
        if self._others(working):
            return None
        for number, sets in missing.items():
            if any(number in working.get(one, ()) for one in sets):
                continue
            held = self._take([one.artifact(number) for one in sets])
            if not held:
                continue
            # again, under the lease: others may have begun, or have published it, between the look and the lease
            if self._others(sets_at_work(self._registry, [one.key for one in sets])):
                _release(held)
                return None
            if self._missing().get(number) == sets:
                return number, held
            _release(held)
        return None

    def _others(self, working: dict[ShardSet, set[int]]) -> bool:
        return any(one not in self._sets for one in working)

    def _take(self, names: Sequence[str]) -> list[KeptLease]:
        """The leases of all names; [] where another machine has one of them."""
        held: list[KeptLease] = []
        for name in sorted(names):
            lease = self._registry.take(name, self._me)
            if lease is None:
                _release(held)
                return []
            held.append(KeptLease(self._registry, lease))
        return held

    def _compute(self, number: int, sets: Sequence[ShardSet], leases: dict[str, Lease]) -> None:
        unfinished = [one for one in sets if not (one.folder(number, self._settings) / "meta.json").exists()]
        if unfinished:
            done = (len(self._numbers) - len(self._missing())) * self._sets[0].photos
            self._work.compute_shard(unfinished, number, done)
        for one in sets:
            self._publish(one, number, leases[one.artifact(number)])

    def _publish(self, one: ShardSet, number: int, lease: Lease) -> None:
        try:
            publish(self._settings, self._registry, lease.name, one.folder(number, self._settings), lease.token)
        except StoreAway as error:  # the run goes on, and others compute it again
            print(error, flush=True)
            self._here.add((one, number))
        except Conflict as error:  # another machine has taken over; its shard counts
            print(error, flush=True)


def _release(held: Sequence[KeptLease]) -> None:
    for one in held:
        one.release()
