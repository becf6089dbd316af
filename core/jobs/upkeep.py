"""What the acting supervisor does now and then besides runs, in a thread, so that its rounds wait for none of it."""

import logging
import threading
import time

from core.errors import GraftError
from core.files.home import backup_log, explaining_log, supervisor_log
from core.files.process_logs import expire_logs
from core.jobs.checkpoint_limit import evict_checkpoints
from core.jobs.stored_size import measure_ended
from core.people.acting import SERVER, acting_as
from core.registry import Registry
from core.settings import Settings
from core.text.units import count, size

log = logging.getLogger("graft.jobs")

EVERY_SECONDS = 60.0


class SupervisorUpkeep:
    """The upkeep of one supervisor: old logs go, ended runs are measured, and checkpoints beyond
    their limit are evicted."""

    def __init__(self, settings: Settings, registry: Registry) -> None:
        self._settings, self._registry = settings, registry
        self._thread: threading.Thread | None = None
        self._at = -EVERY_SECONDS

    def round(self) -> None:
        """Start it when it is due and the last one has ended."""
        busy = self._thread is not None and self._thread.is_alive()
        if busy or time.monotonic() - self._at < EVERY_SECONDS:
            return
        self._at = time.monotonic()
        self._thread = threading.Thread(target=self._keep_up, name="upkeep", daemon=True)
        self._thread.start()

    def _keep_up(self) -> None:
        with acting_as(SERVER):
            try:
                for path in (supervisor_log, backup_log, explaining_log):
                    expire_logs(path(self._settings), self._settings)
                measure_ended(self._settings, self._registry)
                gone = evict_checkpoints(self._settings, self._registry)
            except (GraftError, OSError) as error:
                log.warning("the upkeep is tried again later: %s", error)
                return
        if gone.runs:
            log.info("checkpoints of %s were evicted: %s", count(len(gone.runs), "run"), size(gone.bytes))
