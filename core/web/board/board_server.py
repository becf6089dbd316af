"""TensorBoard's process: ``python -m core.web.board.board_server DESCRIPTOR PATH``.

Started by ``core.web.board.board_process``. DESCRIPTOR is a Unix socket that listens at PATH. The process ends when its
standard input is closed; TensorBoard's data server, which reads the event files, ends with it by the same means.
"""

import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from werkzeug.serving import WSGIRequestHandler, make_server

from core.errors import InvalidInput
from core.files.home import runs_folder
from core.registry import Registry
from core.settings import load_settings
from core.web.board.runs import RegistryRuns
from core.web.board.tensorboard import make_wsgi, stop_reading


class _Handler(WSGIRequestHandler):
    """One request a connection, and no line a request: the access log is that of the web process."""

    protocol_version = "HTTP/1.0"

    def log(self, type: str, message: str, *args: Any) -> None:
        if type == "error":
            super().log(type, message, *args)

    def address_string(self) -> str:
        return "web process"


def main(arguments: list[str]) -> int:
    """Answers until the standard input is closed."""
    if len(arguments) != 2:
        raise InvalidInput("usage: python -m core.web.board.board_server DESCRIPTOR PATH")
    settings = load_settings()
    wsgi, program = make_wsgi(runs_folder(settings), RegistryRuns(Registry.of(settings)))
    server = make_server(
        f"unix://{arguments[1]}", 0, wsgi, threaded=True, request_handler=_Handler, fd=int(arguments[0])
    )
    threading.Thread(target=_end_with_input, args=(server,), name="input", daemon=True).start()
    try:
        server.serve_forever()
    finally:
        stop_reading(program)
        _remove_socket(Path(arguments[1]))
    return 0


def _remove_socket(path: Path) -> None:
    """And its folder, which a web process that was killed leaves behind."""
    with suppress(OSError):
        path.unlink()
        path.parent.rmdir()


def _end_with_input(server: Any) -> None:
    sys.stdin.buffer.read()
    server.shutdown()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
