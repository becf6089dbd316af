"""The search of a dataset as a process in the background: its start, its stop, its status.

One search a dataset. It needs no page, and ends by itself; a killed one is gone on with by ``start_search``.
"""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, replace

from core.errors import Cancelled, NotFound
from core.files import atomic
from core.files.here import dataset_here
from core.files.home import search_job
from core.files.locks import is_held
from core.jobs.background import (
    ask_to_stop,
    last_status,
    main,
    require_owner,
    start_unless_alive,
    status_after,
    why_it_ended,
)
from core.people.acting import Role, acting, require
from core.registry import Registry
from core.searching.values import SearchQuestion, SearchStatus
from core.settings import Settings
from core.workbench import Workbench

MODULE = "core.searching.search_process"
STOPPED = "The search was stopped. It can go on where it was left."


def start_search(
    dataset_id: str, question: SearchQuestion, *, settings: Settings, registry: Registry, go_on: bool = False
) -> None:
    """Start the search of a dataset in the background; one that runs is left alone.

    Args:
        question: what it may spend from now on. go_on: keep the trials of the last search, and go on with them; else a
            new one begins. Their runs stay in either case.

    Raises:
        NotFound: there is no such dataset, or nothing to go on with. Forbidden: the acting person is no trainer.
    """
    require(Role.TRAINER, "Starting a search")
    dataset = registry.dataset(dataset_id)
    dataset_here(settings, dataset_id)  # fetched first: the job's folder lies inside
    folder = search_job(settings, dataset_id)
    if go_on and not folder.study.exists():
        raise NotFound(f"There is no search of {dataset.name} to go on with. Start a new one.")
    request = {"dataset": dataset_id, "question": asdict(question), "go_on": go_on, "owner": acting().name}
    start_unless_alive(MODULE, folder, request, settings)


def stop_search(settings: Settings, dataset_id: str) -> None:
    """Make it stop; its run is cancelled, and both can go on.

    Raises:
        Forbidden: somebody else started it.
    """
    folder = search_job(settings, dataset_id)
    require_owner(folder, "the search")
    ask_to_stop(folder)


def search_status(dataset_id: str, *, settings: Settings) -> SearchStatus:
    """How far the search of a dataset is, or how the last one ended."""
    folder = search_job(settings, dataset_id)
    alive = is_held(folder.alive_lock)  # read first, so that the status of a killed process is its last one
    if not folder.request.exists():
        return SearchStatus(state="none")
    status = SearchStatus.from_json(last_status(folder))
    if not status.is_active or alive:
        return status
    why = why_it_ended(folder, "search", left="its trials are kept", then="Go on with it.")
    return replace(status, state="stopped", message=why)


# --- the process ---


def _background(dataset_id: str, settings: Settings, stopped: Callable[[], bool] = lambda: False) -> None:
    """What the background process does, until ``stopped`` returns True; every status is written."""
    from core.searching.search import RecipeSearch  # imports Optuna

    folder, bench = search_job(settings, dataset_id), Workbench(settings, Registry.of(settings))
    last, ended = SearchStatus(state="running"), ""

    def report(status: SearchStatus) -> None:
        nonlocal last
        last = status
        with suppress(OSError):  # the dataset, and the folder with it, may have been deleted
            atomic.write_json(folder.status, status.to_json(), durable=False)
        if stopped() or folder.cancel.exists():
            raise Cancelled(STOPPED)

    def work() -> None:
        nonlocal ended
        request = json.loads(folder.request.read_text())
        if not request["go_on"]:
            folder.study.unlink(missing_ok=True)
        atomic.write_json(folder.request, request | {"go_on": True})  # what a killed one has begun is kept
        search = RecipeSearch(
            bench.registry.dataset(dataset_id),
            SearchQuestion(**request["question"]),
            bench=bench,
            path=folder.study,
            report=report,
        )
        ended = search.run()

    outcome = status_after(work)
    state = "stopped" if outcome["state"] == "cancelled" else outcome["state"]
    last = replace(last, state=state, stage="", message=outcome.get("message", ended))
    with suppress(OSError):
        atomic.write_json(folder.status, last.to_json())


if __name__ == "__main__":
    main(MODULE, _background)
