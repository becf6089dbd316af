"""How a trainer is stopped from outside."""

import signal
from types import FrameType


class Stopped(BaseException):
    """Somebody asked the trainer to stop. No ``Exception``: nothing on the way out may mistake it for a failure."""


class Stop:
    """Turns SIGTERM and SIGINT into ``Stopped``, raised wherever the trainer is.

    That is safe because every file appears by a rename and every registry write is a transaction. A signal that
    arrives inside foreign code which swallows exceptions is not lost: ``check`` raises it again at the next batch.
    """

    def __init__(self) -> None:
        self.requested = False

    def install(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._handle)

    def ignore(self) -> None:
        """From here on the run is finishing: too late to stop."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)

    def _handle(self, _number: int, _frame: FrameType | None) -> None:
        self.requested = True
        self.ignore()  # once is enough; a second one must not disturb the way out
        raise Stopped

    def check(self) -> None:
        if self.requested:
            raise Stopped
