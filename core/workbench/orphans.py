"""What belongs to nothing in a home: folders without a row, rows without a folder, drafts of killed processes."""

import time
from pathlib import Path

from core.features.store import stored_features
from core.files.home import (
    dataset_folders,
    datasets_folder,
    features_folder,
    run_folder,
    run_folders,
    runs_folder,
)
from core.files.uploads import unused_uploads
from core.registry import Registry
from core.runs.values import Status
from core.settings import Settings
from core.text.units import amount

DRAFT_SECONDS = 3600.0
"""A draft of this age belongs to no process that still writes it."""


def orphans(settings: Settings, registry: Registry) -> dict[str, list[str]]:
    """Names of what belongs to nothing, by kind; a kind without any is left out."""
    found = {
        "run folders without a run": _run_folders(settings, registry),
        "runs without a folder": _runs(settings, registry),
        "dataset folders without a dataset": _dataset_folders(settings, registry),
        "datasets without a folder": _datasets(settings, registry),
        "stored features of deleted datasets": _features(settings, registry),
        "uploads that nothing uses": unused_uploads(settings),
        "drafts of killed processes": _drafts(settings),
    }
    return {kind: names for kind, names in found.items() if names}


def told(found: dict[str, list[str]]) -> str:
    """``run folders without a run: r-1, r-2``; of very many the first three."""
    parts = []
    for kind, names in found.items():
        more = f" and {amount(len(names) - 3)} more" if len(names) > 3 else ""
        parts.append(f"{kind}: {', '.join(names[:3])}{more}")
    return "; ".join(parts) or "none"


def _run_folders(settings: Settings, registry: Registry) -> list[str]:
    known = {run.id for run in registry.runs()}
    return [folder.run_id for folder in run_folders(settings) if folder.run_id not in known]


def _runs(settings: Settings, registry: Registry) -> list[str]:
    """Runs that were started and have no folder; one that waits or was cancelled before has none yet."""
    started = [run for run in registry.runs() if run.attempt > 0 or run.status is Status.FINISHED]
    lost = [run.id for run in started if not run_folder(settings, run.id).path.is_dir()]
    elsewhere = {one.name.split("/")[1] for one in registry.artifacts("runs/")} if settings.artifacts else set()
    return [run_id for run_id in lost if run_id not in elsewhere]


def _dataset_folders(settings: Settings, registry: Registry) -> list[str]:
    known = {dataset.id for dataset in registry.datasets()}
    return [folder.path.name for folder in dataset_folders(settings) if folder.path.name not in known]


def _datasets(settings: Settings, registry: Registry) -> list[str]:
    folders = {folder.path.name for folder in dataset_folders(settings)}
    elsewhere = {one.name for one in registry.artifacts("datasets/")} if settings.artifacts else set()
    lost = [dataset.id for dataset in registry.datasets() if dataset.id not in folders]
    return [id_ for id_ in lost if f"datasets/{id_}" not in elsewhere]


def _features(settings: Settings, registry: Registry) -> list[str]:
    known = {dataset.digest for dataset in registry.datasets()}
    return sorted({stored.key.name for stored in stored_features(settings) if stored.key.dataset not in known})


def _drafts(settings: Settings) -> list[str]:
    """Hidden files and folders that only a running process keeps (``core.files.atomic``, staging, features)."""
    folders = [settings.home, datasets_folder(settings), features_folder(settings), runs_folder(settings)]
    places = [*folders, *(folder.path for folder in run_folders(settings))]
    found = [path for place in places for pattern in _DRAFTS for path in place.glob(pattern)]
    return sorted(str(path.relative_to(settings.home)) for path in found if _is_old(path))


_DRAFTS = (".*.part", ".tmp-*", ".partial-*", ".evicted-*", ".deleted-*")


def _is_old(path: Path) -> bool:
    try:
        return time.time() - path.stat().st_mtime > DRAFT_SECONDS
    except OSError:
        return False
