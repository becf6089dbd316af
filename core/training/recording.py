"""Records the cost of a running attempt every few seconds, so that a kill at any moment loses next to nothing."""

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from core.errors import Conflict, GraftError

RECORD_SECONDS = 2.0
"""Seconds between two records. The registry adds the time from the last one to the end (``core.registry.queue``)."""


class CostRecorder:
    """Calls ``record`` at once, then every ``RECORD_SECONDS`` in a thread, until the block ends.

    Args:
        record: stores the cost so far. A Conflict ends the thread: another attempt has taken over. Other errors of the
            registry (a full disk, a lock held too long) are for the trainer's own writes to report.
    """

    def __init__(self, record: Callable[[], None], every: float = RECORD_SECONDS) -> None:
        self._record, self._every = record, every
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="cost recorder", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while True:
            try:
                self._record()
            except Conflict:
                return
            except GraftError:
                pass
            if self._ended.wait(self._every):
                return
