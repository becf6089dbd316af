"""The photos without a class of a dataset, for REST and MCP alike: adding them, listing them, and one as a picture."""

from pathlib import Path
from typing import Any

from core.advising.label_process import (
    QUESTION,
    answer_folders,
    cancel_labelling,
    dismiss_question,
    label_state,
    start_adding,
)
from core.api.label_verbs import NO_MODEL, next_labels
from core.api.verbs import Illustrated
from core.curation.decisions import decisions_on, standing
from core.datasets.decoding.photos import thumbnail
from core.datasets.names import quoted
from core.datasets.pool import pool_of, pool_path, pool_photos
from core.errors import Conflict, InvalidInput, NotFound
from core.files.here import dataset_here
from core.files.uploads import find_upload, remove_upload
from core.output.labelling import pool_json, pool_rows
from core.people.acting import acting
from core.workbench import Workbench

SIDE, MOST_SIDE = 224, 1024
"""Pixels of a square thumbnail, unless another number is asked for, and at most."""


def begin_adding(
    bench: Workbench,
    dataset: str,
    *,
    path: str | None = None,
    upload: str | None = None,
    flat: bool = False,
    model: str | None = None,
    own_source: bool = False,
) -> dict:
    """Start ``core label add`` in the background, which orders the photos afterwards.

    Args:
        path: archive or folder on the server. upload: of the acting person, which belongs to the job then. Without
            either, ``flat`` answers the question of the last addition.
        flat: the folders of the photos mean nothing. model: as of ``label_verbs.begin_order``.
        own_source: ``path`` is an archive that was sent, and is moved.

    Raises:
        Conflict: a job of this dataset runs, the upload has not arrived as a whole, or nothing was asked.
        NotFound: there is no such dataset, path or upload.
    """
    found = bench.registry.dataset(dataset)
    if path is None and upload is None:
        return _answer(bench, found.id, flat)
    run_id = _run(bench, found.id, model)
    options: dict[str, Any] = {"settings": bench.settings, "registry": bench.registry, "run_id": run_id, "flat": flat}
    if upload is None:
        start_adding(found.id, path or "", own_source=own_source, **options)
        return next_labels(bench, found.id, count=0)
    sent = find_upload(bench.settings, upload, acting().name)
    if not sent.complete:
        raise Conflict(f"{sent.received} of {sent.announced.size} bytes have arrived. Send the rest first.")
    start_adding(found.id, str(sent.content), own_source=True, **options)
    remove_upload(sent.folder)
    return next_labels(bench, found.id, count=0)


def _answer(bench: Workbench, dataset_id: str, flat: bool) -> dict:
    if not flat:
        raise InvalidInput("Send an archive, a path or an upload; or flat alone, which answers a question of folders.")
    if label_state(dataset_id, settings=bench.settings).state != QUESTION:
        raise Conflict("No addition of photos has a question to answer. Send an archive, a path or an upload.")
    answer_folders(dataset_id, settings=bench.settings)
    return next_labels(bench, dataset_id, count=0)


def _run(bench: Workbench, dataset_id: str, model: str | None) -> str:
    if model is None:
        return bench.model_to_label_with(dataset_id)
    return "" if model == NO_MODEL else bench.registry.run(model).id


def end_job(bench: Workbench, dataset: str) -> dict:
    """Stop adding or ordering photos, or discard an upload whose folders were asked about."""
    found = bench.registry.dataset(dataset)
    if label_state(found.id, settings=bench.settings).state == QUESTION:
        dismiss_question(found.id, settings=bench.settings)
    else:
        cancel_labelling(bench.settings, found.id)
    return next_labels(bench, found.id, count=0)


def list_pool(bench: Workbench, dataset: str, *, limit: int, offset: int) -> dict:
    """All photos without a class, in the order of their files, with what was decided on each."""
    found = bench.registry.dataset(dataset)
    decided = standing(decisions_on(found, bench.settings))
    rows = pool_rows(pool_of(dataset_here(bench.settings, found.id)), decided)
    return pool_json(found, bench.settings) | {"total": len(rows), "photos": rows[offset : offset + limit]}


def picture(bench: Workbench, dataset: str, digest: str, *, side: int = SIDE) -> bytes:
    """A square thumbnail (JPEG) of a photo of a dataset, or of its photos without a class.

    Raises:
        NotFound: there is no such photo, or its file is gone.
    """
    found = bench.registry.dataset(dataset)
    try:
        return thumbnail(_stored(bench, found.id, digest), side)
    except OSError:
        raise NotFound(f"The stored photo {digest[:80]!r} of {quoted(found.name)} cannot be read.") from None


def _stored(bench: Workbench, dataset_id: str, digest: str) -> Path:
    """Where a photo lies; only a digest that is known becomes a part of a path."""
    folder = dataset_here(bench.settings, dataset_id)
    if digest in pool_photos(folder):
        return pool_path(folder, digest)
    return folder.photo(bench.registry.photo(dataset_id, digest).digest)


def illustrated(bench: Workbench, dataset: str, digest: str) -> Illustrated:
    """``picture`` for MCP, as an image."""
    jpeg = picture(bench, dataset, digest)
    told = {"dataset": bench.registry.dataset(dataset).id, "digest": digest, "side": SIDE}
    return Illustrated(result=told, pictures=(jpeg,), media_type="image/jpeg")
