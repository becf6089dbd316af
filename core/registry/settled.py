"""The state of everything about runs but the progress of those that run: what a plan rests on."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Text, cast, func, select

from core.registry.connection import Store
from core.registry.schema import artifacts, backbones, boards, preferences, runs
from core.runs.values import Status

_NEWEST_REVISION = (
    select(runs.c.revision)
    .where(runs.c.dataset_id == boards.c.dataset_id, runs.c.status != Status.RUNNING)
    .order_by(runs.c.revision.desc())
    .limit(1)
    .scalar_subquery()
)
_DATASETS = select(boards.c.dataset_id, boards.c.deletions, _NEWEST_REVISION).order_by(boards.c.dataset_id)
_RUNNING = select(runs.c.id, runs.c.attempt, runs.c.name).where(runs.c.status == Status.RUNNING).order_by(runs.c.id)
_ADDED = select(backbones.c.name, backbones.c.added_at).order_by(backbones.c.name)
_PREFERENCES = select(preferences.c.name, cast(preferences.c.value, Text)).order_by(preferences.c.name)
_OF_RUNS = (artifacts.c.name > "runs/") & (artifacts.c.name < "runs0")
_PUBLISHED = select(func.count(), func.max(artifacts.c.created_at)).where(_OF_RUNS)


@dataclass(frozen=True)
class SettledState:
    """Equal while nothing was written in between but epochs, costs and signs of life of running runs.

    Every write about a run gives it a revision that no other run of its dataset has had (``revisions``), so the newest
    one of those that do not run tells whether any of them changed. Of those that run, what counts is that they do.

    Args:
        datasets: id, deletions of runs, and newest revision of the runs that do not run. running: id, attempt and name.
        backbones: name and time of those that were added. preferences: name and JSON. published: number of artifacts of
            runs in the store, and time of the last.
    """

    datasets: tuple[tuple[Any, ...], ...]
    running: tuple[tuple[Any, ...], ...]
    backbones: tuple[tuple[Any, ...], ...]
    preferences: tuple[tuple[Any, ...], ...]
    published: tuple[tuple[Any, ...], ...]


class Settled(Store):
    """Whether anything but the progress of running runs was written."""

    def settled_state(self) -> SettledState:
        """To be compared with another one of the same registry."""
        with self.reading() as connection:
            parts = (_DATASETS, _RUNNING, _ADDED, _PREFERENCES, _PUBLISHED)
            return SettledState(*(tuple(map(tuple, connection.execute(part))) for part in parts))
