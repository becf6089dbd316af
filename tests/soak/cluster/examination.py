"""What must hold on several machines once everything has come to rest; a sentence for what does not."""

import time
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from unittest.mock import patch

from sqlalchemy import select

from core.artifacts import fetching
from core.artifacts.blobs import Blobs, open_blobs
from core.artifacts.listing import decoded
from core.artifacts.publishing import PUBLICATION_SECONDS
from core.artifacts.upkeep import keep_up
from core.errors import GraftError
from core.files import leftovers
from core.files.here import checkpoints_name, model_here, predictions_here
from core.files.home import run_folder, run_folders
from core.jobs import node_upkeep
from core.registry import Registry
from core.registry.artifacts import PUBLICATION
from core.registry.schema import artifact_blobs, leases
from core.settings import Settings
from tests.soak.checks import datasets, models, recorded, working_files

PATIENCE = 60.0
"""Seconds in which the leases of killed processes have to lapse."""


def an_hour_later(registry: Registry, homes: Iterable[Settings]) -> int:
    """What Graft does after the leases of killed publications have lapsed and their drafts have become old.

    Returns:
        The number of drafts of killed processes that were deleted.
    """
    with registry.writing(least=None) as connection:
        ended = leases.c.expires_at - PUBLICATION_SECONDS
        connection.execute(leases.update().where(leases.c.name.startswith(PUBLICATION)).values(expires_at=ended))
    removed = 0
    with patch.object(leftovers, "DRAFT_SECONDS", -1.0), patch.object(node_upkeep, "EVERY_SECONDS", -1.0):
        for settings in homes:
            if settings.home == settings.cache:  # of trainers
                node_upkeep.keep_up_here(settings, registry)
            else:
                removed += len(leftovers.remove_drafts(settings.home))
    return removed


def problems(settings: Settings, registry: Registry, notes: list[dict], machines: Iterable[Settings]) -> list[str]:
    """Everything that is wrong.

    Args:
        settings: of the home where people work, which has the datasets. machines: homes and caches of all machines.
    """
    found = [*recorded(registry, notes), *datasets(settings, registry), *_leases(registry)]
    keep_up(settings, registry)
    found += [*_fetched(settings, registry), *models(settings, registry), *_store(settings, registry)]
    for one in machines:
        if one.home.exists():
            left = [*working_files(one), *_of_deleted_runs(one, registry)]
            found += [f"{one.home.parent.name}, {one.home.name}: {what}" for what in left]
    return found


def _of_deleted_runs(settings: Settings, registry: Registry) -> Iterator[str]:
    known = {run.id for run in registry.runs()}
    if left := sorted(folder.run_id for folder in run_folders(settings) if folder.run_id not in known):
        yield f"folders of {len(left)} deleted runs are left: {left[:3]}"


def _leases(registry: Registry) -> Iterator[str]:
    deadline = time.monotonic() + PATIENCE
    while (held := registry.held_leases()) and time.monotonic() < deadline:
        time.sleep(1.0)  # those of killed processes lapse
    if held:
        yield f"leases are held at rest: {[(lease.name, lease.holder) for lease in held]}"


def _fetched(settings: Settings, registry: Registry) -> Iterator[str]:
    """Brings models, predictions and checkpoints of all runs from the store into the home where they are examined."""
    for run in registry.runs():
        folder = run_folder(settings, run.id)
        try:
            model_here(settings, run.id)
            for split in ("validation", "test"):
                predictions_here(settings, run.id, split)
            fetching.fetch(settings, registry, checkpoints_name(run.id), folder.checkpoints)
        except GraftError as error:
            yield f"run {run.id} cannot be fetched: {error}"


def _store(settings: Settings, registry: Registry) -> Iterator[str]:
    """Every blob that the registry needs is there and whole; nothing else is."""
    blobs = open_blobs(settings.artifacts)
    with registry.reading() as connection:
        needed = set(connection.execute(select(artifact_blobs.c.digest)).scalars())
    for artifact in registry.artifacts():
        listed = {blob.digest for blob in decoded(b"".join(blobs.read(artifact.digest))).blobs}
        if not needed.issuperset({*listed, artifact.digest}):
            yield f"{artifact.name} needs blobs that the registry does not protect"
    damaged = [digest for digest in needed if not _is_whole(blobs, digest)]
    if damaged:
        yield f"{len(damaged)} of {len(needed)} blobs are missing or damaged in the store"
    if doomed := registry.doomed_blobs():
        yield f"{len(doomed)} blobs are still to be deleted"
    if unknown := names_in(blobs) - needed:
        yield f"{len(unknown)} blobs of the store belong to nothing: {sorted(unknown)[:3]}"


def _is_whole(blobs: Blobs, digest: str) -> bool:
    found = sha256()
    try:
        for part in blobs.read(digest):
            found.update(part)
    except FileNotFoundError:
        return False
    return found.hexdigest() == digest


def names_in(blobs: Blobs) -> set[str]:
    """Of all files in the store, drafts included; the product never lists it."""
    root = getattr(blobs, "root", None)
    if isinstance(root, Path):
        return {path.name for path in root.rglob("*") if path.is_file()}
    return {name.rpartition("/")[2] for name in blobs._files.find(blobs._root)}  # type: ignore[attr-defined]
