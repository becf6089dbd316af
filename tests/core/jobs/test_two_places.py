"""Two containers on one home, as two namespaces of process ids: one supervisor acts, and no run is trained twice.

The leases have 3 seconds here instead of 45.
"""

import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

from core import jobs
from core.files.home import supervisor_lock
from core.jobs import processes
from core.jobs.exit_policy import ExitCode
from core.registry.leases import SUPERVISOR, lease_of_run
from core.runs.values import Status
from core.settings import REPOSITORY
from tests.jobs_home import eventually

SUPERVISE = f"{sys.executable} -m core.jobs"


def _unshare() -> list[str]:
    """Runs a command in a namespace of process ids of its own, as a container does."""
    command = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]
    works = shutil.which("unshare") and subprocess.run([*command, "true"], capture_output=True).returncode == 0
    return command if works else []


pytestmark = pytest.mark.skipif(not _unshare(), reason="this user may not make namespaces of process ids")


@pytest.fixture
def container(home, monkeypatch):
    """Starts a command in another container that has this home; all of it is killed at the end."""
    monkeypatch.setenv("GRAFT_LEASE_SECONDS", "3")
    started = []

    def start(command: str) -> subprocess.Popen:
        environ = os.environ | {"GRAFT_HOME": str(home.settings.home)}
        started.append(subprocess.Popen([*_unshare(), "sh", "-c", command], cwd=REPOSITORY, env=environ))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def elsewhere(home) -> bool:
    return bool(jobs.supervisor_status(home.settings).elsewhere)


def ensure_that_it_is_here(home):
    """As the web process does every few seconds."""
    if jobs.was_killed(home.settings):
        jobs.ensure_supervisor(home.settings)
    return jobs.supervisor_status(home.settings).process


def test_the_second_container_works_and_takes_over_when_the_first_is_killed(home, container):
    first = container(f"exec {SUPERVISE}")
    eventually(lambda: elsewhere(home))
    short, long = home.add(epochs=1), home.add(epochs=10_000, seconds=0.05)
    status = jobs.ensure_supervisor(home.settings)
    assert status.elsewhere.startswith("process 1 of ") and status.slots == ("CPU",)
    eventually(lambda: home.status(short) is Status.FINISHED and home.registry.epochs(long.id))
    command = [sys.executable, "-m", "core", "stop"]
    environ = os.environ | {"GRAFT_HOME": str(home.settings.home)}
    stopped = subprocess.run(command, cwd=REPOSITORY, env=environ, capture_output=True, text=True, timeout=60)
    assert stopped.returncode == 1 and "is process 1 of" in stopped.stderr

    before = home.registry.last_lease(SUPERVISOR)
    first.kill()
    eventually(lambda: ensure_that_it_is_here(home))
    eventually(lambda: len(home.starts(long)) == 2)
    assert home.registry.lease(SUPERVISOR).token == before.token + 1
    assert home.registry.lease(SUPERVISOR).holder != before.holder
    assert home.registry.last_lease(lease_of_run(long.id)).token in (1, 2)
    home.rewrite(long, epochs=home.registry.run(long.id).epochs_done + 3)
    eventually(lambda: home.registry.last_lease(lease_of_run(long.id)).token == 2)
    os.kill(home.starts(long)[1]["pid"], signal.SIGKILL)  # the third attempt reads the new script
    eventually(lambda: home.status(long) is Status.FINISHED)
    numbers = [epoch.number for epoch in home.registry.epochs(long.id)]
    assert numbers == list(range(1, len(numbers) + 1))
    assert home.violations() == []
    assert len(home.starts(short)) == 1


def test_a_trainer_that_outlives_its_supervisor_in_another_container_is_left_to_end(home, container):
    container(f"{SUPERVISE} & echo $! > {home.settings.home}/pid; wait; sleep 60")
    eventually(lambda: elsewhere(home))
    run = home.add(epochs=100, seconds=0.1)
    eventually(lambda: home.registry.epochs(run.id))
    (supervisor,) = processes.processes_that_hold(supervisor_lock(home.settings))
    os.kill(supervisor.pid, signal.SIGKILL)
    eventually(lambda: ensure_that_it_is_here(home))
    eventually(lambda: home.registry.lease(SUPERVISOR) and not elsewhere(home))
    log = home.settings.home / "supervisor.log"
    eventually(lambda: f"run {run.id}: adopted attempt 1" in log.read_text())
    time.sleep(1.5)  # longer than what an orphan is given
    assert home.status(run) is Status.RUNNING and len(home.starts(run)) == 1
    eventually(lambda: home.status(run) is Status.FINISHED)
    assert [attempt.number for attempt in home.registry.attempts(run.id)] == [1]


def test_a_trainer_that_stood_still_for_longer_than_its_lease_writes_nothing_any_more(home, monkeypatch):
    """Its supervisor takes it for dead only where it cannot see its process, as on another machine."""
    monkeypatch.setenv("GRAFT_LEASE_SECONDS", "3")
    run = home.add(epochs=10_000, seconds=0.05)
    home.registry.claim("cpu", "a supervisor")
    frozen = home.launcher().start(run.id, 1, home.launcher().slots()[0])
    eventually(lambda: len(home.registry.epochs(run.id)) >= 2)
    os.kill(frozen.process.pid, signal.SIGSTOP)
    eventually(lambda: home.registry.lease(lease_of_run(run.id)) is None)
    home.registry.requeue(run.id, 1)
    home.lock(run).unlink()  # on another machine there is none
    supervisor = home.supervisor()
    home.works_until(supervisor, lambda: len(home.starts(run)) == 2)
    done = len(home.registry.epochs(run.id))
    home.works_until(supervisor, lambda: len(home.registry.epochs(run.id)) >= done + 3)
    os.kill(frozen.process.pid, signal.SIGCONT)
    # Refused by its own lease or by the registry, whichever comes first.
    assert frozen._child.wait(timeout=60) in (ExitCode.LOST, ExitCode.FAILED)
    home.works_until(supervisor, lambda: len(home.registry.epochs(run.id)) >= done + 6)
    epochs = home.registry.epochs(run.id)
    assert [epoch.number for epoch in epochs] == list(range(1, len(epochs) + 1))
    assert [epoch.attempt for epoch in epochs] == [1] * done + [2] * (len(epochs) - done)
    assert home.registry.run(run.id).attempt == 2


def test_a_wrong_clock_of_one_machine_changes_no_lease(home):
    """The clock of the database decides: a process whose own clock is an hour ahead, or behind, sees the same lease."""
    lease = home.registry.take("import", "here")
    program = (
        "import sys, time; from pathlib import Path; real = time.time; time.time = lambda: real() + float(sys.argv[2]);"
        "from core.registry import Registry; registry = Registry.open(Path(sys.argv[1]));"
        "print(registry.take('import', 'there'), registry.lease('import').expires_at)"
    )
    for hour in ("3600", "-3600"):
        command = [sys.executable, "-c", program, str(home.registry.database.path), hour]
        said = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout
        assert said == f"None {lease.expires_at}\n"
