"""Reports of trainers whose files nobody else can read: written by the trainer, read by pages and the supervisor.

With the registry in the home (the default) nothing is written: then the files of a run are read.
"""

import os
import threading
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, fields
from types import TracebackType
from typing import Any, Self

from core.errors import GraftError
from core.files.home import run_folder
from core.jobs import logs
from core.jobs.exit_policy import ExitRecord, read_exit_record
from core.jobs.launching import Traces
from core.registry import Registry
from core.registry.leases import GIVE_UP_SECONDS
from core.registry.reports import RunReport
from core.runs.progress import read_progress
from core.runs.values import Progress
from core.settings import Settings

REPORT_SECONDS = 2.0
"""Between two reports, of which one without news is not written."""
LOG_BYTES = 64 * 1024
"""Of the log's end in a report."""


# --- the trainer ---


class AttemptReports:
    """Reports an attempt every ``REPORT_SECONDS`` in a thread, and a last time at the end of the block.

    Args:
        settings: nothing is reported where the registry is in the home.
    """

    def __init__(self, run_id: str, attempt: int, settings: Settings, registry: Registry) -> None:
        self._run_id, self._attempt, self._settings, self._registry = run_id, attempt, settings, registry
        self._last: dict[str, Any] | None = None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="reports", daemon=True)

    def __enter__(self) -> Self:
        if self._settings.registry:
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._settings.registry:
            return
        self._ended.set()
        self._thread.join()
        for _ in range(int(GIVE_UP_SECONDS)):  # after that the lease is lost too
            if self._report():
                return
            threading.Event().wait(1.0)

    def _run(self) -> None:
        while not self._ended.wait(REPORT_SECONDS):
            self._report()

    def _report(self) -> bool:
        """Whether the registry has the newest state."""
        found = self._state()
        if found != self._last:
            try:
                self._registry.report(self._run_id, self._attempt, **found)
            except GraftError:  # it is away; the next report has everything
                return False
            self._last = found
        return True

    def _state(self) -> dict[str, Any]:
        folder = run_folder(self._settings, self._run_id)
        progress = read_progress(self._run_id, self._settings)
        record = read_exit_record(folder.exit_record, self._attempt)
        text, end = logs.tail(self._run_id, self._settings, -LOG_BYTES)
        return {
            "progress": (asdict(progress) if progress else {}) | {"log_end": end},
            "exit": asdict(record) if record else None,
            "log": text.replace("\0", ""),
        }


# --- pages and the supervisor ---


def progress_of(run_ids: Iterable[str], settings: Settings, registry: Registry) -> dict[str, Progress | None]:
    """The last progress by run id, from the files of the runs or from what their trainers have reported."""
    wanted = list(run_ids)
    found = {run_id: read_progress(run_id, settings) for run_id in wanted}
    missing = [run_id for run_id in wanted if found[run_id] is None]
    if settings.registry and missing:
        found |= {run_id: _progress(one) for run_id, one in registry.last_reports(missing).items()}
    return found


def tail_of(run_id: str, settings: Settings, registry: Registry, offset: int = 0) -> tuple[str, int]:
    """As ``logs.tail``, from the log of the run or from what its trainer has reported of it: its end only."""
    if not settings.registry or os.path.exists(run_folder(settings, run_id).log):
        return logs.tail(run_id, settings, offset)
    found = registry.last_reports([run_id]).get(run_id)
    if found is None:
        return "", 0
    data, end = found.log.encode(), int((found.progress or {}).get("log_end", 0))
    news = end - offset if 0 <= offset <= end else len(data)  # also when the log was cut, or is that of a new attempt
    return data[max(0, len(data) - news) :].decode(errors="replace") if news else "", end


def traces_of(run_id: str, attempt: int, registry: Registry) -> Traces:
    """What an attempt has reported of its end."""
    found = registry.report_of(run_id, attempt)
    if found is None:
        return Traces()
    lines = [line.strip() for line in found.log.splitlines() if line.strip()]
    record = None
    with suppress(TypeError):  # of another version
        record = ExitRecord(**found.exit) if found.exit else None
    return Traces(record=record, last_line=lines[-1] if lines else "")


def _progress(report: RunReport) -> Progress | None:
    content = report.progress or {}
    try:
        return Progress(**{field.name: content[field.name] for field in fields(Progress) if field.name in content})
    except TypeError:  # before the first
        return None
