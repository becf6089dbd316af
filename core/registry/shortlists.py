"""Shortlists of datasets: what was asked, and what was answered before anything was trained."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select

from core.errors import NotFound
from core.people.acting import acting
from core.registry.connection import Store
from core.registry.schema import columns_of, datasets, shortlists


@dataclass(frozen=True, kw_only=True)
class StoredShortlist:
    """One shortlist as JSON values.

    Args:
        question: what was asked (``core.advising.values.ShortlistQuestion``). answer: its candidates with their scores.
        seconds: it took. who: asked, ``Person.label``. created_at: seconds since 1970, UTC.
    """

    number: int
    dataset_id: str
    question: Mapping[str, Any]
    answer: Mapping[str, Any]
    seconds: float
    who: str
    created_at: float


class Shortlists(Store):
    """The table of shortlists. They stay as they were answered, so that they can be compared with what was trained."""

    def add_shortlist(
        self, dataset_id: str, question: Mapping[str, Any], answer: Mapping[str, Any], seconds: float
    ) -> int:
        """Keeps an answer; returns its number.

        Raises:
            NotFound: the dataset was deleted meanwhile.
        """
        with self.writing() as connection:
            if connection.scalar(select(datasets.c.number).where(datasets.c.id == dataset_id)) is None:
                raise NotFound(f"There is no dataset {dataset_id!r}.")
            values = {
                "dataset_id": dataset_id,
                "question": dict(question),
                "answer": dict(answer),
                "seconds": seconds,
                "who": acting().label,
                "created_at": time.time(),
            }
            query = insert(shortlists).values(values).returning(shortlists.c.number)
            return int(connection.execute(query).scalar_one())

    def shortlists(self, dataset_id: str, limit: int = 20) -> list[StoredShortlist]:
        """Those of a dataset, the newest first."""
        query = select(*columns_of(shortlists, StoredShortlist)).where(shortlists.c.dataset_id == dataset_id)
        return self.values(query.order_by(shortlists.c.number.desc()).limit(limit), StoredShortlist)
