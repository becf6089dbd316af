"""What imports, additions and tables of predictions have in common as jobs in the background: the process, its last
status, why it ended."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

from core.artifacts import bringing
from core.errors import Cancelled, GraftError, InvalidInput
from core.files import atomic
from core.files.folders import JobFolder
from core.files.locks import Lock, is_held, try_acquire
from core.files.process_logs import VARIABLE as VARIABLE_OF_LOG
from core.files.process_logs import begin_log, watch_own_log
from core.people.acting import VARIABLE, Person, Role, acting, require, require_change
from core.settings import REPOSITORY, Settings, load_settings

DEMO = "demo"
"""The source that is part of Graft."""

UNFINISHED = ("waiting", "running")
"""States of a job that will change; ``waiting`` is for another job."""


@dataclass(frozen=True, kw_only=True)
class JobState:
    """How far a job is of which a dataset has one at a time.

    Args:
        state: ``none``, ``waiting`` (for another one), ``running``, ``ready``, ``failed``, ``cancelled``, or one of the
            job's own. stage: what is done now; done, total: photos or pairs, 0 where they are not counted.
        message: why it failed, or what it says.
    """

    state: str
    stage: str = ""
    done: int = 0
    total: int = 0
    message: str = ""

    @property
    def is_active(self) -> bool:
        return self.state in UNFINISHED


Background = Callable[[str, Settings, Callable[[], bool]], None]
"""What the process does: ``background(job id, settings, stopped)``."""


def start_process(
    module: str, folder: JobFolder, settings: Settings, alive: Lock, environment: Mapping[str, str] | None = None
) -> None:
    """Start ``python -m <module> <job id>``, which holds the folder's lock until it ends.

    Args:
        alive: the lock, held by the caller. environment: further variables.

    Raises:
        Forbidden: the acting person is not even a trainer, whatever the process would do.
    """
    require(Role.TRAINER, "Starting this")
    own = settings.variables() | {"CUDA_VISIBLE_DEVICES": "-1", VARIABLE: acting().name}
    own[VARIABLE_OF_LOG] = str(folder.log.absolute())
    log = begin_log(folder.log, settings)
    try:
        subprocess.Popen(
            [sys.executable, "-m", module, folder.job_id],
            cwd=REPOSITORY,
            env=os.environ | own | dict(environment or {}),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            pass_fds=[alive.descriptor],
        )
    finally:
        os.close(log)


def start_unless_alive(module: str, folder: JobFolder, request: Mapping[str, Any], settings: Settings) -> None:
    """Start a job of which a dataset has one at a time; one that is alive is left alone."""
    folder.path.mkdir(parents=True, exist_ok=True)
    alive = try_acquire(folder.alive_lock)
    if alive is None:
        return
    with alive:
        folder.cancel.unlink(missing_ok=True)
        folder.status.unlink(missing_ok=True)
        atomic.write_json(folder.request, dict(request))
        start_process(module, folder, settings, alive, {"TF_CPP_MIN_LOG_LEVEL": "2"})


def ask_to_stop(folder: JobFolder) -> None:
    """Make such a job stop; nothing happens where there was none."""
    if folder.request.exists():
        folder.cancel.touch()


def status_after(work: Callable[[], None]) -> dict[str, str]:
    """The last status of a job that reads photos, after its work."""
    try:
        work()
    except Cancelled as error:
        return {"state": "cancelled", "message": str(error)}
    except GraftError as error:
        return {"state": "failed", "message": str(error)}
    except OSError as error:
        return {"state": "failed", "message": f"The photos could not be read: {error.strerror or error}."}
    return {"state": "ready"}


def last_status(folder: JobFolder) -> dict[str, Any]:
    """The status that the job wrote last."""
    try:
        status: dict[str, Any] = json.loads(folder.status.read_text())
    except (OSError, ValueError):  # not written yet, or torn by a power cut
        return {"state": "running"}
    return status


def stop_job(folder: JobFolder, noun: str) -> None:
    """Make a job stop.

    Raises:
        Forbidden: it is somebody else's.
    """
    require_owner(folder, noun)
    folder.cancel.touch()


def dismiss_job(folder: JobFolder, noun: str) -> None:
    """Delete the folder of a job that has ended; one that has not (asked in another tab) is stopped instead.

    Raises:
        Forbidden: it is somebody else's.
    """
    require_owner(folder, noun)
    if is_held(folder.alive_lock) and last_status(folder)["state"] in UNFINISHED:
        folder.cancel.touch()
    else:
        shutil.rmtree(folder.path, ignore_errors=True)


def status_of(folder: JobFolder, noun: str, perhaps: str = "", left: str = "nothing was added") -> dict[str, Any]:
    """The last status of a job, alive or not: ``none`` where it was never started, ``failed`` where it was killed.

    Args:
        noun, perhaps, left: as for ``why_it_ended``.
    """
    alive = is_held(folder.alive_lock)  # read first, so that the status of a killed job is its last one
    if not folder.request.exists():
        return {"state": "none"}
    status = last_status(folder)
    if status["state"] in UNFINISHED and not alive:
        return {"state": "failed", "message": why_it_ended(folder, noun, perhaps, left)}
    return status


def require_owner(folder: JobFolder, noun: str) -> None:
    """Raises:
    Forbidden: the acting person may not answer, stop or dismiss this job.
    """
    try:
        owner = str(json.loads(folder.request.read_text()).get("owner", ""))
    except (OSError, ValueError):  # dismissed meanwhile
        owner = ""
    require_change(owner, noun)


def require_source(source: str | Path, own_source: bool) -> Person:
    """The acting person, who may have a job read ``source``: an upload, or as an admin whatever the server can read.

    Raises:
        Forbidden: the role is too small.
    """
    if own_source or str(source) == DEMO:
        return require(Role.TRAINER, "Uploading photos")
    return require(Role.ADMIN, "Reading a file or folder of the server")


def why_it_ended(
    folder: JobFolder,
    noun: str,
    perhaps: str = "",
    left: str = "nothing was added",
    then: str = "Start it again.",
) -> str:
    """The sentence on a job whose process is gone without a last status: killed, or an error of Graft's own.

    Args:
        noun: what the job is called. perhaps: a likely reason of a kill, beginning with a comma. left: what became of
            its work. then: what to do after a kill.
    """
    try:
        log = folder.log.read_text(errors="replace")
    except OSError:
        log = ""
    if "Traceback (most recent call last)" in log:
        error = log.strip().splitlines()[-1].strip()[:200]
        return f"An error in Graft ended the {noun} ({error}); {left}. Please report it."
    return f"The {noun} was killed before it was done{perhaps}; {left}. {then}"


def main(module: str, background: Background) -> None:
    """The process of one job: its id is the only argument, SIGTERM stops it."""
    if len(sys.argv) != 2:
        raise InvalidInput(f"usage: python -m {module} JOB")
    stop = Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    bringing.install()
    watch_own_log()
    background(sys.argv[1], load_settings(), stop.is_set)
