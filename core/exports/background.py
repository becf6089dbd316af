"""Exports in the background: one process and one folder (``home.export_job``) each, as additions are.

They do not end with the page. A second one waits for the first. The process imports TensorFlow.
"""

import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from core.errors import Cancelled, Conflict, GraftError
from core.exports.formats import Format
from core.exports.record import ExportRecord, read_record, state_of
from core.files import atomic
from core.files.folders import JobFolder
from core.files.here import export_here
from core.files.home import export_drafts, export_job, exports_lock, undeleted
from core.files.locks import acquire, is_held, try_acquire
from core.jobs.background import UNFINISHED, last_status, main, start_process, why_it_ended
from core.jobs.stored_size import measure_runs
from core.registry import Registry
from core.runs.values import Model
from core.settings import Settings

MODULE = "core.exports.background"


@dataclass(frozen=True, kw_only=True)
class ExportState:
    """One format of one model as a page shows it.

    Args:
        state: ``none``, ``waiting`` (for another export), ``running``, ``ready``, ``refused``, ``outdated`` (the model
            was calibrated since) or ``failed``.
        stage: what is done now. message: why it was refused or failed. record: of the export that is there.
    """

    format: Format
    state: str
    stage: str = ""
    message: str = ""
    record: ExportRecord | None = None

    @property
    def is_active(self) -> bool:
        return self.state in UNFINISHED


def start_export(run_id: str, format: Format, *, settings: Settings) -> None:
    """Start the export of a run's model in the background.

    Raises:
        Conflict: it is being exported to this format already. NotFound: the run was deleted.
    """
    folder = export_job(settings, run_id, format)
    with undeleted(settings, run_id):
        folder.path.mkdir(parents=True, exist_ok=True)
    alive = try_acquire(folder.alive_lock)
    if alive is None:
        raise Conflict(f"The model of run {run_id} is being exported to this format already. Wait for it.")
    with alive:
        folder.cancel.unlink(missing_ok=True)
        folder.status.unlink(missing_ok=True)
        atomic.write_json(folder.request, {"run": run_id, "format": str(format)})
        start_process(MODULE, folder, settings, alive, {"TF_CPP_MIN_LOG_LEVEL": "2"})


def cancel_export(settings: Settings, run_id: str, format: Format) -> None:
    """Make an export stop before its next step; an earlier export of this format stays."""
    folder = export_job(settings, run_id, format)
    if folder.request.exists():
        folder.cancel.touch()


def export_state(model: Model, format: Format, *, settings: Settings) -> ExportState:
    """How far the export of a model to one format is."""
    folder = export_job(settings, model.run_id, format)
    record = read_record(export_here(settings, model.run_id, format))
    if folder.request.exists():
        alive = is_held(folder.alive_lock)  # read first, so that the status of a killed export is its last one
        status = last_status(folder)
        if status["state"] in UNFINISHED and alive:
            return ExportState(format=format, state=status["state"], stage=status.get("stage", ""), record=record)
        if status["state"] in UNFINISHED:
            message = why_it_ended(folder, "export", ", perhaps because the memory was full")
            return ExportState(format=format, state="failed", message=message, record=record)
        if status["state"] == "failed":
            return ExportState(format=format, state="failed", message=status.get("message", ""), record=record)
    if record is None:
        return ExportState(format=format, state="none")
    if record.model != state_of(model):
        return ExportState(format=format, state="outdated", record=record)
    state = "refused" if record.refused else "ready"
    return ExportState(format=format, state=state, message=record.refused, record=record)


def export_states(model: Model, *, settings: Settings) -> list[ExportState]:
    """Of all formats, in their order."""
    return [export_state(model, format, settings=settings) for format in Format]


def recover(settings: Settings) -> None:
    """Delete what killed exports had written."""
    if (drafts := export_drafts(settings)) and (lock := try_acquire(exports_lock(settings))) is not None:
        with lock:
            for draft in drafts:
                shutil.rmtree(draft, ignore_errors=True)


# --- the background process ---


def _background(job_id: str, settings: Settings, stopped: Callable[[], bool] = lambda: False) -> None:
    """What the background process does, until ``stopped`` returns True."""
    run_id, _, format = job_id.rpartition(".")
    folder = export_job(settings, run_id, format)
    outcome = _outcome(run_id, Format(format), folder, settings, lambda: stopped() or folder.cancel.exists())
    with suppress(OSError):  # the run, and the folder with it, may have been deleted
        if outcome is None:
            shutil.rmtree(folder.path)
            with suppress(GraftError):  # the registry is away: the size is that of before the export
                measure_runs(settings, Registry.of(settings), [run_id])
        else:
            atomic.write_json(folder.status, outcome)


def _outcome(
    run_id: str, format: Format, folder: JobFolder, settings: Settings, cancelled: Callable[[], bool]
) -> dict | None:
    """Export: the last status, None where the record of the export says it all."""

    def report(stage: str, state: str = "running") -> None:
        if cancelled():
            raise Cancelled("The export was cancelled.")
        with suppress(OSError):
            atomic.write_json(folder.status, {"state": state, "stage": stage}, durable=False)

    from core.exports.making import make_export  # with templates; the web process needs none of it

    try:
        registry = Registry.of(settings)
        with acquire(exports_lock(settings), waiting=lambda: report("Waiting for another export", "waiting")):
            report("Starting")
            make_export(run_id, format, settings=settings, registry=registry, report=report)
        return None
    except Cancelled:
        return None
    except GraftError as error:
        return {"state": "failed", "message": str(error)}
    except OSError as error:
        return {"state": "failed", "message": f"The export could not be stored: {error.strerror or error}."}


if __name__ == "__main__":
    main(MODULE, _background)
