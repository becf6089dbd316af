"""What a running run does now: ``runs/<id>/progress.json``. Only for display, possibly outdated."""

import json
import time
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, fields
from pathlib import Path

from core.files import atomic
from core.files.home import run_folder
from core.runs.stages import LOADING
from core.runs.values import Progress
from core.settings import Settings

WRITE_INTERVAL = 0.25
"""Minimum seconds between two writes; other updates only change the estimate."""
ALIVE_INTERVAL = 10.0
"""Minimum seconds between two writes that say nothing new."""

_RECENT = 40
"""Updates that the estimate is based on; a limit, because the first epoch or batch is slower than the rest."""


def read_progress(run_id: str, settings: Settings) -> Progress | None:
    """The last progress; None when there is none that can be read."""
    try:
        data = json.loads(_path(run_id, settings).read_bytes())
        return Progress(**{field.name: data[field.name] for field in fields(Progress) if field.name in data})
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_progress(run_id: str, settings: Settings, progress: Progress) -> None:
    """Replace the file atomically. It is not synced, so it may be lost."""
    atomic.write_json(_path(run_id, settings), asdict(progress), durable=False)


def _path(run_id: str, settings: Settings) -> Path:
    return run_folder(settings, run_id).progress


class ProgressWriter:
    """Used by the trainer: names the stage, counts, and estimates the remaining time of the stage.

    Args:
        run_id, settings: whose progress it is.
        clock: seconds since 1970.
    """

    def __init__(self, run_id: str, settings: Settings, clock: Callable[[], float] = time.time) -> None:
        self._run_id, self._settings, self._clock = run_id, settings, clock
        self._stage, self._total, self._unit = "", 0, ""
        self.start(LOADING, 0)

    def start(self, stage: str, total: int, unit: str = "", done: int = 0) -> None:
        """Begin a stage. ``done`` was done by an earlier attempt, so it does not count for the speed.

        The stage that runs already goes on: its begin and its speed are kept.
        """
        if (stage, total, unit) == (self._stage, self._total, self._unit):
            self.update(done)
            return
        self._stage, self._total, self._unit, self._done = stage, total, unit, done
        self._started_at = self._clock()
        self._marks = deque([(self._started_at, done)], maxlen=_RECENT)
        self._write()

    def update(self, done: int) -> None:
        """``done`` of ``total`` so far; written at most four times a second, the last one always."""
        self._done = done
        if self._clock() - self._marks[-1][0] >= WRITE_INTERVAL or done >= self._total:
            self._marks.append((self._clock(), done))
            self._write()

    def step(self) -> None:
        """A step that is not counted: nothing is shown, but the run is known to go on (``core.jobs.limits``)."""
        if self._clock() - self._written_at >= ALIVE_INTERVAL:
            self._write()

    def eta_seconds(self) -> float | None:
        """Seconds left in the stage, from the speed of the last updates; None before there are any."""
        (then, before), (now, done) = self._marks[0], self._marks[-1]
        if self._total <= 0 or done <= before or now <= then:
            return None
        return max(0.0, (self._total - done) * (now - then) / (done - before))

    def _write(self) -> None:
        self._written_at = self._clock()
        progress = Progress(
            stage=self._stage,
            done=self._done,
            total=self._total,
            unit=self._unit,
            eta_seconds=self.eta_seconds(),
            updated_at=self._clock(),
            started_at=self._started_at,
        )
        try:
            write_progress(self._run_id, self._settings, progress)
        except OSError:  # a run continues when its progress cannot be written
            return
