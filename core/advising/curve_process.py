"""Learning curves in the background: one process for a dataset, which does not end with the page."""

import json
from collections.abc import Callable
from contextlib import suppress

from core.advising.growth import CURVE_METHOD, Growth
from core.errors import Cancelled
from core.files import atomic
from core.files.here import dataset_here
from core.files.home import growth_job
from core.jobs.background import JobState, ask_to_stop, main, start_unless_alive, status_after, status_of
from core.people.acting import Role, require
from core.registry import Registry
from core.settings import Settings

MODULE = "core.advising.curve_process"


def start_curves(dataset_id: str, *, settings: Settings, registry: Registry) -> None:
    """Start the learning curves of a dataset in the background; those that are made now are left alone.

    Raises:
        NotFound: there is no such dataset. Forbidden: the acting person is no trainer.
    """
    require(Role.TRAINER, "Making a learning curve")
    registry.dataset(dataset_id)
    dataset_here(settings, dataset_id)  # fetched first: the job's folder lies inside
    folder = growth_job(settings, dataset_id)
    start_unless_alive(MODULE, folder, {"dataset": dataset_id}, settings)


def cancel_curves(settings: Settings, dataset_id: str) -> None:
    """Make them stop; features that were computed stay."""
    require(Role.TRAINER, "Stopping the learning curve")
    ask_to_stop(growth_job(settings, dataset_id))


def curve_state(dataset_id: str, *, settings: Settings) -> JobState:
    """How far they are, or how the last ones ended."""
    folder = growth_job(settings, dataset_id)
    return JobState(**status_of(folder, "learning curve", left="features that were computed are kept"))


def read_growth(dataset_id: str, settings: Settings) -> Growth | None:
    """What was found before by the method of this version; None where nobody has asked."""
    try:
        return Growth.from_json(json.loads(dataset_here(settings, dataset_id).learning_curve(CURVE_METHOD).read_text()))
    except (OSError, ValueError, KeyError, TypeError):  # not asked, or damaged by a power cut
        return None


def _background(dataset_id: str, settings: Settings, stopped: Callable[[], bool] = lambda: False) -> None:
    """What the background process does, until ``stopped`` returns True."""
    from core.advising.growing import grow  # with NumPy's linear algebra; the web process needs none of it

    folder = growth_job(settings, dataset_id)

    def report(stage: str, done: int, total: int) -> None:
        if stopped() or folder.cancel.exists():
            raise Cancelled("The learning curve was cancelled.")
        with suppress(OSError):
            status = {"state": "running", "stage": stage, "done": done, "total": total}
            atomic.write_json(folder.status, status, durable=False)

    def work() -> None:
        registry = Registry.of(settings)
        grow(registry.dataset(dataset_id), registry=registry, settings=settings, report=report)

    outcome = status_after(work)
    with suppress(OSError):  # the dataset, and the folder with it, may have been deleted
        atomic.write_json(folder.status, outcome)


if __name__ == "__main__":
    main(MODULE, _background)
