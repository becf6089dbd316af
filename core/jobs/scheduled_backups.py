"""Starting the scheduled backups: a process for each, so that the supervisor's rounds wait for none."""

import logging
import os
import subprocess
import sys
import time

from core.backups.schedule import is_due, note_failure, state_of
from core.files.home import backup_log
from core.files.process_logs import VARIABLE, limit_log
from core.jobs.logs import last_lines, open_log
from core.registry import Registry
from core.settings import REPOSITORY, Settings

log = logging.getLogger("graft.jobs")

_COMMAND = [sys.executable, "-m", "core.backups.schedule"]
LOOK_SECONDS = 30.0
"""Between two looks at what is due."""


class ScheduledBackups:
    """The backups of one supervisor; does nothing without ``GRAFT_BACKUP``."""

    def __init__(self, settings: Settings, registry: Registry) -> None:
        self._settings, self._registry = settings, registry
        self._process: subprocess.Popen | None = None
        self._looked_at = -LOOK_SECONDS

    def round(self) -> None:
        """Start one when it is due and none is being made; record that one was killed.

        Raises:
            Unavailable, NoSpace, OSError: the registry or the disk cannot be used now; call it again later.
        """
        if self._settings.backup is None:
            return
        if self._process is not None:
            self._reap(self._process)
        elif time.monotonic() - self._looked_at >= LOOK_SECONDS:
            self._looked_at = time.monotonic()
            state = state_of(self._settings, self._registry)
            if state is not None and is_due(self._settings, state, time.time()):
                self._start()

    def _reap(self, process: subprocess.Popen) -> None:
        code = process.poll()
        if code is None:
            return
        if code:
            said = "; ".join(last_lines(backup_log(self._settings)))[:300]
            note_failure(self._settings, self._registry, f"Its process ended with exit code {code} ({said}).")
        log.info("backup: its process has ended with exit code %d", code)
        self._process = None

    def _start(self) -> None:
        path = backup_log(self._settings)
        limit_log(path, self._settings)
        output = open_log(path)
        try:
            self._process = subprocess.Popen(
                _COMMAND,
                cwd=REPOSITORY,
                env={
                    **os.environ,
                    **self._settings.variables(),
                    "CUDA_VISIBLE_DEVICES": "-1",
                    VARIABLE: str(path.absolute()),
                },
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        finally:
            os.close(output)
        log.info("backup: started process %d", self._process.pid)
