"""Processes told apart by id, start time and boot."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from core.files.locks import acquire
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


def test_the_processes_of_a_run_are_its_session_and_all_descendants():
    grandchild = "import subprocess; subprocess.run(['sleep', '60'], start_new_session=True)"
    parent = subprocess.Popen([sys.executable, "-c", grandchild], start_new_session=True)
    try:
        leader = processes.identity_of(parent.pid)
        eventually(lambda: len(processes.members(leader)) == 2)
        assert parent.pid in processes.members(leader)
        stranger = Identity(pid=leader.pid, started=leader.started + 1, boot=leader.boot)
        assert processes.members(stranger) == []
        pids = processes.members(leader)
        assert 0 < processes.memory_bytes(pids) <= processes.resident_bytes(pids)
    finally:
        for pid in processes.members(leader):
            processes.signal_process(processes.identity_of(pid), signal.SIGKILL)
        parent.wait()


def test_the_memory_of_a_process_is_what_it_holds():
    held = subprocess.Popen([sys.executable, "-c", "x = b'x' * 10**8; print(1, flush=True); input()"],
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # fmt: skip
    try:
        held.stdout.readline()
        assert 10**8 <= processes.memory_bytes([held.pid]) < 2 * 10**8
        assert 10**8 <= processes.resident_bytes([held.pid]) < 2 * 10**8
    finally:
        held.communicate()
    assert processes.memory_bytes([held.pid]) == 0 and processes.cpu_seconds([held.pid]) == 0.0


def test_the_processes_that_hold_a_lock_are_those_that_took_or_inherited_it_and_not_who_asks(tmp_path):
    path = tmp_path / "alive.lock"
    with acquire(path) as lock:
        inherits = subprocess.Popen(["sleep", "60"], pass_fds=[lock.descriptor])
    with path.open() as opened:  # as is_held() has it for a moment
        asks = subprocess.Popen(["sleep", "60"], pass_fds=[opened.fileno()])
    try:
        assert [process.pid for process in processes.processes_that_hold(path)] == [inherits.pid]
    finally:
        for process in (inherits, asks):
            process.kill()
            process.wait()
    assert processes.processes_that_hold(path) == []
