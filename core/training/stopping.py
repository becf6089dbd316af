"""Stopping a trainer by a signal."""

import signal
from types import FrameType


class Stopped(BaseException):
    """The trainer was requested to stop. Not an ``Exception``, so that no handler treats it as a failure."""


class Stop:
    """Raises ``Stopped`` on SIGTERM and SIGINT, at any point of the code.

    That is safe because every file appears by a rename and every registry write is a transaction. If a library
    swallows the exception, ``check`` raises it again at the next batch.
    """

    def __init__(self) -> None:
        self.requested = False

    def install(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._handle)

    def ignore(self) -> None:
        """From here on signals are ignored: the run is being finished."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)

    def _handle(self, _number: int, _frame: FrameType | None) -> None:
        self.requested = True
        self.ignore()  # a second signal must not interrupt the shutdown
        raise Stopped

    def check(self) -> None:
        if self.requested:
            raise Stopped
