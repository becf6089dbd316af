"""Command lines are run by a real shell, as Ray does."""

import json
import subprocess
import sys

import pytest

from core.jobs.cluster.commands import FOLDER, command_line
from core.settings import Settings

PRINTED = "import json, os, sys; print(json.dumps([dict(os.environ), sys.argv, os.getcwd()]))"


@pytest.fixture
def of_all(tmp_path):
    return Settings(
        home=tmp_path, registry="postgresql://u@h/d", artifacts="file:///shared/it's here", cache=tmp_path / "a b"
    )


@pytest.fixture
def place(tmp_path):
    """A folder of Graft on a machine, whose interpreter runs a module that prints."""
    (tmp_path / "graft it" / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / "graft it" / ".venv" / "bin" / "python").symlink_to(sys.executable)
    (tmp_path / "graft it" / "printed.py").write_text(PRINTED)
    return tmp_path / "graft it"


def run(line, **environ):
    done = subprocess.run(line, shell=True, env={"PATH": "/usr/bin:/bin", **environ}, capture_output=True, check=True)
    return json.loads(done.stdout)


def test_the_settings_of_all_machines_arrive(of_all, place, tmp_path):
    line = command_line("printed", ["a b", "$(c)"], of_all, {FOLDER: str(place), "PGPASSFILE": "/p"})
    environment, arguments, folder = run(line)
    assert environment["GRAFT_REGISTRY"] == "postgresql://u@h/d"
    assert environment["GRAFT_ARTIFACTS"] == "file:///shared/it's here"
    assert environment["GRAFT_CACHE"] == str(tmp_path / "a b")
    assert environment["PGPASSFILE"] == "/p"
    assert arguments[1:] == ["a b", "$(c)"]
    assert folder == str(place)


def test_what_a_machine_has_of_its_own_counts_there(of_all, place):
    line = command_line("printed", [], of_all, {FOLDER: str(place), "PGPASSFILE": "/p"})
    environment, _, _ = run(line, GRAFT_CACHE="/its own", PGPASSFILE="/q", GRAFT_REGISTRY="other")
    assert (environment["GRAFT_CACHE"], environment["PGPASSFILE"]) == ("/its own", "/q")
    assert environment["GRAFT_REGISTRY"] == "postgresql://u@h/d"


def test_no_secret_is_in_the_line(of_all):
    environ = {"AWS_SECRET_ACCESS_KEY": "s3cret", "PGPASSWORD": "s3cret", "GRAFT_RAY_TOKEN_FILE": "/t"}
    line = command_line("m", [], of_all, environ)
    assert "s3cret" not in line and "/t" not in line.split()
    assert sys.executable in line


def test_a_machine_may_have_graft_elsewhere(of_all, place):
    _, _, folder = run(command_line("printed", [], of_all, {}), GRAFT_NODE_FOLDER=str(place))
    assert folder == str(place)
