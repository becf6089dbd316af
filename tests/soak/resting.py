"""Everything finishes without further kills, and every process is stopped as a person stops it."""

import os
import signal
import time
from contextlib import suppress
from unittest.mock import patch

from core.curation.background import check_state
from core.errors import GraftError
from core.files import leftovers
from core.files.home import export_job
from core.files.locks import is_held
from core.jobs import ensure_supervisor, stop_supervisor
from core.jobs.background import UNFINISHED
from core.jobs.background_imports import import_jobs
from core.jobs.background_tables import tables
from core.runs.values import Status
from tests.soak.people import People
from tests.soak.victims import kill_all, processes_of

PATIENCE = 420.0
"""Seconds in which the queue empties and all jobs end; generous, because the machine may be busy."""


def come_to_rest(people: People, *, launching: bool = True) -> list[str]:
    """What did not come to an end.

    Args:
        launching: every recipe gets its run; else only the runs that are there finish.
    """
    settings, end = people.home.settings, time.monotonic() + PATIENCE
    for process in (*people.commands, people.web):
        if process is not None and process.poll() is None:
            _thaw_and_wait(process, people)
    people.come_back()
    while time.monotonic() < end:
        with suppress(GraftError):
            people.resume()
            if launching:
                people.launch()
        ensure_supervisor(settings)
        if not unfinished(people, launching):
            break
        time.sleep(0.5)
    found = unfinished(people, launching)
    people.dismiss()
    stop_supervisor(settings, now=True)
    deadline = time.monotonic() + 30
    while processes_of(settings.home) and time.monotonic() < deadline:
        time.sleep(0.2)
    if left := kill_all(settings.home):
        found.append(f"processes are left: {[(one.kind, one.pid) for one in left]}")
    with patch.object(leftovers, "DRAFT_SECONDS", -1.0):  # as a supervisor does an hour later
        print(f"{len(leftovers.remove_drafts(settings.home))} drafts of killed processes were deleted")
    return found


def _thaw_and_wait(process, people: People) -> None:
    if process is people.web:
        process.send_signal(signal.SIGTERM)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGCONT)
    try:
        process.wait(120)
    except Exception:  # noqa: BLE001 what does not end is found among the processes that are left
        return


def unfinished(people: People, launching: bool = True) -> list[str]:
    settings, registry = people.home.settings, people.registry
    runs = [run for run in registry.runs() if run.status is not Status.FINISHED]
    found = [f"run {run.id} ({run.name}) is {run.status}: {run.reason}" for run in runs]
    found += [f"{name} has no run" for name in people.names if launching and name not in people.runs]
    found += [f"import {job.id} is {job.state}" for job in import_jobs(settings) if job.state == "running"]
    found += [f"table {table.id} is {table.state}" for table in tables(settings) if table.state in UNFINISHED]
    for dataset in registry.datasets():
        if check_state(dataset.id, settings=settings).is_active:
            found.append(f"the check of {dataset.id} is active")
    for run in registry.runs():
        for format_ in ("litert", "litert-pixels", "keras", "bundle"):
            if is_held(export_job(settings, run.id, format_).alive_lock):
                found.append(f"the export of {run.id} to {format_} is active")
    return found
