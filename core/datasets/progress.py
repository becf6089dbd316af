"""How far an import is, and whether it should stop."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from core.errors import Cancelled

_REPORT_SECONDS = 0.1


@dataclass(frozen=True, kw_only=True)
class ImportProgress:
    """Progress of an import.

    Args:
        stage: "Reading the upload", "Decoding photos", "Storing", and others for passes that few uploads need.
        done, total: files decoded so far, of how many; accepted, rejected: of the done ones.
        eta_seconds: estimated, of decoding; None while unknown.
    """

    stage: str
    done: int = 0
    total: int = 0
    accepted: int = 0
    rejected: int = 0
    eta_seconds: float | None = None


Report = Callable[[ImportProgress], None]


class ProgressTracker:
    """Reports progress and checks for cancellation, at most about ten times a second."""

    def __init__(self, progress: Report | None, cancelled: Callable[[], bool] | None) -> None:
        self._progress, self._cancelled = progress, cancelled
        self._started = self._last = time.monotonic()

    def report(self, stage: str, done: int = 0, total: int = 0, rejected: int = 0) -> None:
        self.check()
        self._last = time.monotonic()
        if self._progress:
            eta = (self._last - self._started) / done * (total - done) if done else None
            counts = {"done": done, "total": total, "accepted": done - rejected, "rejected": rejected}
            self._progress(ImportProgress(stage=stage, eta_seconds=eta, **counts))

    def check(self) -> None:
        """Raises Cancelled when the import should stop."""
        if self._cancelled and self._cancelled():
            raise Cancelled("The import was cancelled; nothing was kept.")

    @property
    def due(self) -> bool:
        return time.monotonic() - self._last >= _REPORT_SECONDS
