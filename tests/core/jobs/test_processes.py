"""Processes told apart by id, start time and boot."""

import signal
import subprocess
from pathlib import Path

import pytest

from core.jobs import processes
from core.jobs.processes import Identity
from tests.jobs_home import eventually, sleeper


@pytest.fixture
def other():
    process = sleeper()
    yield process
    process.kill()
    process.wait()


def test_a_process_is_known_by_id_start_and_boot(other):
    identity = processes.identity_of(other.pid)
    assert processes.is_alive(identity)
    assert Identity.from_dict(identity.to_dict()) == identity
    for wrong in ({"started": identity.started + 1}, {"boot": "another"}):
        assert not processes.is_alive(Identity(**(identity.to_dict() | wrong)))


def test_a_dead_process_is_dead_even_while_its_parent_has_not_looked(other):
    identity = processes.identity_of(other.pid)
    assert processes.signal_process(identity, signal.SIGKILL)
    eventually(lambda: not processes.is_alive(identity))
    assert other.returncode is None  # a zombie: nobody has called wait
    assert processes.identity_of_child(other.pid) == identity


def test_no_signal_reaches_a_process_that_only_has_the_same_id(other):
    identity = processes.identity_of(other.pid)
    stranger = Identity(pid=identity.pid, started=identity.started - 1, boot=identity.boot)
    assert not processes.signal_process(stranger, signal.SIGKILL)
    assert not processes.signal_group(stranger, signal.SIGKILL)
    assert other.poll() is None


@pytest.mark.parametrize("data", [None, {}, {"pid": 1}, {"pid": "x", "started": 1, "boot": ""}])
def test_what_is_no_identity_is_none(data):
    assert Identity.from_dict(data) is None


def test_a_process_name_with_blanks_and_brackets_is_no_trouble(tmp_path):
    program = tmp_path / "a) R (b"
    program.symlink_to("/bin/sleep")
    process = subprocess.Popen([program, "60"])
    try:
        eventually(lambda: ") R (" in Path(f"/proc/{process.pid}/stat").read_text())
        assert processes.is_alive(processes.identity_of(process.pid))
    finally:
        process.kill()
        process.wait()
