"""Starting, finding and stopping the supervisor, for the web process and the command line."""

import os
import select
import subprocess
import sys
import time
from contextlib import suppress

from core.errors import Conflict, Unavailable
from core.files.home import run_folders, supervisor_lock, supervisor_log, supervisor_state
from core.files.locks import is_held
from core.jobs.logs import last_lines, open_log
from core.jobs.processes import is_alive, signal_process
from core.jobs.protocol import ALREADY_RUNNING, INTERRUPT, STOP, WAKE, SupervisorStatus, supervisor_status
from core.settings import REPOSITORY, Settings


def ensure_supervisor(settings: Settings, timeout: float = 40.0) -> SupervisorStatus:
    """Start a supervisor, or wake the running one. One that runs older code is replaced; its trainers continue.

    Several callers at once are safe: the lock of the home lets only one supervisor run. Where another container has
    this home, its supervisor is the one; it sees the queue in the registry.

    Raises:
        Unavailable: it cannot start; the message quotes its log.
    """
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        status = supervisor_status(settings)
        if status.running and (status.is_current or status.process is None):
            wake(settings)
            return status
        if status.running:
            stop_supervisor(settings)
        if _start(settings, deadline) != ALREADY_RUNNING:
            continue
        time.sleep(0.05)  # another caller is starting one, or an old one is still stopping
    raise Unavailable(f"The supervisor did not come up within {timeout:.0f} seconds. {_log_ends_with(settings)}")


def stop_supervisor(settings: Settings, now: bool = False, timeout: float = 60.0) -> bool:
    """Stop the supervisor; True when one was running. Trainers continue, and the next supervisor watches them.

    With ``now``, trainers are stopped too and their runs go back into the queue; True also when only trainers ran.
    The registry is not needed, and nothing must be written: this works in a damaged or read-only home.

    Raises:
        Unavailable: it does not stop.
        Conflict: it is one of another machine or container.
    """
    status = supervisor_status(settings)
    if status.process is None:
        if status.elsewhere:
            raise Conflict(
                f"The supervisor of {settings.home} is {status.elsewhere}. Stop it there: python -m core stop"
            )
        with suppress(OSError):  # of one that was killed, and is not to be started again (see ``was_killed``)
            supervisor_state(settings).unlink(missing_ok=True)
        return now and _interrupt_trainers(settings)
    signal_process(status.process, INTERRUPT if now else STOP)
    deadline = time.monotonic() + timeout
    while is_alive(status.process):
        if time.monotonic() > deadline:
            raise Unavailable(
                f"The supervisor (process {status.process.pid}) does not stop. {_log_ends_with(settings)}"
            )
        time.sleep(0.02)
    return True


def was_killed(settings: Settings) -> bool:
    """Whether the last supervisor ended without being stopped, so that nobody watches its runs: it left its state."""
    path = supervisor_state(settings)
    return path.exists() and not supervisor_status(settings).running and not is_held(supervisor_lock(settings))


def wake(settings: Settings) -> None:
    """Wake the supervisor, so that a new run or a cancellation is seen at once."""
    status = supervisor_status(settings)
    if status.process:
        signal_process(status.process, WAKE)


def _interrupt_trainers(settings: Settings) -> bool:
    from core.jobs.service import interrupt_trainers  # imports SQLAlchemy, which most callers do not need

    held = [folder for folder in run_folders(settings) if is_held(folder.alive_lock)]
    return bool(held) and interrupt_trainers(settings)


def _start(settings: Settings, deadline: float) -> str:
    """Start one and wait for its reply, ``READY`` or ``ALREADY_RUNNING``; empty when ``deadline`` has passed."""
    settings.home.mkdir(parents=True, exist_ok=True)
    read, write = os.pipe()
    try:
        _spawn(settings, write)
    finally:
        os.close(write)
    try:
        waiting = select.poll()  # select() supports no descriptor above 1,023, and a server may have more
        waiting.register(read, select.POLLIN)
        ready = waiting.poll(1000 * max(0.0, deadline - time.monotonic()))
        reply = os.read(read, 100).decode() if ready else ""
    finally:
        os.close(read)
    if ready and not reply:  # its process has ended, which closed the pipe
        raise Unavailable(f"The supervisor could not be started. {_log_ends_with(settings)}")
    return reply


def _spawn(settings: Settings, ready: int) -> None:
    """Start it in its own session. It forks once more, so that init adopts it and it leaves no zombie."""
    log = open_log(supervisor_log(settings))
    try:
        subprocess.run(
            [sys.executable, "-m", "core.jobs", "--detach", "--ready", str(ready)],
            cwd=REPOSITORY,
            env={**os.environ, **settings.variables(), "CUDA_VISIBLE_DEVICES": "-1"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=(ready,),
            start_new_session=True,
            check=True,
        )
    except subprocess.CalledProcessError:
        raise Unavailable(f"The supervisor could not be started. {_log_ends_with(settings)}") from None
    finally:
        os.close(log)


def _log_ends_with(settings: Settings) -> str:
    path = supervisor_log(settings)
    lines = last_lines(path)
    return f"{path} ends with: {lines[0][:500]}" if lines else f"See {path}."
