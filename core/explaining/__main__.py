"""The process that computes explanations: ``python -m core.explaining DESCRIPTOR IDLE_SECONDS``.

Started by ``core.explaining.process``; DESCRIPTOR is its end of the connection.
"""

import resource
import sys
from multiprocessing.connection import Connection

from core.errors import GraftError, InvalidInput
from core.explaining.protocol import answer_of, arguments_of, receive, send
from core.explaining.worker import Explainer
from core.files.process_logs import watch_own_log

MEMORY_BYTES = 6 * 10**9
"""Most memory: beyond it the process ends, and no other process of the machine."""
KEPT_BYTES = 2 * 10**9
"""Loaded models are freed when the process has more memory after a request."""


def main(arguments: list[str]) -> int:
    """Answers requests until nothing is asked for a while, or the other side is gone."""
    if len(arguments) != 2:
        raise InvalidInput("usage: python -m core.explaining DESCRIPTOR IDLE_SECONDS")
    connection, idle = Connection(int(arguments[0])), float(arguments[1])
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES, MEMORY_BYTES))
    watch_own_log()
    explainer = Explainer(lambda text: send(connection, {"stage": text}))
    try:
        while connection.poll(idle):
            try:
                answer = answer_of(explainer.explain(*arguments_of(receive(connection))))
            except GraftError as error:
                answer = {"problem": str(error)}
            send(connection, answer)
            if _resident_bytes() > KEPT_BYTES:
                explainer.forget()
    except (EOFError, OSError):  # who asked is gone
        pass
    return 0


def _resident_bytes() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
