"""Starting the dashboard: one process, one port, one line that says where."""

import os
import socket
import sys
from typing import Any, NoReturn

from streamlit import config

from core.errors import Conflict
from core.settings import REPOSITORY, Settings, load_settings


def serve(settings: Settings | None = None) -> NoReturn:
    """Replace this process by the dashboard (``python app.py``)."""
    settings = settings or load_settings()
    refuse_taken_port(address(), settings.port)
    environ = os.environ | {"GRAFT_HOME": str(settings.home), "GRAFT_PORT": str(settings.port)}
    os.chdir(REPOSITORY)
    os.execve(sys.executable, [sys.executable, str(REPOSITORY / "app.py")], environ)


def run(app: Any, settings: Settings | None = None) -> None:
    """Serve the ``st.App`` until stopped; the last line of ``app.py``."""
    settings = settings or load_settings()
    try:
        refuse_taken_port(address(), settings.port)
    except Conflict as error:
        raise SystemExit(str(error)) from None
    app.run(config={"server.port": settings.port})


def address() -> str:
    """127.0.0.1 unless ``STREAMLIT_SERVER_ADDRESS`` asks for another."""
    return config.get_option("server.address") or "127.0.0.1"


def refuse_taken_port(host: str, port: int) -> None:
    """Streamlit would go on searching for another port, or die with a traceback.

    Raises:
        Conflict: something listens there already.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise Conflict(
                f"Port {port} of {host} cannot be used ({error.strerror}). "
                f"Is Graft running already? Stop it, or choose another port with GRAFT_PORT."
            ) from None
