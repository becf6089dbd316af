"""What the people of a home store: the sizes of their datasets and of the folders of their runs.

The size of a dataset is known since its import, and that of photos that are added to it without a class since the
addition. That of a run's folder (model, checkpoints, exports) changes and is
recorded by whoever changes it (``core.jobs.stored_size``), so that nobody has to walk the disk to know what a person
stores. What somebody without an account owns is nobody's.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import delete, func, insert, or_, select

from core.registry.connection import Store
from core.registry.schema import datasets, ids_in, pool_sizes, runs, stored_sizes

_WITH_POOLS = datasets.outerjoin(pool_sizes, pool_sizes.c.dataset_id == datasets.c.id)
_OF_DATASET = datasets.c.size_bytes + func.coalesce(pool_sizes.c.bytes, 0)


@dataclass(frozen=True, kw_only=True)
class StoredByOwner:
    """What one account stores, in bytes.

    Args:
        owner: name of the account. datasets: its photos, those that were added without a class included.
        runs: models, checkpoints, exports and records of its runs.
    """

    owner: str
    datasets: int = 0
    runs: int = 0

    @property
    def bytes(self) -> int:
        return self.datasets + self.runs


class StoredSizes(Store):
    """Sizes by owner."""

    def record_sizes(self, sizes: Mapping[str, int]) -> None:
        """The bytes of the folders of runs, by run id; those of runs that were deleted meanwhile are ignored."""
        if not sizes:
            return
        with self.writing(least=None) as connection:
            known = connection.execute(select(runs.c.id, runs.c.owner).where(runs.c.id.in_(ids_in(sizes)))).all()
            connection.execute(delete(stored_sizes).where(stored_sizes.c.run_id.in_(ids_in(sizes))))
            at = time.time()
            rows = [
                {"run_id": run_id, "owner": owner, "bytes": sizes[run_id], "measured_at": at} for run_id, owner in known
            ]
            if rows:
                connection.execute(insert(stored_sizes), rows)

    def record_pool_size(self, dataset_id: str, size_bytes: int) -> None:
        """The bytes of all photos that were added to a dataset without a class; of a deleted one they are ignored."""
        with self.writing(least=None) as connection:
            connection.execute(delete(pool_sizes).where(pool_sizes.c.dataset_id == dataset_id))
            if size_bytes and connection.scalar(select(datasets.c.id).where(datasets.c.id == dataset_id)):
                connection.execute(insert(pool_sizes), {"dataset_id": dataset_id, "bytes": size_bytes})

    def unmeasured_runs(self, limit: int = 500) -> list[str]:
        """Runs that have ended since their size was recorded, or whose size never was."""
        outdated = or_(stored_sizes.c.run_id.is_(None), stored_sizes.c.measured_at < runs.c.ended_at)
        query = select(runs.c.id).outerjoin(stored_sizes, stored_sizes.c.run_id == runs.c.id)
        query = query.where(runs.c.ended_at.is_not(None), outdated).order_by(runs.c.number).limit(limit)
        with self.reading() as connection:
            return list(connection.scalars(query))

    def stored_by(self, owner: str) -> StoredByOwner:
        """What one account stores."""
        with self.reading() as connection:
            photos = select(func.sum(_OF_DATASET)).select_from(_WITH_POOLS).where(datasets.c.owner == owner)
            folders = select(func.sum(stored_sizes.c.bytes)).where(stored_sizes.c.owner == owner)
            return StoredByOwner(
                owner=owner,
                datasets=int(connection.scalar(photos) or 0),
                runs=int(connection.scalar(folders) or 0),
            )

    def stored_by_all(self) -> dict[str, StoredByOwner]:
        """What each account stores that stores something, by its name."""
        photos = select(datasets.c.owner, func.sum(_OF_DATASET)).select_from(_WITH_POOLS).group_by(datasets.c.owner)
        folders = select(stored_sizes.c.owner, func.sum(stored_sizes.c.bytes)).group_by(stored_sizes.c.owner)
        with self.reading() as connection:
            of_photos = {owner: int(size) for owner, size in connection.execute(photos)}
            of_runs = {owner: int(size) for owner, size in connection.execute(folders)}
        owners = sorted({*of_photos, *of_runs} - {""})
        return {
            owner: StoredByOwner(owner=owner, datasets=of_photos.get(owner, 0), runs=of_runs.get(owner, 0))
            for owner in owners
        }

    def largest_of(self, owner: str, limit: int = 3) -> list[tuple[str, int]]:
        """The largest datasets and runs of an account, as ``dataset flowers:2`` or ``run r-12ab34cd``, with their
        bytes."""
        photos = select(datasets.c.name, datasets.c.version, _OF_DATASET).select_from(_WITH_POOLS)
        folders = select(stored_sizes.c.run_id, stored_sizes.c.bytes).where(stored_sizes.c.owner == owner)
        photos = photos.where(datasets.c.owner == owner).order_by(_OF_DATASET.desc(), datasets.c.number).limit(limit)
        folders = folders.order_by(stored_sizes.c.bytes.desc(), stored_sizes.c.run_id).limit(limit)
        with self.reading() as connection:
            found = [(f"dataset {name}:{version}", int(size)) for name, version, size in connection.execute(photos)]
            found += [(f"run {run_id}", int(size)) for run_id, size in connection.execute(folders)]
        return sorted(found, key=lambda one: -one[1])[:limit]
