"""The process that computes explanations, as seen from the process that wants them: started, asked, watched, ended.

It imports TensorFlow, which the web process never does. It is started with the first request, ends by itself when
nothing was asked for a while, and ends with the process that started it, because the connection between them closes.
A process that was killed is noticed by the same and started again.
"""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from core.errors import Unavailable
from core.explaining.protocol import receive, send
from core.files.home import explaining_log
from core.files.process_logs import VARIABLE, begin_log
from core.settings import REPOSITORY, Settings

IDLE_SECONDS = 120
"""The process ends when nothing was asked for so long."""
TIMEOUT_SECONDS = 180
"""Longest time for one request, with the start of the process: importing TensorFlow takes up to 20 s here."""

ENDED_IDLE = 0
"""Exit code of a process that nothing was asked."""


class ExplainingProcess:
    """At most one process for explanations; safe to use from several threads, which are served one after the other.

    Args:
        module: that the process runs.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        module: str = "core.explaining",
        idle_seconds: float = IDLE_SECONDS,
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        self._module = module
        self._settings, self._idle, self._timeout = settings, idle_seconds, timeout_seconds
        self._lock = threading.Lock()
        self._process: subprocess.Popen | None = None
        self._connection: Connection | None = None
        self._unanswered = False

    @property
    def is_warm(self) -> bool:
        """Whether the process runs, so that a request does not wait for its start."""
        return self._process is not None and self._process.poll() is None

    def ask(self, request: dict[str, Any], stage: Callable[[str], None] = lambda text: None) -> dict[str, Any]:
        """The answer to a request.

        Args:
            stage: is told what the process does now.

        Raises:
            Unavailable: the process refused, was killed, or took too long.
        """
        with self._lock:
            deadline = time.monotonic() + self._timeout
            for last in (False, True):
                try:
                    return self._asked(request, stage, deadline)
                except (EOFError, OSError):
                    code = self._end()
                    if code != ENDED_IDLE or last:
                        raise Unavailable(self._why(code)) from None
            raise AssertionError("unreachable")

    def close(self) -> None:
        """Ends the process, if it runs."""
        with self._lock:
            self._end()

    def _asked(self, request: dict[str, Any], stage: Callable[[str], None], deadline: float) -> dict[str, Any]:
        """Raises EOFError or OSError when the process is gone."""
        if not self.is_warm:
            self._end()
            try:
                self._start()
            except OSError as error:
                raise Unavailable(f"The process that computes heat maps cannot be started: {error.strerror}.") from None
        if self._unanswered:  # a request whose caller did not wait for the answer
            self._answer(lambda text: None, deadline)
        assert self._connection is not None
        self._unanswered = True
        send(self._connection, request)
        answer = self._answer(stage, deadline)
        if "problem" in answer:
            raise Unavailable(answer["problem"])
        return answer

    def _answer(self, stage: Callable[[str], None], deadline: float) -> dict[str, Any]:
        assert self._connection is not None
        while self._connection.poll(max(0.0, deadline - time.monotonic())):
            message = receive(self._connection)
            if "stage" not in message:
                self._unanswered = False
                return message
            stage(message["stage"])
        self._end()
        raise Unavailable(
            f"The heat map took longer than {self._timeout:.0f} s, so it was stopped. "
            "Try again when the machine has less to do."
        )

    def _start(self) -> None:
        ours, theirs = socket.socketpair()
        own = {"GRAFT_HOME": str(self._settings.home), "CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "2"}
        path = explaining_log(self._settings)
        own[VARIABLE] = str(path.absolute())
        with theirs, os.fdopen(begin_log(path, self._settings), "wb") as log:
            self._connection = Connection(ours.detach())
            self._process = subprocess.Popen(
                [sys.executable, "-m", self._module, str(theirs.fileno()), str(self._idle)],
                cwd=REPOSITORY,
                env=os.environ | own,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                pass_fds=[theirs.fileno()],
            )

    def _end(self) -> int | None:
        """Ends the process and closes the connection; the exit code of a process that had ended by itself."""
        process, connection = self._process, self._connection
        self._process = self._connection = None
        self._unanswered = False
        if connection is not None:
            connection.close()
        if process is None:
            return ENDED_IDLE
        try:
            return process.wait(timeout=0.5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return None

    def _why(self, code: int | None) -> str:
        try:
            lines = explaining_log(self._settings).read_text(errors="replace").strip().splitlines()
        except OSError:
            lines = []
        if any(line.startswith("Traceback") for line in lines):
            return f"An error in Graft ended the process of heat maps ({lines[-1].strip()[:200]}). Please report it."
        return "The process that computes heat maps was killed, perhaps for want of memory. Try again."
