"""Datasets and their photos."""

import re
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, case, delete, func, insert, select
from sqlalchemy.exc import IntegrityError

from core.datasets.values import SPLITS, Dataset, Photo, Rejection, UnlabelledPhoto
from core.errors import Conflict, NotFound
from core.people.acting import acting
from core.registry.audit_log import add_entry
from core.registry.connection import Store
from core.registry.schema import columns_of, datasets, equal, photos, row_of, runs, unlabelled_photos
from core.runs.values import Status
from core.text.nearly import did_you_mean

_COLUMNS = columns_of(datasets, Dataset)
_PHOTO_COLUMNS = columns_of(photos, Photo)
_UNLABELLED_COLUMNS = columns_of(unlabelled_photos, UnlabelledPhoto)
_NEWEST_FIRST = (datasets.c.created_at.desc(), datasets.c.number.desc())
_SPLIT_ORDER = case({split: place for place, split in enumerate(SPLITS)}, value=photos.c.split)


class Datasets(Store):
    """Imported datasets: immutable, so they are added, read and deleted."""

    def next_version(self, name: str) -> int:
        """The version the next dataset of this name gets: one above the highest that is there."""
        with self.reading() as connection:
            highest = connection.scalar(select(func.max(datasets.c.version)).where(datasets.c.name == name))
        return (highest or 0) + 1

    def add_dataset(
        self, dataset: Dataset, photos_of_it: Sequence[Photo], unlabelled: Sequence[UnlabelledPhoto] = ()
    ) -> None:
        """Adds a dataset with all its photos; the acting person owns it.

        Raises:
            Conflict: this id, or this version of this name, is already there.
        """
        row = row_of(datasets, dataset) | {"rejections": [asdict(rejection) for rejection in dataset.rejections]}
        row["owner"] = acting().name
        try:
            with self.writing() as connection:
                connection.execute(insert(datasets), row)
                for table, stored in ((photos, photos_of_it), (unlabelled_photos, unlabelled)):
                    if stored:
                        rows = [asdict(photo) | {"dataset_id": dataset.id} for photo in stored]
                        connection.execute(insert(table), rows)
        except IntegrityError as error:
            raise Conflict(_conflict(dataset, str(error.orig))) from error

    def datasets(self) -> list[Dataset]:
        """All datasets, newest first."""
        with self.reading() as connection:
            return [_dataset(row) for row in connection.execute(select(*_COLUMNS).order_by(*_NEWEST_FIRST))]

    def dataset(self, ref: str) -> Dataset:
        """The dataset with id ``ref``, else the newest version of the name ``ref``, else ``name:version``.

        Raises:
            NotFound: there is none.
        """
        with self.reading() as connection:
            return get_dataset(connection, ref)

    def find_dataset(self, digest: str) -> Dataset | None:
        """The newest dataset with exactly this content and split, if any."""
        with self.reading() as connection:
            return _find(connection, datasets.c.digest == digest)

    def photos(
        self,
        dataset_id: str,
        split: str | None = None,
        class_name: str | None = None,
        limit: int | None = None,
        offset: int = 0,
    ) -> list[Photo]:
        """Photos in the order train, validation, test; within a split by class, then digest."""
        query = select(*_PHOTO_COLUMNS).where(photos.c.dataset_id == dataset_id)
        query = query.where(*equal(photos.c.split, split), *equal(photos.c.class_name, class_name))
        query = query.order_by(_SPLIT_ORDER, photos.c.class_name, photos.c.digest).limit(limit).offset(offset)
        return self.values(query, Photo)

    def photo(self, dataset_id: str, digest: str) -> Photo:
        """The photo of a dataset whose digest begins with ``digest``, at least 8 hexadecimal digits.

        Raises:
            NotFound: there is none.
        """
        if re.fullmatch(r"[0-9a-f]{8,64}", digest):
            query = select(*_PHOTO_COLUMNS).where(photos.c.dataset_id == dataset_id, photos.c.digest.startswith(digest))
            found = self.values(query.order_by(photos.c.digest).limit(1), Photo)
            if found:
                return found[0]
        raise NotFound(f"Dataset {dataset_id} has no photo with the digest {digest[:80]!r}.")

    def unlabelled_photos(self, dataset_id: str, limit: int | None = None, offset: int = 0) -> list[UnlabelledPhoto]:
        """The photos of a dataset without a class, in the order of their paths."""
        query = select(*_UNLABELLED_COLUMNS).where(unlabelled_photos.c.dataset_id == dataset_id)
        query = query.order_by(unlabelled_photos.c.file, unlabelled_photos.c.digest).limit(limit).offset(offset)
        return self.values(query, UnlabelledPhoto)

    def has_recorded_pixels(self, dataset_id: str) -> bool:
        """Whether the pixels of all its photos were compared when it was imported (by 0.5.0 or later)."""
        unknown = select(photos.c.digest).where(photos.c.dataset_id == dataset_id, photos.c.pixels.is_(None)).limit(1)
        with self.reading() as connection:
            return connection.execute(unknown).first() is None

    def delete_dataset(self, dataset_id: str, entry: dict[str, Any] | None = None) -> None:
        """Deletes a dataset, its photos, and every run on it with its results and model.

        Args:
            entry: detail of the log of actions.

        Raises:
            NotFound: there is none.
            Conflict: one of its runs is running; cancel it first.
        """
        with self.writing() as connection:
            of_it = (runs.c.dataset_id == dataset_id) & (runs.c.status == Status.RUNNING)
            running = connection.scalars(select(runs.c.id).where(of_it)).all()
            if running:
                raise Conflict(f"Dataset {dataset_id} is in use by {', '.join(running)}. Cancel that first.")
            if not connection.execute(delete(datasets).where(datasets.c.id == dataset_id)).rowcount:
                raise NotFound(f"There is no dataset {dataset_id!r}. It may have been deleted already.")
            add_entry(connection, "delete dataset", entry)


def get_dataset(connection: Connection, ref: str) -> Dataset:
    """By id, by name (the newest version) or by ``name:version``."""
    found = _find(connection, datasets.c.id == ref) or _find(connection, datasets.c.name == ref)
    name, _, version = ref.rpartition(":")
    if found is None and version.isascii() and version.isdigit():
        found = _find(connection, (datasets.c.name == name) & (datasets.c.version == int(version[:9])))
    if found is None:
        names = connection.execute(select(datasets.c.name, datasets.c.id)).all()
        meant = did_you_mean(ref[:80], [each for row in names for each in row])
        raise NotFound(f"There is no dataset {ref[:80]!r}.{meant}", "Give its id, its name, or name:version.")
    return found


def _find(connection: Connection, condition: ColumnElement[bool]) -> Dataset | None:
    query = select(*_COLUMNS).where(condition).order_by(datasets.c.version.desc(), *_NEWEST_FIRST).limit(1)
    row = connection.execute(query).first()
    return None if row is None else _dataset(row)


def _dataset(row: Row) -> Dataset:
    data = dict(row._mapping)
    data["class_names"] = tuple(data["class_names"])
    data["notes"] = tuple(data["notes"])
    data["rejections"] = tuple(Rejection(**rejection) for rejection in data["rejections"])
    return Dataset(**data)


def _conflict(dataset: Dataset, message: str) -> str:
    if "photos" in message.partition("\n")[0]:  # PostgreSQL's second line has what was received
        return f"A photo is twice in dataset {dataset.name!r}. Import it again."
    return f"Dataset {dataset.name!r} version {dataset.version} ({dataset.id}) is already there. Import it again."
