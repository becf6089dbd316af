"""How the web process ends: at a signal it takes no new connection, lets what runs finish, and ends with the code 0.

uvicorn closes the port, the idle connections, and every WebSocket with the code 1012 (*service restart*), at which
pages connect again. Requests and uploads that run get ``GRAFT_STOP_SECONDS``; then they are cut, and a client goes on
with its upload where the part on the disk ends. A second signal ends the process at once. Supervisor, trainers and
background jobs are processes of their own and go on.
"""

import logging
import math
import os
import signal
import threading
import time
from types import FrameType

import uvicorn

from core.errors import InvalidInput

VARIABLE = "GRAFT_STOP_SECONDS"
DEFAULT_SECONDS = 30.0
END_SECONDS = 15.0
"""After the time of the requests: for the rest, an idle supervisor included. Then the process is ended, because a
thread that a request has left behind (a long prediction) would keep it."""

logger = logging.getLogger(__name__)


def asked_seconds() -> float:
    """``GRAFT_STOP_SECONDS``, 30 by default.

    Raises:
        InvalidInput: it is not a number of 0 or more.
    """
    asked = os.environ.get(VARIABLE, "").strip() or str(DEFAULT_SECONDS)
    try:
        seconds = float(asked)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds < math.inf:
        raise InvalidInput(f"{VARIABLE} must be a number of seconds, 0 or more. Received: {asked[:40]!r}")
    return seconds


class StoppableServer(uvicorn.Server):
    """uvicorn's server, which alone waits for requests without end, ignores a second SIGTERM, and ends by the signal.

    It does not say by which program it was written (ASVS 14.3.3).
    """

    def __init__(self, config: uvicorn.Config) -> None:
        # uvicorn takes whole seconds, and waits without end for 0
        config.timeout_graceful_shutdown = max(1, math.ceil(asked_seconds()))
        config.server_header = False
        super().__init__(config)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to stop; the second time: end now. Not noted for uvicorn, which would raise the signal again."""
        if self.should_exit:
            signal.signal(sig, signal.SIG_DFL)
            os.kill(os.getpid(), sig)
            return
        self.should_exit = True
        seconds = (self.config.timeout_graceful_shutdown or 0) + END_SECONDS
        threading.Thread(target=end_after, args=(seconds,), name="end", daemon=True).start()


def end_after(seconds: float) -> None:
    """End this process with the code 0, if it has not ended by itself until then."""
    time.sleep(seconds)
    logger.warning("The web process did not end within %.0f s and was ended.", seconds)
    logging.shutdown()
    os._exit(0)


def stop_gracefully() -> None:
    """Make Streamlit start ``StoppableServer``; before it starts one.

    Raises:
        InvalidInput: ``GRAFT_STOP_SECONDS`` is not understood.
    """
    asked_seconds()
    uvicorn.Server = StoppableServer  # type: ignore[misc]
