"""Starting, finding and stopping the supervisor, for the web process and the command line."""

import hashlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from dataclasses import dataclass

from core.errors import Unavailable
from core.files.home import registry_file, supervisor_log, supervisor_state
from core.jobs.logs import last_lines, open_log
from core.jobs.processes import Identity, is_alive, signal_process
from core.settings import REPOSITORY, Settings

INTERRUPT = signal.SIGUSR1
WAKE = signal.SIGUSR2
READY, ALREADY_RUNNING = "up", "taken"
"""What a new supervisor says through its pipe: it runs, or another one has this home."""


@dataclass(frozen=True, kw_only=True)
class SupervisorStatus:
    """Whether a supervisor watches this home.

    Args:
        running: whether it lives.
        process: which process it is.
        started_at: seconds since 1970, UTC.
        version: of its code; ``is_current``: whether that is the code on the disk.
        slots: titles of where it runs things.
    """

    running: bool
    process: Identity | None = None
    started_at: float | None = None
    version: str = ""
    is_current: bool = False
    slots: tuple[str, ...] = ()


def supervisor_status(settings: Settings) -> SupervisorStatus:
    """Who watches this home now."""
    try:
        data = json.loads(supervisor_state(settings).read_bytes())
        process = Identity.from_dict(data["process"])
        started_at, version, slots = float(data["started_at"]), str(data["version"]), tuple(data["slots"])
    except (OSError, ValueError, KeyError, TypeError):
        return SupervisorStatus(running=False)
    if process is None or not is_alive(process):
        return SupervisorStatus(running=False)
    return SupervisorStatus(
        running=True,
        process=process,
        started_at=started_at,
        version=version,
        is_current=version == code_version(),
        slots=slots,
    )


def ensure_supervisor(settings: Settings, timeout: float = 40.0) -> SupervisorStatus:
    """Start a supervisor when none runs, else wake it; a supervisor of older code is replaced (its trainers go on).

    Any number of callers may do so at once: the lock of the home lets one supervisor through.

    Raises:
        Unavailable: it cannot start; the sentence quotes its log.
    """
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        status = supervisor_status(settings)
        if status.running and status.is_current:
            wake(settings)
            return status
        if status.running:
            stop_supervisor(settings)
        if _start(settings, deadline) != ALREADY_RUNNING:
            continue
        time.sleep(0.05)  # another caller's is on its way up, or an old one on its way out
    raise Unavailable(f"The supervisor did not come up within {timeout:.0f} seconds. {_log_says(settings)}")


def stop_supervisor(settings: Settings, now: bool = False, timeout: float = 60.0) -> bool:
    """End the supervisor; True when one ran. Trainers go on, and the next supervisor adopts them.

    With ``now`` trainers are interrupted, and their runs go back into the queue; True also when only trainers ran.

    Raises:
        Unavailable: it does not stop.
    """
    status = supervisor_status(settings)
    if status.process is None:
        return now and registry_file(settings).exists() and _interrupt_trainers(settings)
    signal_process(status.process, INTERRUPT if now else signal.SIGTERM)
    deadline = time.monotonic() + timeout
    while is_alive(status.process):
        if time.monotonic() > deadline:
            raise Unavailable(f"The supervisor (process {status.process.pid}) does not stop. {_log_says(settings)}")
        time.sleep(0.02)
    return True


def wake(settings: Settings) -> None:
    """Wake the supervisor, so that a new run or a cancellation is seen at once."""
    status = supervisor_status(settings)
    if status.process:
        signal_process(status.process, WAKE)


def code_version() -> str:
    """A digest of the supervisor's own sources as they are on the disk now."""
    core = REPOSITORY / "core"
    digest = hashlib.sha256()
    for path in sorted([*core.glob("*.py"), *core.glob("jobs/*.py"), *core.glob("registry/**/*.py")]):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _interrupt_trainers(settings: Settings) -> bool:
    from core.jobs.service import interrupt_trainers  # it needs the registry, which most callers of this module don't

    return interrupt_trainers(settings)


def _start(settings: Settings, deadline: float) -> str:
    """Start one and wait for its word, ``READY`` or ``ALREADY_RUNNING``."""
    settings.home.mkdir(parents=True, exist_ok=True)
    read, write = os.pipe()
    try:
        _spawn(settings, write)
    finally:
        os.close(write)
    try:
        waiting = select.poll()  # select() knows no descriptor above 1,023, and a server may have more
        waiting.register(read, select.POLLIN)
        ready = waiting.poll(1000 * max(0.0, deadline - time.monotonic()))
        word = os.read(read, 100).decode() if ready else ""
    finally:
        os.close(read)
    if ready and not word:  # the pipe was closed by its death
        raise Unavailable(f"The supervisor could not be started. {_log_says(settings)}")
    return word


def _spawn(settings: Settings, ready: int) -> None:
    """Start it in its own session. It forks once more, so that it is nobody's child and leaves no zombie behind."""
    log = open_log(supervisor_log(settings))
    try:
        subprocess.run(
            [sys.executable, "-m", "core.jobs", "--detach", "--ready", str(ready)],
            cwd=REPOSITORY,
            env={**os.environ, **_environment(settings)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=(ready,),
            start_new_session=True,
            check=True,
        )
    except subprocess.CalledProcessError:
        raise Unavailable(f"The supervisor could not be started. {_log_says(settings)}") from None
    finally:
        os.close(log)


def _environment(settings: Settings) -> dict[str, str]:
    return {
        "GRAFT_HOME": str(settings.home.resolve()),
        "GRAFT_PORT": str(settings.port),
        "GRAFT_FEATURES_GB": repr(settings.features_limit_bytes / 10**9),
        "CUDA_VISIBLE_DEVICES": "-1",
    }


def _log_says(settings: Settings) -> str:
    path = supervisor_log(settings)
    lines = last_lines(path)
    return f"{path} ends with: {lines[0][:500]}" if lines else f"See {path}."
