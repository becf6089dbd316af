"""No telemetry: neither the server nor its pages connect to anything but this machine.

Every Python process of the server notes where it connects to and which names it looks up (``sys.addaudithook``).
"""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from core.settings import REPOSITORY
from tests.browser.conftest import Server, start_server, stop_server, visit_with

NOTING = """
import os, sys

def note(event, arguments):
    if event == "socket.connect" or event == "socket.sendto":
        where = arguments[1]
    elif event == "socket.getaddrinfo" or event == "socket.gethostbyname":
        where = arguments[:2]
    else:
        return
    with open(os.environ["NOTED"], "a") as file:
        file.write(f"{event} {where!r}\\n")

sys.addaudithook(note)
"""
HERE = re.compile(r"socket\.\w+ (\(('127\.0\.0\.1'|'localhost'|'::1'|None), .*|'.*'|b'.*')")
"""This machine, or a Unix socket."""


@pytest.fixture
def noting(tmp_path, monkeypatch) -> Path:
    """The file in which a server notes its connections."""
    (tmp_path / "sitecustomize.py").write_text(NOTING)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("NOTED", str(tmp_path / "noted.txt"))
    return tmp_path / "noted.txt"


@pytest.fixture
def server(noting, tmp_path) -> Server:
    server = start_server(tmp_path / "home", tmp_path / "server.log")
    yield server
    stop_server(server)


def elsewhere(noted: Path) -> list[str]:
    lines = noted.read_text().splitlines() if noted.exists() else []
    return [line for line in lines if not HERE.match(line)]


def test_the_usage_statistics_of_streamlit_are_off():
    settings = tomllib.loads((REPOSITORY / ".streamlit" / "config.toml").read_text())
    assert settings["browser"]["gatherUsageStats"] is False


def test_a_server_and_its_pages_connect_to_nothing_elsewhere(context, server, noting):
    visit = visit_with(context, server)
    visit.page.set_default_navigation_timeout(120_000)  # notes slow the first page down
    for path in ("/", "/datasets", "/backbones", "/api"):
        visit.open(path)
    assert elsewhere(noting) == []
    assert visit.outside == []


def test_what_connects_elsewhere_is_noted(noting, tmp_path):
    """The guard itself."""
    code = "import socket\ntry: socket.create_connection(('192.0.2.1', 9), timeout=0.01)\nexcept OSError: pass"
    subprocess.run([sys.executable, "-c", code], check=True)
    assert elsewhere(noting) and "192.0.2.1" in elsewhere(noting)[0]
