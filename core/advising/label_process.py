"""Adding photos without a class and ordering them, in the background: one process for a dataset at a time.

A job ends with a question where the folders of an upload may be classes. The upload stays until it is answered.
"""

import json
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from core.advising.label_values import LABEL_METHOD, LabelOrder
from core.curation.labelled import check_can_add
from core.datasets.pool import FoldersAsked
from core.errors import Cancelled, Conflict
from core.files import atomic
from core.files.folders import JobFolder
from core.files.here import dataset_here
from core.files.home import check_lock, label_job
from core.files.locks import acquire, is_held
from core.jobs.background import (
    UNFINISHED,
    JobState,
    ask_to_stop,
    main,
    require_source,
    start_unless_alive,
    status_after,
    status_of,
)
from core.jobs.imports import bytes_of_source
from core.jobs.quota import require_quota
from core.people.acting import Role, require
from core.registry import Registry
from core.settings import Settings
from core.text.units import count

MODULE = "core.advising.label_process"

QUESTION = "question"


def start_ordering(dataset_id: str, *, settings: Settings, registry: Registry, run_id: str = "") -> None:
    """Order the photos without a class in the background; a job that runs is left alone.

    Raises:
        NotFound: there is no such dataset. Forbidden: the acting person is no trainer.
    """
    require(Role.TRAINER, "Ordering photos to label")
    registry.dataset(dataset_id)
    dataset_here(settings, dataset_id)  # fetched first: the job's folder lies inside
    folder = label_job(settings, dataset_id)
    if not is_held(folder.alive_lock):
        folder.upload.unlink(missing_ok=True)
    start_unless_alive(MODULE, folder, {"dataset": dataset_id, "run": run_id}, settings)


def start_adding(
    dataset_id: str,
    source: str | Path,
    *,
    settings: Settings,
    registry: Registry,
    run_id: str = "",
    flat: bool = False,
    own_source: bool = False,
) -> None:
    """Add the photos of a folder or an archive in the background, and order them.

    Args:
        run_id: as of ``make_order``. flat: the folders of the photos mean nothing.
        own_source: it is an upload, which is moved and deleted when the job ends.

    Raises:
        Conflict: a job of this dataset runs. OverQuota: the owner of the dataset stores as much as each may.
        NotFound, InvalidInput, Forbidden: as of ``add_photos``.
    """
    require_source(source, own_source)
    dataset = registry.dataset(dataset_id)
    check_can_add(dataset, settings)
    folder = label_job(settings, dataset_id)
    if is_held(folder.alive_lock):
        raise Conflict("Photos are being added or ordered right now. Wait until that is done.")
    adds = 1 if own_source else bytes_of_source(source)
    require_quota(settings, registry, owner=dataset.owner, adds=adds, begun="added")
    folder.path.mkdir(parents=True, exist_ok=True)
    folder.upload.unlink(missing_ok=True)
    if own_source:
        shutil.move(source, folder.upload)
    request: dict[str, Any] = {"dataset": dataset_id, "run": run_id}
    request |= {"source": str(folder.upload if own_source else source)} | ({"flat": True} if flat else {})
    start_unless_alive(MODULE, folder, request, settings)


def answer_folders(dataset_id: str, *, settings: Settings) -> None:
    """Add the photos after all: the folders that were asked about mean nothing. A job without a question is left alone.

    Raises:
        Forbidden: the acting person is no trainer.
    """
    require(Role.TRAINER, "Adding photos")
    folder = label_job(settings, dataset_id)
    if label_state(dataset_id, settings=settings).state == QUESTION:
        request = json.loads(folder.request.read_text())
        start_unless_alive(MODULE, folder, request | {"flat": True}, settings)


def dismiss_question(dataset_id: str, *, settings: Settings) -> None:
    """Discard an upload whose folders were asked about.

    Raises:
        Forbidden: the acting person is no trainer.
    """
    require(Role.TRAINER, "Adding photos")
    if label_state(dataset_id, settings=settings).state == QUESTION:
        shutil.rmtree(label_job(settings, dataset_id).path, ignore_errors=True)


def cancel_labelling(settings: Settings, dataset_id: str) -> None:
    """Make the job stop; photos that were added and features that were computed stay."""
    require(Role.TRAINER, "Stopping this")
    ask_to_stop(label_job(settings, dataset_id))


def label_state(dataset_id: str, *, settings: Settings) -> JobState:
    """How far the job is, or how the last one ended."""
    folder = label_job(settings, dataset_id)
    alive = is_held(folder.alive_lock)
    status = status_of(folder, "job", left="photos that were added are kept")
    if alive and status["state"] not in ("none", *UNFINISHED):  # its process is about to end
        return JobState(state="running")
    if status["state"] == "ready" and not dataset_here(settings, dataset_id).label_order(LABEL_METHOD).exists():
        return JobState(state="none")
    return JobState(**status)


def read_order(dataset_id: str, settings: Settings) -> LabelOrder | None:
    """The order that was made last, by the method of this version; None where there is none."""
    with suppress(OSError, ValueError, KeyError, TypeError):  # never made, or damaged by a power cut
        return LabelOrder.from_json(
            json.loads(dataset_here(settings, dataset_id).label_order(LABEL_METHOD).read_text())
        )
    return None


# --- the background process ---


def _background(dataset_id: str, settings: Settings, stopped: Callable[[], bool] = lambda: False) -> None:
    """What the background process does, until ``stopped`` returns True."""
    folder = label_job(settings, dataset_id)
    request = json.loads(folder.request.read_text())
    outcome = _outcome(request, folder, settings, lambda: stopped() or folder.cancel.exists())
    with suppress(OSError):  # the dataset, and the folder with it, may have been deleted
        if outcome["state"] != QUESTION:
            folder.upload.unlink(missing_ok=True)
        atomic.write_json(folder.status, outcome)


def _outcome(
    request: dict[str, Any], folder: JobFolder, settings: Settings, cancelled: Callable[[], bool]
) -> dict[str, str]:
    """Add and order what was requested: the last status."""
    from core.advising.labelling import add_photos, make_order  # with scikit-learn; the web process needs none of it

    told: list[str] = []
    asked: list[str] = []

    def report(stage: str, done: int, total: int) -> None:
        if cancelled():
            raise Cancelled("It was cancelled.")
        with suppress(OSError):
            status = {"state": "running", "stage": stage, "done": done, "total": total}
            atomic.write_json(folder.status, status, durable=False)

    def work() -> None:
        registry = Registry.of(settings)
        dataset = registry.dataset(request["dataset"])
        if request.get("source"):
            flat = bool(request.get("flat"))
            source = Path(request["source"]).expanduser()
            try:
                part = add_photos(dataset, source, registry=registry, settings=settings, report=report, flat=flat)
            except FoldersAsked as question:
                asked.append(str(question))
                return
            told.append(added_sentence(len(part.photos), len(part.rejections)))
        with acquire(check_lock(settings), waiting=lambda: report("Waiting for a check", 0, 0)):
            make_order(dataset, registry=registry, settings=settings, report=report, run_id=request.get("run", ""))

    outcome = status_after(work)
    if asked:
        return {"state": QUESTION, "message": asked[0]}
    return outcome | {"message": " ".join([*told, *filter(None, [outcome.get("message")])])}


def added_sentence(photos: int, left_out: int) -> str:
    """``12 photos were added, 3 files were left out.``"""
    were = "was" if photos == 1 else "were"
    without = f", {count(left_out, 'file')} {'was' if left_out == 1 else 'were'} left out" if left_out else ""
    return f"{count(photos, 'photo')} {were} added{without}."


if __name__ == "__main__":
    main(MODULE, _background)
