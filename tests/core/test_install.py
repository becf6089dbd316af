"""``.ci/install``: by uv, and by pip where uv cannot or may not; with a wheel that is built here, without a network."""

import os
import subprocess
import sys
import zipfile
from hashlib import sha256
from pathlib import Path

import pytest

from core.settings import REPOSITORY

PYTHON = """#!/bin/sh
# A Python whose pip says what it was asked for: an index for `pip config list`, nothing else is installed.
case "$*" in
  "-m pip config list") printf "%s" "$PIP_SETTINGS" ;;
  "-m uv "*) echo "uv $*" >> "$SAID"; exit "${UV_FAILS:-0}" ;;
  "-m pip install "*) echo "pip $*" >> "$SAID" ;;
esac
"""
LOCK = "requirements.lock"


@pytest.fixture
def install(tmp_path):
    """Installs a lock with a Python that notes what it is asked; returns who installed what, and what was told."""
    python = tmp_path / "python"
    python.write_text(PYTHON)
    python.chmod(0o755)

    def run(**environment: str) -> tuple[list[tuple[str, str]], str]:
        said = tmp_path / "said"
        said.write_text("")
        command = [str(REPOSITORY / ".ci" / "install"), str(python), LOCK]
        told = subprocess.run(
            command, env=os.environ | environment | {"SAID": str(said)}, check=True, capture_output=True, text=True
        )
        asked = [line.split() for line in said.read_text().splitlines()]
        return [(words[0], Path(words[-1]).name) for words in asked], told.stderr

    return run


def test_uv_installs_what_the_lock_says(install):
    assert install() == ([("pip", "requirements-setup.lock"), ("uv", LOCK)], "")


def test_pip_installs_where_uv_fails(install):
    asked, told = install(UV_FAILS="2")
    assert asked[-2:] == [("uv", LOCK), ("pip", LOCK)]
    assert told == f"uv could not install {LOCK} here; pip installs it.\n"


def test_an_index_that_pip_is_set_to_is_asked_and_no_other(install):
    assert install(PIP_SETTINGS="global.index-url='https://mirror.example/simple'\n") == ([("pip", LOCK)], "")
    assert install(PIP_SETTINGS="global.extra-index-url='https://more.example'\n")[0][-1] == ("uv", LOCK)


def test_a_file_whose_hash_is_not_in_the_lock_is_refused(tmp_path):
    pytest.importorskip("uv")
    wheel = tmp_path / "thing-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as made:
        made.writestr("thing.py", "")
        made.writestr("thing-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: thing\nVersion: 1.0\n")
        made.writestr("thing-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        made.writestr("thing-1.0.dist-info/RECORD", "")
    right = sha256(wheel.read_bytes()).hexdigest()
    for digest, installed in ((right, True), ("0" * 64, False)):
        lock = tmp_path / "thing.lock"
        lock.write_text(f"--require-hashes\n--only-binary :all:\nthing==1.0 --hash=sha256:{digest}\n")
        target = tmp_path / digest
        options = ["--no-index", "--find-links", str(tmp_path), "--target", str(target), "--no-cache"]
        asked = [sys.executable, "-m", "uv", "pip", "install", "--require-hashes", *options, "-r", str(lock)]
        done = subprocess.run(asked, capture_output=True, text=True)
        assert (done.returncode == 0, (target / "thing.py").exists()) == (installed, installed), done.stderr
