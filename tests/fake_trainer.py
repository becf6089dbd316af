"""A trainer without TensorFlow: follows ``runs/<id>/script.json`` and records every double start.

With ``goes_on`` the process claims the next run after this one has finished, as real trainers do, and waits for one
for ``waits`` seconds; with ``dies_at`` it kills itself by SIGKILL at one of the steps: "ended", "locked", "claimed",
"moved".

Keys of the script, all optional: ``epochs`` (recorded in the registry), ``seconds`` (of one epoch, or of the sleep when
there are no epochs), ``code`` and ``reason`` (of the exit record; code null: no exit record), ``status`` (exit status
when there is no exit record), ``deaf`` (ignores SIGTERM), ``lines`` (of 1,000 bytes each to write), ``child`` (leaves a
child process with the lock), ``linger`` (seconds to keep running after the exit record), ``hangs_after`` (an epoch,
after which it makes no step any more), ``megabytes`` (of memory that it holds, half of them in a child process).
"""

import argparse
import atexit
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from core.errors import Conflict
from core.files.home import registry_file, run_folder
from core.files.locks import try_acquire
from core.jobs.exit_policy import ExitCode, write_exit_record
from core.jobs.reuse import TrainerReuse
from core.jobs.run_lease import hold_run
from core.registry import Registry
from core.runs.progress import ProgressWriter
from core.runs.values import Cancel, Epoch, Run, Status
from core.settings import load_settings

SETTINGS = load_settings()


class Stopped(Exception):
    """SIGTERM came."""


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("run")
    parser.add_argument("--attempt", type=int)
    arguments = parser.parse_args()
    run_id, attempt, reuse = arguments.run, arguments.attempt, None
    registry, lease = Registry.of(SETTINGS), None
    while True:
        ended, lease = lease, hold_run(run_id, attempt, SETTINGS, registry)
        atexit.register(lease.release)
        if ended:
            ended.release()
        script = _script(run_id)
        code = _turn(script, run_id, attempt)
        if not (code == ExitCode.FINISHED and script.get("goes_on")):
            return code
        reuse = reuse or TrainerReuse(run_id, SETTINGS, registry)
        following = _next(reuse, run_id, script.get("waits", 0.0), script.get("dies_at"))
        if following is None:
            return code
        run_id, attempt = following.id, following.attempt


def _script(run_id: str) -> dict:
    path = run_folder(SETTINGS, run_id).path / "script.json"
    return json.loads(path.read_text()) if path.exists() else {}


def _turn(script: dict, run_id: str, attempt: int) -> int:
    """One run from its start to its exit record."""
    folder = run_folder(SETTINGS, run_id).path
    signal.signal(signal.SIGTERM, signal.SIG_IGN if script.get("deaf") else _stop)
    alone = _check_in(folder, attempt)
    code, reason = _work(script, run_id, attempt, folder)
    if code is None:
        return script.get("status", 1)
    try:
        write_exit_record(folder / "exit.json", attempt, code, "fake", reason)
    except Conflict:  # its lease has just been lost: Graft's thread is about to end this process with the same code
        return ExitCode.LOST
    time.sleep(script.get("linger", 0))
    if alone:
        alone.release()
    return code


def _next(reuse: TrainerReuse, run_id: str, waits: float, dies_at: str | None) -> Run | None:
    if dies_at == "ended":
        _die()
    if dies_at == "locked":
        reuse._registry.claim_next = lambda *_: _die()
    if dies_at == "claimed":
        reuse._move_to = lambda held: _die()
    following = reuse.wait_for_next(run_id, waits)
    if dies_at == "moved" and following is not None:
        _die()
    return following


def _die():
    os.kill(os.getpid(), signal.SIGKILL)


def _stop(number, frame):
    raise Stopped


def _check_in(folder: Path, attempt: int):
    """Record the start, and a violation when another trainer of this run is running."""
    alone = try_acquire(folder / "alone.lock")
    if alone is None:
        (folder / "violations.txt").open("a").write(f"attempt {attempt} started beside another one\n")
    starts = {"attempt": attempt, "pid": os.getpid(), "gpu": os.environ.get("CUDA_VISIBLE_DEVICES"), "at": time.time()}
    (folder / "starts.txt").open("a").write(json.dumps(starts) + "\n")
    return alone


def _work(script: dict, run_id: str, attempt: int, folder: Path) -> tuple[int | None, str]:
    if script.get("child"):
        lock = next(int(fd) for fd in os.listdir("/proc/self/fd") if _leads_to(fd, folder / "alive.lock"))
        child = subprocess.Popen(["sleep", str(script["child"])], pass_fds=(lock,), start_new_session=True)
        (folder / "child.txt").write_text(str(child.pid))
    if script.get("megabytes"):
        bytes_each = script["megabytes"] * 10**6 // 2
        held = b"x" * bytes_each
        code = f"import time; held = b'x' * {bytes_each}; time.sleep(600)"
        subprocess.Popen([sys.executable, "-c", code])
        (folder / "holds.txt").write_text(str(len(held)))
    for _ in range(script.get("lines", 0)):
        print("x" * 999)
    try:
        if script.get("epochs"):
            return _train(script, run_id, attempt)
        time.sleep(script.get("seconds", 0))
    except Stopped:
        return _stopped(run_id, attempt)
    print("the end")
    return script.get("code", 0), script.get("reason", "")


def _leads_to(fd: str, path: Path) -> bool:
    try:
        return os.readlink(f"/proc/self/fd/{fd}") == str(path)
    except OSError:
        return False


def _train(script: dict, run_id: str, attempt: int) -> tuple[int, str]:
    registry = Registry.open(registry_file(SETTINGS))
    progress = ProgressWriter(run_id, SETTINGS)
    done = registry.run(run_id).epochs_done
    progress.start("Training", script["epochs"], "epochs", done=done)
    try:
        for number in range(done + 1, script["epochs"] + 1):
            time.sleep(script.get("seconds", 0))
            values = {"loss": 1.0, "accuracy": 0.5, "val_loss": 1.0, "val_accuracy": 0.5, "seconds": 0.1}
            registry.record_epoch(run_id, attempt, Epoch(number=number, attempt=attempt, **values))
            progress.update(number)
            if number == script.get("hangs_after"):
                time.sleep(3600)
            if registry.cancel_requested(run_id):
                registry.end(run_id, attempt, Status.KILLED, f"Cancelled after epoch {number}.")
                return ExitCode.CANCELLED, ""
        _finish(registry, run_id, attempt)
    except Conflict as error:
        return ExitCode.FAILED, str(error)
    return ExitCode.FINISHED, ""


def _finish(registry, run_id: str, attempt: int) -> None:
    from tests.factories import make_cost, make_evaluation, make_model

    model = make_model(registry.run(run_id))
    registry.finish(run_id, attempt, evaluation=make_evaluation(), cost=make_cost(), model=model, best_epoch=1)


def _stopped(run_id: str, attempt: int) -> tuple[int, str]:
    registry = Registry.open(registry_file(SETTINGS))
    if registry.cancel_requested(run_id) is not Cancel.NOW:
        return ExitCode.INTERRUPTED, ""
    registry.end(run_id, attempt, Status.KILLED, "Cancelled.")
    return ExitCode.CANCELLED, ""


if __name__ == "__main__":
    raise SystemExit(main())
