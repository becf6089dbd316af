"""What a machine does now and then for the store of artifacts; it completes what a kill or an outage interrupted."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from core.artifacts.blobs import open_blobs
from core.artifacts.garbage import collect
from core.artifacts.parts import publish_missing
from core.files.here import backbone_name, dataset_name
from core.files.home import backbones_folder, datasets_folder, runs_folder
from core.registry import Registry
from core.settings import Settings

UPKEEP_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True)
class Upkeep:
    """What was done: artifacts published, blobs deleted from the store, copies of deleted ones removed here."""

    published: int = 0
    deleted: int = 0
    removed: int = 0


def keep_up(settings: Settings, registry: Registry, report: Callable[[str], None] = lambda name: None) -> Upkeep:
    """Publishes what is only here, deletes from the store what nothing needs, and here copies of what was deleted.

    With ``GRAFT_ARTIFACTS=home`` nothing is done.

    Raises:
        StoreAway, Unavailable, NoSpace: see ``Blobs``.
    """
    if not settings.artifacts:
        return Upkeep()
    removed = remove_copies(settings, registry)
    registry.forget_artifacts(ownerless(registry))
    published = publish_missing(settings, registry, report)
    return Upkeep(published=published, deleted=collect(registry, open_blobs(settings.artifacts)), removed=removed)


def ownerless(registry: Registry) -> list[str]:
    """Names of artifacts whose dataset, run or backbone was deleted: a kill came between the two."""
    names = [artifact.name for artifact in registry.artifacts()]
    datasets = {dataset.id: dataset.digest[:16] for dataset in registry.datasets()}
    known = {dataset_name(id_) for id_ in datasets}
    known |= {backbone_name(added.backbone.name) for added in registry.added_backbones()}
    known |= {f"features/{digest}" for digest in datasets.values()}
    known |= {f"runs/{run.id}" for run in registry.runs()} if any(name.startswith("runs/") for name in names) else set()
    return [name for name in names if "/".join(name.split("/")[:2]) not in known]


def remove_copies(settings: Settings, registry: Registry) -> int:
    """Removes from this machine the copies of what was deleted on another one; returns their number.

    Only what the log of the registry calls deleted: in an empty or a wrong registry nothing is known either.
    """
    copies = list(_copies(settings))
    deleted = registry.deleted() if copies else set()
    kept = {run.id for run in registry.runs()} | {dataset.id for dataset in registry.datasets()} if deleted else set()
    kept |= {added.backbone.name for added in registry.added_backbones()} if deleted else set()
    gone = [folder for folder in copies if folder.name in deleted - kept]
    for folder in gone:
        shutil.rmtree(folder, ignore_errors=True)
    return len(gone)


def _copies(settings: Settings) -> Iterator[Path]:
    """Folders of datasets and backbones that were published or fetched, and of all runs: a trainer may have been killed
    before it published anything. The name of a run is never given again; that of a backbone is."""
    for root in dict.fromkeys((settings.home, settings.cache or settings.home)):
        own = replace(settings, home=root)
        yield from runs_folder(own).glob("[!.]*")
        for kind in (datasets_folder, backbones_folder):
            for folder in kind(own).glob("[!.]*"):
                if any(folder.glob(".artifact-*")) or any(folder.glob("*/.artifact-*")):
                    yield folder
