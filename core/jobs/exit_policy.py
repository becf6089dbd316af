"""How a trainer ends: exit codes, the exit record, and what becomes of its run.

At its end a trainer first updates the registry (``finish``, ``end``), then writes its exit record (``exit.json`` of the
run), then exits with the same code. The record is read when no supervisor was there to see the code; the code counts
when the record could not be written.

A trainer that gets SIGTERM stops at its next batch and keeps the last checkpoint. It ends as CANCELLED when the
registry says ``cancel_requested(run) is Cancel.NOW``. Otherwise it was stopped for another reason (``stop --now``, a
shutdown of the machine): it ends as INTERRUPTED without ending its run, which the supervisor puts back into the queue.

A trainer that could not renew the lease of its run for 30 seconds ends as LOST, before another process may take it.
"""

import json
import signal
from dataclasses import asdict, dataclass
from enum import IntEnum
from pathlib import Path

from core.files import atomic
from core.runs.values import Cancel, Status

LOST_ATTEMPTS_ALLOWED = 3
"""How often in a row a run may be cut off without a new epoch before it fails."""

_FROM_OUTSIDE = (signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
"""Signals that a trainer gets from others (``kill``, the kernel when memory runs out); a crash has other ones."""


class ExitCode(IntEnum):
    """Exit codes of a trainer that ends by itself; others come from Python or a crash."""

    FINISHED = 0
    CANCELLED = 3
    """At the user's request; the run is KILLED."""
    FAILED = 4
    """With a reason that the trainer could name."""
    INTERRUPTED = 5
    """Not at the user's request; the run is SCHEDULED again."""
    LOST = 6
    """It has lost the lease of its run, or could not renew it; the run is SCHEDULED again. There is no exit record: by
    now it could replace that of another attempt."""


# --- the exit record ---


@dataclass(frozen=True, kw_only=True)
class ExitRecord:
    """What a trainer writes at the end of an attempt; ``reason`` is a sentence for the user, or empty."""

    attempt: int
    code: int
    outcome: str
    reason: str = ""


def write_exit_record(path: Path, attempt: int, code: int, outcome: str, reason: str = "") -> None:
    """Write the record whole or not at all; it has reached the disk when this returns."""
    atomic.write_json(path, asdict(ExitRecord(attempt=attempt, code=int(code), outcome=outcome, reason=reason)))


def read_exit_record(path: Path, attempt: int) -> ExitRecord | None:
    """The record of this attempt; None when there is none that can be read."""
    try:
        data = json.loads(path.read_bytes())
        record = ExitRecord(
            attempt=int(data["attempt"]),
            code=int(data["code"]),
            outcome=str(data["outcome"]),
            reason=str(data["reason"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return record if record.attempt == attempt else None


# --- what becomes of the run ---


@dataclass(frozen=True, kw_only=True)
class TrainerExit:
    """What is known about the end of an attempt that did not end its run in the registry.

    Args:
        watched: whether a supervisor was running when the trainer ended.
        record: its exit record.
        returncode: as ``subprocess`` gives it; None when it was not a child of this supervisor.
        cancel: what the user had requested.
        interrupted: whether ``stop --now`` was going on.
        epochs_done: of the run.
        lost_attempts: how many attempts right before this one were cut off without a new epoch.
        last_line: of the log.
        disk_full: whether nothing could be written any more, exit records included.
        limit: a sentence about the limit for which the supervisor has stopped it (``core.jobs.limits``), or empty.
    """

    watched: bool
    record: ExitRecord | None = None
    returncode: int | None = None
    cancel: Cancel | None = None
    interrupted: bool = False
    epochs_done: int = 0
    lost_attempts: int = 0
    last_line: str = ""
    disk_full: bool = False
    limit: str = ""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The new status of the run, and why; ``SCHEDULED`` puts it back into the queue."""

    status: Status
    reason: str


def decide_outcome(ended: TrainerExit) -> Outcome:
    """The first that applies: exit record or code, limit, cancellation, interruption, a lost attempt, a crash."""
    record = ended.record
    code = record.code if record else ended.returncode
    reason = record.reason if record else ""
    if code == ExitCode.CANCELLED:
        return Outcome(status=Status.KILLED, reason=reason or "Cancelled.")
    if code == ExitCode.FAILED:
        return Outcome(status=Status.FAILED, reason=reason or f"{_crash(ended)} {_advice(ended)}")
    if ended.limit and not ended.cancel:
        return Outcome(status=Status.FAILED, reason=f"{ended.limit} {_advice(ended)}")
    if code == ExitCode.INTERRUPTED:
        return _interrupted(ended, reason)
    if code == ExitCode.LOST:
        return _interrupted(ended, f"The trainer could not reach the registry and stopped itself. {_goes_on(ended)}")
    if record:
        return Outcome(status=Status.FAILED, reason=f"The trainer ended ({record.outcome}) but recorded no result.")
    return _without_record(ended)


def _interrupted(ended: TrainerExit, reason: str = "") -> Outcome:
    if ended.cancel:
        return Outcome(status=Status.KILLED, reason="Cancelled.")
    return Outcome(status=Status.SCHEDULED, reason=reason or f"Interrupted. {_goes_on(ended)}")


def _without_record(ended: TrainerExit) -> Outcome:
    if ended.cancel is Cancel.NOW or (ended.cancel and _is_lost(ended)):
        return Outcome(status=Status.KILLED, reason="Cancelled.")
    if ended.interrupted:
        return _interrupted(ended)
    if _is_lost(ended):
        return _lost(ended)
    return Outcome(status=Status.FAILED, reason=f"{_crash(ended)} {_advice(ended)}")


def _is_lost(ended: TrainerExit) -> bool:
    """Whether it was killed from outside, as far as is known: the code of an adopted trainer is not."""
    if not ended.watched:
        return True
    if ended.returncode is None:
        return not ended.disk_full
    return -ended.returncode in _FROM_OUTSIDE


def _lost(ended: TrainerExit) -> Outcome:
    if ended.lost_attempts < LOST_ATTEMPTS_ALLOWED:
        return Outcome(status=Status.SCHEDULED, reason=f"{_how_lost(ended)}. {_goes_on(ended)}")
    times = ended.lost_attempts + 1
    reason = f"{_how_lost(ended)}, {times} times in a row before it could finish an epoch. {_advice(ended)}"
    return Outcome(status=Status.FAILED, reason=reason)


def _how_lost(ended: TrainerExit) -> str:
    if ended.watched and ended.returncode == -signal.SIGKILL:
        return "The trainer was killed (signal 9), perhaps because memory ran out"
    return "The trainer was cut off"


def _crash(ended: TrainerExit) -> str:
    code = ended.returncode
    if ended.disk_full and (code is None or code > 0):
        return "The disk was full. Free some space first."
    if code is None:  # its exit record says that it failed, without a reason
        return "The trainer ended without a message."
    if code < 0:
        return f"The trainer crashed (signal {-code}, {signal.strsignal(-code)})."
    if code == 0:
        return "The trainer ended but recorded no result."
    quote = f" Its log ends with: {ended.last_line[:300]}" if ended.last_line else ""
    return f"The trainer ended with exit code {code}.{quote}"


def _advice(ended: TrainerExit) -> str:
    return f"Resume to go on at epoch {ended.epochs_done + 1}." if ended.epochs_done else "Resume to start again."


def _goes_on(ended: TrainerExit) -> str:
    return f"It goes on at epoch {ended.epochs_done + 1}." if ended.epochs_done else "It starts again."
