"""The process that runs TensorBoard, by itself."""

import http.client
import os
import socket
import subprocess
import sys

import pytest

from core.errors import InvalidInput
from core.settings import REPOSITORY
from core.web.board.board_server import main


@pytest.mark.parametrize("arguments", [[], ["3"], ["3", "/tmp/socket", "more"]])
def test_it_says_how_it_is_started(arguments):
    with pytest.raises(InvalidInput, match="DESCRIPTOR PATH"):
        main(arguments)


def test_it_ends_with_its_input_says_nothing_and_imports_neither_streamlit_nor_tensorflow(settings, tmp_path):
    """A request that comes before it is ready waits for it."""
    path = str(tmp_path / "socket")
    settings.home.mkdir(exist_ok=True)
    code = (
        "import sys; from core.web.board.board_server import main; code = main(sys.argv[1:])\n"
        "print([m for m in ('streamlit', 'pandas', 'tensorflow', 'keras') if m in sys.modules]); sys.exit(code)"
    )
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
        listening.bind(path)
        listening.listen()
        process = subprocess.Popen(
            [sys.executable, "-c", code, str(listening.fileno()), path],
            cwd=REPOSITORY,
            env=os.environ | {"GRAFT_HOME": str(settings.home)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            pass_fds=[listening.fileno()],
        )
    connection = http.client.HTTPConnection("localhost")
    connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.sock.connect(path)
    connection.request("GET", "/data/environment")
    assert connection.getresponse().status == 200
    output, errors = process.communicate(timeout=60)  # closes its input
    assert (process.returncode, output.strip(), errors) == (0, "[]", "")
