"""Additions of backbones in the background: one process and one folder (``AdditionFolder``) each, as imports are.

They do not end with the page. A second one waits for the first. The process imports TensorFlow.
"""

import json
import secrets
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import Any

from core.backbones.additions import AdditionProgress, AdditionRequest, Report
from core.errors import Cancelled, Conflict, GraftError
from core.files import atomic
from core.files.folders import AdditionFolder
from core.files.home import addition_folder, addition_folders
from core.files.locks import acquire, is_held
from core.jobs.additions import refuse_taken, run_addition
from core.jobs.background import UNFINISHED, dismiss_job, last_status, main, start_process, stop_job, why_it_ended
from core.jobs.quota import require_quota
from core.people.acting import Role, require
from core.registry import Registry
from core.settings import Settings

MODULE = "core.jobs.background_additions"


@dataclass(frozen=True, kw_only=True)
class Addition:
    """A background addition as a page shows it.

    Args:
        name, title, kind, source: of the request.
        state: ``waiting`` (for another addition), ``running``, ``done``, ``failed`` or ``cancelled``.
        progress: the last one reported, None before the first.
        message: what went wrong.
        started_at: seconds since 1970, UTC.
    """

    id: str
    name: str
    title: str
    kind: str
    source: str
    state: str
    progress: AdditionProgress | None = None
    message: str = ""
    started_at: float = 0.0


def start_addition(request: AdditionRequest, *, settings: Settings, registry: Registry) -> str:
    """Start the addition of a backbone in the background and return its id.

    Raises:
        Conflict: there is a backbone of this name, or it is being added.
        OverQuota: the person stores as much as each may.
    """
    person = require(Role.TRAINER, "Adding a backbone")
    if request.kind != "hub" and not request.own_source:
        require(Role.ADMIN, "Reading a file or folder of the server")
    require_quota(settings, registry, begun="added")
    refuse_taken(request.name, registry)
    for other in additions(settings):
        if other.name == request.name and other.state in UNFINISHED:
            raise Conflict(f"A backbone {request.name!r} is being added already. Choose another name, or wait.")
    addition_id = secrets.token_hex(4)
    folder = addition_folder(settings, addition_id)
    folder.path.mkdir(parents=True)
    # Locked before the request exists: an addition with a request and a free lock counts as killed.
    with acquire(folder.alive_lock) as alive:
        if request.own_source:
            shutil.move(request.source, folder.upload)
            request = replace(request, source=str(folder.upload))
        atomic.write_json(folder.request, request.to_json() | {"at": time.time(), "owner": person.name})
        start_process(MODULE, folder, settings, alive, {"TF_CPP_MIN_LOG_LEVEL": "2"})
    return addition_id


def additions(settings: Settings) -> list[Addition]:
    """All background additions that were not dismissed, newest first."""
    found = [_read(folder) for folder in addition_folders(settings)]
    return sorted(found, key=lambda addition: -addition.started_at)


def cancel_addition(settings: Settings, addition_id: str) -> None:
    """Make a background addition stop; nothing is added."""
    stop_job(addition_folder(settings, addition_id), "the addition")


def dismiss_addition(settings: Settings, addition_id: str) -> None:
    """Remove an addition that has ended from the list; one that has not is cancelled instead."""
    dismiss_job(addition_folder(settings, addition_id), "the addition")


def recover(settings: Settings) -> None:
    """Delete drafts and uploads of additions that were killed."""
    for folder in addition_folders(settings):
        if not is_held(folder.alive_lock):
            _tidy(folder)


def _tidy(folder: AdditionFolder) -> None:
    shutil.rmtree(folder.draft, ignore_errors=True)
    folder.upload.unlink(missing_ok=True)


def _read(folder: AdditionFolder) -> Addition:
    request = json.loads(folder.request.read_text())
    alive = is_held(folder.alive_lock)  # read first, so that the status of a killed addition is its last one
    status = last_status(folder)
    if status["state"] in UNFINISHED and not alive:
        status = {
            "state": "failed",
            "message": why_it_ended(folder, "addition", ", perhaps because the memory was full"),
        }
    progress = status.get("progress")
    return Addition(
        id=folder.job_id,
        **{name: request[name] for name in ("name", "title", "kind", "source")},
        state=status["state"],
        progress=AdditionProgress(**progress) if progress else None,
        message=status.get("message", ""),
        started_at=request["at"],
    )


# --- the background process ---


def _background(addition_id: str, settings: Settings, stopped: Callable[[], bool] = lambda: False) -> None:
    """What the background process does, until ``stopped`` returns True."""
    folder = addition_folder(settings, addition_id)
    content = json.loads(folder.request.read_text())
    content.pop("owner", None)
    del content["at"]
    request = AdditionRequest(**content)
    outcome = _outcome(folder, request, settings, lambda: stopped() or folder.cancel.exists())
    _tidy(folder)
    atomic.write_json(folder.status, outcome)


def _outcome(
    folder: AdditionFolder, request: AdditionRequest, settings: Settings, cancelled: Callable[[], bool]
) -> dict[str, Any]:
    """Add what was requested: the last status."""

    def waiting() -> None:
        _refuse_cancelled(cancelled)
        atomic.write_json(folder.status, {"state": "waiting"}, durable=False)

    try:
        registry = Registry.of(settings)
        report = _reporter(folder, cancelled)
        run_addition(request, folder, settings=settings, registry=registry, report=report, waiting=waiting)
        return {"state": "done"}
    except Cancelled as error:
        return {"state": "cancelled", "message": str(error)}
    except GraftError as error:
        return {"state": "failed", "message": str(error)}
    except OSError as error:
        return {"state": "failed", "message": f"The backbone could not be read or stored: {error.strerror or error}."}


def _refuse_cancelled(cancelled: Callable[[], bool]) -> None:
    if cancelled():
        raise Cancelled("The addition was cancelled; nothing was added.")


def _reporter(folder: AdditionFolder, cancelled: Callable[[], bool]) -> Report:
    """Writes the progress: every new stage, and within one a few times a second."""
    last: dict[str, Any] = {"at": 0.0, "stage": ""}

    def report(progress: AdditionProgress) -> None:
        _refuse_cancelled(cancelled)
        now = time.monotonic()
        if progress.stage != last["stage"] or now - last["at"] > 0.2:
            last.update(at=now, stage=progress.stage)
            with suppress(OSError):  # a full disk must not end the addition because of its progress bar
                status = {"state": "running", "progress": asdict(progress)}
                atomic.write_json(folder.status, status, durable=False)

    return report


if __name__ == "__main__":
    main(MODULE, _background)
