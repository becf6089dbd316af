"""Checks of datasets in the background: one process each, which does not end with the page. A second one waits.

The process may compute features and import TensorFlow; the web process does neither.
"""

from collections.abc import Callable
from contextlib import suppress

from core.curation.values import METHOD
from core.errors import Cancelled
from core.files import atomic
from core.files.folders import JobFolder
from core.files.here import dataset_here
from core.files.home import check_job, check_lock
from core.files.locks import acquire
from core.jobs.background import JobState, ask_to_stop, main, start_unless_alive, status_after, status_of
from core.people.acting import Role, require
from core.registry import Registry
from core.settings import Settings

MODULE = "core.curation.background"


def start_check(dataset_id: str, *, settings: Settings, registry: Registry) -> None:
    """Start the check of a dataset in the background; one that runs or is done is left alone.

    Raises:
        NotFound: there is no such dataset. Forbidden: the acting person is no trainer.
    """
    require(Role.TRAINER, "Checking the photos")
    registry.dataset(dataset_id)
    if dataset_here(settings, dataset_id).findings(METHOD).exists():  # fetched first: the job's folder lies inside
        return
    folder = check_job(settings, dataset_id)
    start_unless_alive(MODULE, folder, {"dataset": dataset_id}, settings)


def cancel_check(settings: Settings, dataset_id: str) -> None:
    """Make a check stop; features that were computed stay."""
    require(Role.TRAINER, "Stopping the check")
    ask_to_stop(check_job(settings, dataset_id))


def check_state(dataset_id: str, *, settings: Settings) -> JobState:
    """How far the check of a dataset is."""
    status = status_of(
        check_job(settings, dataset_id),
        "check",
        perhaps=", perhaps because the memory was full",
        left="features that were computed are kept",
    )
    if dataset_here(settings, dataset_id).findings(METHOD).exists():
        return JobState(state="ready")
    if status["state"] == "ready":  # by an earlier method
        return JobState(state="none")
    return JobState(**status)


# --- the background process ---


def _background(dataset_id: str, settings: Settings, stopped: Callable[[], bool] = lambda: False) -> None:
    """What the background process does, until ``stopped`` returns True."""
    folder = check_job(settings, dataset_id)
    outcome = _outcome(dataset_id, folder, settings, lambda: stopped() or folder.cancel.exists())
    with suppress(OSError):  # the dataset, and the folder with it, may have been deleted
        atomic.write_json(folder.status, outcome)


def _outcome(dataset_id: str, folder: JobFolder, settings: Settings, cancelled: Callable[[], bool]) -> dict[str, str]:
    """Check: the last status."""
    from core.curation.checking import check_dataset  # with scikit-learn; the web process needs none of it

    def report(stage: str, done: int = 0, total: int = 0, state: str = "running") -> None:
        if cancelled():
            raise Cancelled("The check was cancelled.")
        with suppress(OSError):
            status = {"state": state, "stage": stage, "done": done, "total": total}
            atomic.write_json(folder.status, status, durable=False)

    def work() -> None:
        registry = Registry.of(settings)
        with acquire(check_lock(settings), waiting=lambda: report("Waiting for another check", state="waiting")):
            check_dataset(registry.dataset(dataset_id), registry=registry, settings=settings, report=report)

    return status_after(work)


if __name__ == "__main__":
    main(MODULE, _background)
