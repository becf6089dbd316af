"""A new registry in a home that has lost its own: datasets are registered again, folders of runs are put aside."""

import time
from dataclasses import dataclass
from pathlib import Path

from core import jobs
from core.errors import Conflict
from core.files.home import import_lock, run_folders, runs_folder
from core.files.locks import acquire, is_held
from core.jobs import imports
from core.registry import Registry
from core.registry.registry import database_of
from core.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Rebuilt:
    """What a new registry began with.

    Args:
        datasets: how many were registered again.
        aside: the folder that now holds the folders of runs; None when there were none. runs: how many.
    """

    datasets: int
    runs: int
    aside: Path | None


def rebuild(settings: Settings) -> Rebuilt:
    """Begin a new registry. Nothing is deleted; runs cannot be registered again, because only the registry knew them.

    Raises:
        Conflict: there is a registry, or something of this home runs.
    """
    database = database_of(settings)
    if database.has_registry():
        raise Conflict(
            f"There is a registry, {database.address}. Move it away first if it is to be replaced by a new one."
        )
    if jobs.supervisor_status(settings).running or any(is_held(folder.alive_lock) for folder in run_folders(settings)):
        raise Conflict("Runs are being trained in this home. Stop them first: python -m core stop --now")
    with acquire(import_lock(settings)):
        aside, runs = _put_runs_aside(settings)
        registry = Registry.of(settings, anew=True)
    imports.recover(settings, registry)
    return Rebuilt(datasets=len(registry.datasets()), runs=runs, aside=aside)


def _put_runs_aside(settings: Settings) -> tuple[Path | None, int]:
    runs = len(run_folders(settings))
    if not runs:
        return None, 0
    aside = runs_folder(settings).with_name(f"runs.lost-{time.strftime('%Y%m%d-%H%M%S')}")
    runs_folder(settings).rename(aside)
    runs_folder(settings).mkdir()
    return aside, runs
