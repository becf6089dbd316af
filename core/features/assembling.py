"""One array of features from its shards, which are fetched where other machines computed them."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from core.artifacts.fetching import Altered, fetch, fetch_lock
from core.artifacts.garbage import forget
from core.features.reusing import PHOTOS
from core.features.shards import ShardSet, name_of
from core.features.store import folder_of, is_stored, make_room, shards_folder
from core.files import atomic
from core.files.locks import acquire
from core.registry import Registry
from core.runs.costs import Spent
from core.settings import Settings

FIRST, OF = "first_row", "of_rows"
"""What the ``meta.json`` of a shard says beside that of an array."""


class _Missing(Exception):
    """A shard is neither here nor in the store."""


def assemble(shards: ShardSet, settings: Settings, registry: Registry, check: Callable[[], None]) -> bool:
    """Stores the array of all shards, the same file that one machine writes; it costs what the shards cost together.

    A shard whose copy in the store is damaged is forgotten, so that it is computed again.

    Args:
        check: called between blobs and while another process does the same; it may raise to stop.

    Returns:
        False when a shard is missing; those that are here stay.

    Raises:
        StoreAway, Unavailable: see ``Blobs``. NoSpace: the disk cannot hold the array.
    """
    key = shards.key
    with acquire(fetch_lock(settings, name_of(key)), waiting=check):
        if is_stored(key, settings):
            return True
        try:
            with atomic.replacing_folder(folder_of(key, settings)) as draft:
                _fill(draft, shards, settings, registry, check)
        except _Missing:
            return False
        shutil.rmtree(shards_folder(key, settings), ignore_errors=True)
    return True


def _fill(draft: Path, shards: ShardSet, settings: Settings, registry: Registry, check: Callable[[], None]) -> None:
    array: np.memmap | None = None
    photos, cost, meta = [], Spent(), dict[str, Any]()
    for number in range(shards.count):
        folder, is_published = _bring(shards, number, settings, registry, check)
        meta = json.loads((folder / "meta.json").read_text())
        rows = np.load(folder / "features.npy", mmap_mode="r")
        if array is None:
            shape = (meta[OF], *rows.shape[1:])
            make_room(settings, rows.dtype.itemsize * int(np.prod(shape)))
            array = np.lib.format.open_memmap(draft / "features.npy", mode="w+", dtype=rows.dtype, shape=shape)
        array[meta[FIRST] : meta[FIRST] + len(rows)] = rows
        photos.append(_photos(folder))
        cost += Spent(**meta["cost"])
        if is_published:  # it can be fetched again
            shutil.rmtree(folder)
    assert array is not None
    array.flush()
    if all(len(one) for one in photos):  # else it is written when they are read
        np.save(draft / PHOTOS, np.concatenate(photos))
    for name in (FIRST, OF):
        del meta[name]
    (draft / "meta.json").write_text(json.dumps(meta | {"shape": array.shape, "cost": vars(cost)}))


def _photos(folder: Path) -> np.ndarray:
    """Whose rows a shard has; empty where the disk had no room for it."""
    try:
        return np.asarray(np.load(folder / PHOTOS))
    except (OSError, ValueError):
        return np.empty((0, 32), np.uint8)


def _bring(
    shards: ShardSet, number: int, settings: Settings, registry: Registry, check: Callable[[], None]
) -> tuple[Path, bool]:
    """The folder of a shard, and whether it is in the store too. What was published counts, so that all machines know
    the same cost."""
    folder, name = shards.folder(number, settings), shards.artifact(number)
    try:
        is_published = fetch(settings, registry, name, folder, check=check, alone=True)
    except Altered as error:
        print(f"{error} Its rows are computed again.", flush=True)
        forget(settings, registry, [name])
        is_published = False
    if not (folder / "meta.json").exists():
        raise _Missing
    return folder, is_published
