"""How large the folders of runs and the photos that were added to datasets are, recorded in the registry
(``core.registry.stored_sizes``) when that changes.

Whoever deletes weights, evicts checkpoints or exports a model measures the run then. Runs that have ended are measured
by the supervisor's upkeep, within about a minute; so are those from before sizes were recorded. What was trained on
another machine and is not here is as large as what was published of it.
"""

from collections.abc import Iterable

from core.datasets.pool import pool_of
from core.files.folders import DatasetFolder
from core.files.home import run_folder
from core.files.sizes import size_of
from core.registry import Registry
from core.settings import Settings

BATCH = 200
"""Runs that are measured in one go."""


def measure_runs(settings: Settings, registry: Registry, run_ids: Iterable[str]) -> None:
    """Measures these runs and records their sizes: the bytes that are free once a run is deleted."""
    registry.record_sizes({run_id: _measured(settings, registry, run_id) for run_id in run_ids})


def measure_ended(settings: Settings, registry: Registry) -> int:
    """Measures the runs that have ended since they were measured; returns how many."""
    number = 0
    before: list[str] = []
    while (waiting := registry.unmeasured_runs(BATCH)) and waiting != before:  # the same: a clock of another machine
        measure_runs(settings, registry, waiting)
        number, before = number + len(waiting), waiting
    return number


def measure_pool(registry: Registry, folder: DatasetFolder) -> None:
    """Records how large the photos are that were added to a dataset without a class. Those of its import are part of
    the size of the dataset.

    Raises:
        NotFound: there is no such dataset on this disk.
    """
    added = [part for part in pool_of(folder) if part.folder != folder.unlabelled]
    registry.record_pool_size(folder.path.name, sum(photo.stored_bytes for part in added for photo in part.photos))


def _measured(settings: Settings, registry: Registry, run_id: str) -> int:
    here = size_of(run_folder(settings, run_id).path)
    if not settings.artifacts:
        return here
    return max(here, sum(one.size_bytes for one in registry.artifacts(f"runs/{run_id}/")))
