"""Tables of predictions in the background: one process and one folder (``TableFolder``) each, as imports are.

They do not end with the page; a second one waits for the first. What was predicted stays, also where a table is
cancelled or killed, until it is dismissed.
"""

import json
import secrets
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from core.errors import Cancelled, GraftError, InvalidInput
from core.files import atomic
from core.files.folders import TableFolder
from core.files.home import table_folder, table_folders, table_lock
from core.files.locks import acquire, is_held
from core.jobs.background import (
    UNFINISHED,
    dismiss_job,
    last_status,
    main,
    require_source,
    start_process,
    stop_job,
    why_it_ended,
)
from core.jobs.tables import TableProgress, read_table, write_table
from core.models.conformal import CONFIDENCE, checked_confidence
from core.models.doubts import Doubts
from core.models.predict import PhotoPredictions
from core.registry import Registry
from core.settings import Settings

MODULE = "core.jobs.background_tables"


@dataclass(frozen=True, kw_only=True)
class TableJob:
    """A table of predictions as a page shows it.

    Args:
        title: name of the upload or folder. run_ids: of the models. confidence: of the prediction sets.
        state: ``waiting`` (for another table), ``running``, ``done``, ``failed`` or ``cancelled``.
        progress: the last one reported. message: what went wrong.
        started_at: seconds since 1970, UTC.
    """

    id: str
    title: str
    run_ids: tuple[str, ...]
    confidence: float
    state: str
    progress: TableProgress
    message: str = ""
    started_at: float = 0.0


def start_table(
    source: str | Path,
    references: Sequence[str],
    *,
    settings: Settings,
    registry: Registry,
    title: str = "",
    top: int = 5,
    confidence: float = CONFIDENCE,
    own_source: bool = False,
) -> str:
    """Start a table of predictions in the background and return its id.

    Args:
        source: a folder, ZIP or TAR archive. references: the models, as for ``Workbench.predict``.
        top: classes per photo. confidence: of the prediction sets.
        own_source: the source is an upload: it is moved into the table's folder and deleted when the table has ended.

    Raises:
        InvalidInput: there is nothing at ``source``, or the confidence is none. NotFound: there is no such model.
    """
    person = require_source(source, own_source)
    checked_confidence(confidence)
    path = Path(source).expanduser()
    if not str(source).strip() or not path.exists():
        raise InvalidInput(f"There is no file or folder {str(source)!r} on the machine Graft runs on.")
    run_ids = [registry.model(reference).run_id for reference in references]
    table_id = secrets.token_hex(4)
    folder = table_folder(settings, table_id)
    folder.path.mkdir(parents=True)
    # Locked before the request exists: a table with a request and a free lock counts as killed.
    with acquire(folder.alive_lock) as alive:
        if own_source:
            shutil.move(path, folder.upload)
        request = {
            "source": str(folder.upload if own_source else path.absolute()),
            "title": title or path.name,
            "run_ids": run_ids,
            "top": top,
            "confidence": confidence,
            "at": time.time(),
            "owner": person.name,
        }
        atomic.write_json(folder.request, request)
        start_process(MODULE, folder, settings, alive)
    return table_id


def tables(settings: Settings) -> list[TableJob]:
    """All tables that were not dismissed, newest first."""
    return sorted((_read(folder) for folder in table_folders(settings)), key=lambda table: -table.started_at)


def rows_of(settings: Settings, table_id: str) -> Iterator[PhotoPredictions]:
    """What a table has so far, photo by photo."""
    return read_table(table_folder(settings, table_id))


def sample_of(settings: Settings, table_id: str, sample: str) -> Path:
    """The JPEG of one of a table's least certain photos."""
    return table_folder(settings, table_id).samples / sample


def cancel_table(settings: Settings, table_id: str) -> None:
    """Make a table stop; what was predicted stays."""
    stop_job(table_folder(settings, table_id), "the table")


def dismiss_table(settings: Settings, table_id: str) -> None:
    """Delete a table that has ended; one that has not is cancelled instead."""
    dismiss_job(table_folder(settings, table_id), "the table")


def recover(settings: Settings) -> None:
    """Delete the uploads of tables that were killed."""
    for folder in table_folders(settings):
        if not is_held(folder.alive_lock):
            folder.upload.unlink(missing_ok=True)


def _read(folder: TableFolder) -> TableJob:
    request = json.loads(folder.request.read_text())
    alive = is_held(folder.alive_lock)  # read first, so that the status of a killed table is its last one
    status = last_status(folder)
    if status["state"] in UNFINISHED and not alive:
        left = "what was predicted before is kept"
        status |= {
            "state": "failed",
            "message": why_it_ended(folder, "table", ", perhaps because the memory was full", left),
        }
    progress = status.get("progress")
    return TableJob(
        id=folder.job_id,
        title=request["title"],
        run_ids=tuple(request["run_ids"]),
        confidence=_confidence(request),
        state=status["state"],
        progress=TableProgress.from_json(progress) if progress else TableProgress(),
        message=status.get("message", ""),
        started_at=request["at"],
    )


def _confidence(request: dict[str, Any]) -> float:
    """That was asked for; tables of versions before 0.9.0 had no choice."""
    return float(request.get("confidence", CONFIDENCE))


# --- the background process ---


def _background(table_id: str, settings: Settings, stopped: Callable[[], bool] = lambda: False) -> None:
    """What the background process does, until ``stopped`` returns True."""
    folder = table_folder(settings, table_id)
    request = json.loads(folder.request.read_text())
    outcome = _outcome(folder, request, settings, lambda: stopped() or folder.cancel.exists())
    folder.upload.unlink(missing_ok=True)
    atomic.write_json(folder.status, outcome)


def _outcome(
    folder: TableFolder, request: dict[str, Any], settings: Settings, cancelled: Callable[[], bool]
) -> dict[str, Any]:
    """Predict what was requested: the last status."""
    reporter = _Reporter(folder)

    def waiting() -> None:
        if cancelled():
            raise Cancelled("It was cancelled.")
        atomic.write_json(folder.status, {"state": "waiting"}, durable=False)

    try:
        registry = Registry.of(settings)
        with acquire(table_lock(settings), waiting=waiting):
            write_table(
                Path(request["source"]),
                request["run_ids"],
                folder,
                settings=settings,
                doubts=Doubts(registry, settings),
                top=request["top"],
                confidence=_confidence(request),
                report=reporter,
                cancelled=cancelled,
            )
        return reporter.ended("done")
    except Cancelled as error:
        return reporter.ended("cancelled", str(error))
    except GraftError as error:
        return reporter.ended("failed", str(error))
    except OSError as error:
        return reporter.ended("failed", f"The photos could not be read: {error.strerror or error}.")


class _Reporter:
    """Writes the progress, a few times a second, and keeps the last one."""

    def __init__(self, folder: TableFolder) -> None:
        self._folder, self._last, self._at = folder, TableProgress(), 0.0

    def __call__(self, progress: TableProgress) -> None:
        self._last = progress
        if time.monotonic() - self._at > 0.2:
            self._at = time.monotonic()
            with suppress(OSError):  # a full disk must not end the table because of its progress bar
                atomic.write_json(self._folder.status, self._status("running"), durable=False)

    def ended(self, state: str, message: str = "") -> dict[str, Any]:
        return self._status(state) | {"message": message}

    def _status(self, state: str) -> dict[str, Any]:
        return {"state": state, "progress": asdict(self._last)}


if __name__ == "__main__":
    main(MODULE, _background)
