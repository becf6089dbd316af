"""A home with a dataset, whose runs are trained by ``fake_trainer``: for the tests of jobs."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from core.files.home import run_folder, runs_folder
from core.files.locks import is_held
from core.jobs import processes
from core.jobs.local_launcher import LocalLauncher
from core.jobs.protocol import code_version, write_state
from core.jobs.slots import CPU
from core.jobs.supervisor import Supervisor
from core.jobs.trainers import Command
from core.recipes.recipe import Recipe
from core.registry import Registry
from core.runs.needs import RunNeeds
from core.runs.values import Attempt, Run, Status
from core.settings import Settings
from tests.factories import make_dataset, make_photos, make_run

FAKE_TRAINER = [sys.executable, str(Path(__file__).with_name("fake_trainer.py"))]
FAKE_DRIVER = """
from types import SimpleNamespace
class NVMLError(Exception): pass
def nvmlInit(): pass
def nvmlShutdown(): pass
def nvmlDeviceGetCount(): return 2
def nvmlDeviceGetHandleByIndex(index): return index
def nvmlDeviceGetUUID(handle): return f"GPU-{handle}"
def nvmlDeviceGetName(handle): return f"Fake GPU {handle}"
def nvmlDeviceGetMemoryInfo(handle): return SimpleNamespace(total=(24 + 56 * handle) * 10**9)
"""
"""A fake ``pynvml`` with two GPUs, of 24 and 80 GB."""


def fake_command(run_id: str, attempt: int) -> list[str]:
    return [*FAKE_TRAINER, run_id, "--attempt", str(attempt)]


def eventually(condition: Callable[[], object], what: str = "", timeout: float = 120.0) -> None:
    """Wait until ``condition()`` is true; the limit is generous, because it is only reached when a test fails."""
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, f"did not happen: {what or condition}"
        time.sleep(0.02)


class Home:
    def __init__(self, settings: Settings, registry: Registry):
        self.settings, self.registry = settings, registry
        self._added = 0
        photos = make_photos()
        registry.add_dataset(make_dataset(photos), photos)

    def add(self, *, priority: int = 0, backbone: str | None = None, needs: RunNeeds | None = None, **script) -> Run:
        """Schedule a run with a script for ``fake_trainer``."""
        self._added += 1
        recipe = {"recipe": Recipe(backbone=backbone)} if backbone else {}
        run = make_run(self._added, priority=priority, **recipe)
        self.folder(run).mkdir(parents=True)
        (self.folder(run) / "script.json").write_text(json.dumps(script))
        return self.registry.add_run(run, needs)

    def rewrite(self, run: Run, **script) -> None:
        (self.folder(run) / "script.json").write_text(json.dumps(script))

    def supervisor(self, slots=(CPU,), grace: float = 1.0) -> Supervisor:
        """A supervisor in the test's process, whose rounds the test calls."""
        return Supervisor(self.settings, self.registry, self.launcher(slots), grace=grace)

    def launcher(self, slots=(CPU,), command: Command = fake_command) -> LocalLauncher:
        return LocalLauncher(self.settings, self.registry, slots, command=command)

    def say_this_is_a_supervisor(self, version: str = "") -> None:
        """Write the state file of a supervisor, without which trainers of this test claim no further run."""
        write_state(self.settings, version or code_version(), slots=())

    def folder(self, run: Run) -> Path:
        return run_folder(self.settings, run.id).path

    def lock(self, run: Run) -> Path:
        return self.folder(run) / "alive.lock"

    def status(self, run: Run) -> Status:
        return self.registry.run(run.id).status

    def starts(self, run: Run) -> list[dict]:
        """The records of the trainers of a run, one per started process."""
        path = self.folder(run) / "starts.txt"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def violations(self) -> list[str]:
        return [path.read_text() for path in runs_folder(self.settings).glob("*/violations.txt")]

    def dead_but_running(self) -> list[Attempt]:
        """Attempts that are running in the registry but have no process."""
        lock = "alive.lock"
        running = self.registry.running_attempts()
        return [attempt for attempt in running if not is_held(run_folder(self.settings, attempt.run_id).path / lock)]

    def works_until(self, supervisor: Supervisor, condition: Callable[[], object], what: str = "") -> None:
        """Rounds of the supervisor until ``condition()`` is true."""

        def step() -> object:
            supervisor.round()
            return condition()

        eventually(step, what)

    def kill_everything(self) -> None:
        locked = [self.settings.home / "supervisor.lock", *runs_folder(self.settings).glob("*/alive.lock")]
        for path in locked:
            for process in processes.processes_that_hold(path):
                processes.signal_process(process, signal.SIGKILL)


def sleeper() -> subprocess.Popen:
    """A process unrelated to Graft."""
    return subprocess.Popen(["sleep", "60"], start_new_session=True)


def is_running(pid: int) -> bool:
    return processes.identity_of(pid) is not None


def kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
