"""Imports in the background: one process and one folder (``ImportFolder``) each; they do not end with the page.

An import that can be read in several ways ends with a question. It stays until an answer has led to a dataset or the
import is discarded, also when an import after an answer fails, is cancelled or killed. An upload lies in the import's
folder, so it is kept as long as the question and goes with the folder.
"""

import json
import secrets
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from core.datasets import ImportProgress
from core.datasets.archives.unpacking import unpacked
from core.datasets.layout import Ambiguous
from core.datasets.layouts.layout_summary import LayoutSummary, summarise, with_samples
from core.datasets.names import dataset_name
from core.datasets.values import Dataset, Rejection
from core.errors import Cancelled, GraftError, NoSpace, NotFound, Unavailable
from core.files import atomic
from core.files.folders import ImportFolder
from core.files.home import import_folder, import_folders
from core.files.locks import acquire, is_held, try_acquire
from core.jobs.background import (
    dismiss_job,
    last_status,
    main,
    require_owner,
    require_source,
    start_process,
    stop_job,
    why_it_ended,
)
from core.jobs.imports import bytes_of_source, known_message, run_import, source_path
from core.jobs.quota import require_quota
from core.registry import Registry
from core.settings import Settings

MODULE = "core.jobs.background_imports"

REJECTIONS_KEPT = 200
"""Skipped files of a known upload that are listed on the page."""


@dataclass(frozen=True, kw_only=True)
class ImportQuestion:
    """What a background import asks.

    Args:
        text: why the user has to choose.
        layouts: the ways to read the upload, the most plausible first.
        encoding: of the names in the archive, as it was asked for; None where it was found out.
        is_upload: whether the photos are a copy of Graft's own, which is deleted when the question is discarded.
    """

    text: str
    layouts: tuple[LayoutSummary, ...]
    encoding: str | None = None
    is_upload: bool = True


@dataclass(frozen=True, kw_only=True)
class KnownUpload:
    """An upload that brought no new photos: the notes on how it was read, and its skipped files.

    Args:
        skipped: how many files were skipped. rejections: the first ``REJECTIONS_KEPT`` of them.
    """

    notes: tuple[str, ...]
    skipped: int
    rejections: tuple[Rejection, ...]

    @classmethod
    def of(cls, upload: Dataset) -> "KnownUpload":
        refused = upload.rejections
        return cls(notes=upload.notes, skipped=len(refused), rejections=refused[:REJECTIONS_KEPT])

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> "KnownUpload":
        """Reverse of ``asdict``."""
        rejections = tuple(Rejection(**one) for one in content["rejections"])
        return cls(notes=tuple(content["notes"]), skipped=content["skipped"], rejections=rejections)


@dataclass(frozen=True, kw_only=True)
class ImportJob:
    """A background import as a page shows it.

    Args:
        title: the dataset's name, or the file's.
        state: ``running``, ``question`` (the user has to choose how the upload is read), ``done``, ``failed`` or
            ``cancelled``.
        progress: the last one reported, None before the first.
        dataset_id: of the imported dataset, None until it is done.
        message: what went wrong, or that the same photos had been imported before.
        question: None unless the state is ``question``; then ``message`` is what came of the last answer.
        known: what is told of an upload whose photos had been imported before; None of every other import.
    """

    id: str
    title: str
    state: str
    progress: ImportProgress | None = None
    dataset_id: str | None = None
    message: str = ""
    question: ImportQuestion | None = None
    started_at: float = 0.0
    known: KnownUpload | None = None


def start_import(
    source: str | Path,
    *,
    settings: Settings,
    name: str | None = None,
    seed: int = 0,
    layout: str | None = None,
    encoding: str | None = None,
    own_source: bool = False,
) -> str:
    """Start a background import and return its id.

    Args:
        seed, layout, encoding: as ``run_import`` takes them.
        own_source: the source is an upload: it is moved into the import's folder, and deleted when the import ends
            without a question.

    Raises:
        OverQuota: the acting person stores as much as each may. An upload counts since it was announced.
    """
    person = require_source(source, own_source)
    require_quota(settings, adds=1 if own_source else bytes_of_source(source), begun="imported")
    title = dataset_name(name, source_path(source))
    job_id = secrets.token_hex(4)
    folder = import_folder(settings, job_id)
    folder.path.mkdir(parents=True)
    # Locked before the request exists: an import with a request and a free lock counts as killed.
    with acquire(folder.alive_lock) as alive:
        moved = own_source and Path(source).exists()
        request = {
            "source": str(folder.upload if moved else source),
            "name": title if moved else name,
            "seed": seed,
            "layout": layout,
            "encoding": encoding,
            "own_source": own_source,
            "title": title,
            "at": time.time(),
            "owner": person.name,
        }
        atomic.write_json(folder.request, request)
        if moved:
            shutil.move(source, folder.upload)
        start_process(MODULE, folder, settings, alive)
    return job_id


def answer_import(settings: Settings, job_id: str, *, layout: str | None = None, encoding: str | None = None) -> None:
    """Continue an import that has asked how the upload is read.

    An import that was answered or is done in the meantime (in another tab) is left alone.

    Args:
        layout: id of the chosen ``Layout``; None to read the upload again, with another ``encoding``.
        encoding: of the names in the archive; None to find it out.

    Raises:
        NotFound: it was discarded.
    """
    folder = import_folder(settings, job_id)
    if not folder.request.exists():
        raise NotFound("This import is no longer there: it was discarded. Upload the photos again.")
    require_owner(folder, "the import")
    alive = try_acquire(folder.alive_lock)
    if alive is None:
        return
    with alive:
        if not _asks(folder):
            return
        request = json.loads(folder.request.read_text())
        atomic.write_json(folder.request, request | {"layout": layout, "encoding": encoding})
        folder.cancel.unlink(missing_ok=True)
        atomic.write_json(folder.status, {"state": "running"})
        start_process(MODULE, folder, settings, alive)


def import_jobs(settings: Settings) -> list[ImportJob]:
    """All background imports that were not dismissed, newest first."""
    jobs = [_read_job(folder) for folder in import_folders(settings)]
    return sorted(jobs, key=lambda job: -job.started_at)


def sample_path(settings: Settings, job_id: str, name: str) -> Path:
    """The JPEG of one of a question's sample photos."""
    return import_folder(settings, job_id).samples / name


def cancel_import(settings: Settings, job_id: str) -> None:
    """Make a background import stop; nothing is added."""
    stop_job(import_folder(settings, job_id), "the import")


def dismiss_import(settings: Settings, job_id: str) -> None:
    """Remove an import that has ended from the list; an upload whose question was not answered is deleted with it.

    One that runs (answered in another tab) is cancelled instead.
    """
    dismiss_job(import_folder(settings, job_id), "the import")


def recover(settings: Settings) -> None:
    """Delete the uploads of imports that were killed. Those of a question are kept until it is answered."""
    for folder in import_folders(settings):
        if not is_held(folder.alive_lock) and not _asks(folder):
            _delete_upload(json.loads(folder.request.read_text()))


def _read_job(folder: ImportFolder) -> ImportJob:
    request = json.loads(folder.request.read_text())
    alive = is_held(folder.alive_lock)  # read first, so that the status of a killed import is its last one
    status = last_status(folder)
    if status["state"] == "running" and not alive:
        status = {"state": "failed", "message": why_it_ended(folder, "import")}
    question = None
    if alive and status["state"] == "question":  # its process is about to end
        status["state"] = "running"
    elif not alive and _asks(folder):
        question = _read_question(folder)
        status["state"] = "question"
    progress = status.get("progress")
    return ImportJob(
        id=folder.job_id,
        title=request["title"],
        started_at=request["at"],
        state=status["state"],
        progress=ImportProgress(**progress) if progress else None,
        dataset_id=status.get("dataset_id"),
        message=status.get("message", ""),
        question=question,
        known=KnownUpload.from_json(status["known"]) if status.get("known") else None,
    )


def _asks(folder: ImportFolder) -> bool:
    """Whether an import that does not run has a question that led to no dataset yet."""
    return folder.question.exists() and last_status(folder)["state"] != "done"


def _read_question(folder: ImportFolder) -> ImportQuestion:
    content = json.loads(folder.question.read_text())
    return ImportQuestion(
        text=content["text"],
        layouts=tuple(map(LayoutSummary.from_json, content["layouts"])),
        encoding=content["encoding"],
        is_upload=json.loads(folder.request.read_text())["own_source"],
    )


# --- the background process ---


def _background(job_id: str, settings: Settings, stopped: Callable[[], bool] = lambda: False) -> None:
    """What the background process does, until ``stopped`` returns True."""
    folder = import_folder(settings, job_id)
    request = json.loads(folder.request.read_text())
    outcome = _outcome(folder, request, settings, lambda: stopped() or folder.cancel.exists())
    atomic.write_json(folder.status, outcome)
    if not _asks(folder):
        _delete_upload(request)
        shutil.rmtree(folder.samples, ignore_errors=True)


def _outcome(
    folder: ImportFolder, request: dict[str, Any], settings: Settings, cancelled: Callable[[], bool]
) -> dict[str, Any]:
    """Import what was requested: the last status."""
    try:
        dataset, known_upload = run_import(
            request["source"],
            settings=settings,
            registry=Registry.of(settings),
            name=request["name"],
            seed=request.get("seed", 0),
            layout=request.get("layout"),
            encoding=request.get("encoding"),
            progress=_reporter(folder),
            cancelled=cancelled,
        )
        done = {"state": "done", "dataset_id": dataset.id}
        if known_upload is None:
            return done
        known = asdict(KnownUpload.of(known_upload))
        return done | {"message": known_message(dataset, request["name"]), "known": known}
    except Ambiguous as question:
        return _ask(folder, question, request, settings, cancelled)
    except Cancelled as error:
        return {"state": "cancelled", "message": str(error)}
    except GraftError as error:
        return {"state": "failed", "message": str(error)}
    except OSError as error:
        return {"state": "failed", "message": f"The photos could not be read or stored: {error.strerror}."}


def _ask(
    folder: ImportFolder,
    question: Ambiguous,
    request: dict[str, Any],
    settings: Settings,
    cancelled: Callable[[], bool],
) -> dict[str, Any]:
    """Write what is asked, without photos where none can be decoded now; returns the last status."""
    layouts = tuple(map(summarise, question.layouts))
    shutil.rmtree(folder.samples, ignore_errors=True)
    with suppress(NoSpace, Unavailable, OSError):
        folder.samples.mkdir()
        with unpacked(source_path(request["source"]), settings) as plain:
            layouts = with_samples(question.layouts, plain, folder.samples, cancelled=cancelled)
    if cancelled():
        return {"state": "cancelled", "message": "The import was cancelled; nothing was added."}
    asked = {"text": str(question), "layouts": [asdict(layout) for layout in layouts]}
    atomic.write_json(folder.question, asked | {"encoding": request.get("encoding")})
    return {"state": "question"}


def _reporter(folder: ImportFolder) -> Callable[[ImportProgress], None]:
    """Writes the progress, a few times a second."""
    last = {"at": 0.0}

    def report(progress: ImportProgress) -> None:
        if time.monotonic() - last["at"] > 0.2:
            last["at"] = time.monotonic()
            with suppress(OSError):  # a full disk must not end the import because of its progress bar
                status = {"state": "running", "progress": asdict(progress)}
                atomic.write_json(folder.status, status, durable=False)

    return report


def _delete_upload(request: dict[str, Any]) -> None:
    if request["own_source"]:
        Path(request["source"]).unlink(missing_ok=True)


if __name__ == "__main__":
    main(MODULE, _background)
