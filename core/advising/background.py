"""Shortlists in the background: one process for each, which does not end with the page.

The process may compute features and import TensorFlow; the web process does neither. One at a time computes; others
wait for it.
"""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass

from core.advising.values import NeighbourScore, ShortlistQuestion
from core.errors import Cancelled
from core.files import atomic
from core.files.folders import JobFolder
from core.files.here import dataset_here
from core.files.home import advice_job, advice_lock
from core.files.locks import acquire
from core.jobs.background import JobState, ask_to_stop, main, start_unless_alive, status_after, status_of
from core.people.acting import Role, require
from core.registry import Registry
from core.settings import Settings

MODULE = "core.advising.background"


@dataclass(frozen=True, kw_only=True)
class AdviceState(JobState):
    """How far the shortlist of a dataset is.

    Args:
        neighbours: what the nearest photos say, as soon as it is known.
    """

    neighbours: NeighbourScore | None = None


def start_shortlist(dataset_id: str, question: ShortlistQuestion, *, settings: Settings, registry: Registry) -> None:
    """Start the shortlist of a dataset in the background; one that runs is left alone.

    Raises:
        NotFound: there is no such dataset. Forbidden: the acting person is no trainer.
    """
    require(Role.TRAINER, "Making a shortlist")
    registry.dataset(dataset_id)
    dataset_here(settings, dataset_id)  # fetched first: the job's folder lies inside
    folder = advice_job(settings, dataset_id)
    start_unless_alive(MODULE, folder, {"dataset": dataset_id, "question": asdict(question)}, settings)


def cancel_shortlist(settings: Settings, dataset_id: str) -> None:
    """Make a shortlist stop."""
    require(Role.TRAINER, "Stopping the shortlist")
    ask_to_stop(advice_job(settings, dataset_id))


def shortlist_state(dataset_id: str, *, settings: Settings) -> AdviceState:
    """How far the shortlist of a dataset is, or how the last one ended."""
    status = status_of(
        advice_job(settings, dataset_id),
        "shortlist",
        perhaps=", perhaps because the memory was full",
        left="engines that were exported are kept",
    )
    near = status.pop("neighbours", None)
    return AdviceState(**status, neighbours=None if near is None else NeighbourScore(**near))


# --- the background process ---


def _background(dataset_id: str, settings: Settings, stopped: Callable[[], bool] = lambda: False) -> None:
    """What the background process does, until ``stopped`` returns True."""
    folder = advice_job(settings, dataset_id)
    outcome = _outcome(dataset_id, folder, settings, lambda: stopped() or folder.cancel.exists())
    with suppress(OSError):  # the dataset, and the folder with it, may have been deleted
        atomic.write_json(folder.status, outcome)


def _outcome(dataset_id: str, folder: JobFolder, settings: Settings, cancelled: Callable[[], bool]) -> dict[str, str]:
    """Make the shortlist and keep it in the registry: the last status."""
    from core.advising.making import stored_shortlist  # with SciPy's linear algebra; the web process needs none of it

    def report(stage: str, done: int, total: int, neighbours: NeighbourScore | None, state: str = "running") -> None:
        if cancelled():
            raise Cancelled("The shortlist was cancelled.")
        near = None if neighbours is None else asdict(neighbours)
        status = {"state": state, "stage": stage, "done": done, "total": total, "neighbours": near}
        with suppress(OSError):
            atomic.write_json(folder.status, status, durable=False)

    def work() -> None:
        question = ShortlistQuestion(**json.loads(folder.request.read_text())["question"])
        registry = Registry.of(settings)
        waiting = lambda: report("Waiting for another shortlist", 0, 0, None, "waiting")  # noqa: E731
        with acquire(advice_lock(settings), waiting=waiting):
            stored_shortlist(
                registry.dataset(dataset_id), question, registry=registry, settings=settings, report=report
            )

    return status_after(work)


if __name__ == "__main__":
    main(MODULE, _background)
