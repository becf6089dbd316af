"""What becomes of a run whose trainer is gone. Pure: a death in, a verdict out."""

import signal
from dataclasses import dataclass

from core.jobs import exit_record
from core.jobs.exit_record import Exit
from core.runs.values import Cancel, Status

LOSSES_ALLOWED = 3
"""How often in a row a run may be cut off without a new epoch before it is given up."""


@dataclass(frozen=True, kw_only=True)
class TrainerExit:
    """What is known about the end of one attempt that did not end its run itself.

    Args:
        watched: whether a supervisor was there when it died.
        word: its ``exit.json``; returncode: as ``subprocess`` gives it, None when it was not our child.
        cancel: what the user had asked for; interrupted: whether ``stop --now`` was going on.
        epochs_done: of the run; losses: attempts right before this one that were cut off without a new epoch.
        last_line: of its log. disk_full: whether nothing could be written any more, last words included.
    """

    watched: bool
    word: Exit | None = None
    returncode: int | None = None
    cancel: Cancel | None = None
    interrupted: bool = False
    epochs_done: int = 0
    losses: int = 0
    last_line: str = ""
    disk_full: bool = False


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """``SCHEDULED`` puts the run back into the queue; ``lost`` counts towards ``LOSSES_ALLOWED``."""

    status: Status
    reason: str
    lost: bool = False


def decide_outcome(death: TrainerExit) -> Outcome:
    """The first of these that fits: its own word, the user's wish, an interruption, a loss, a crash."""
    code = death.word.code if death.word else death.returncode
    reason = death.word.reason if death.word else ""
    if code == exit_record.CANCELLED:
        return Outcome(status=Status.KILLED, reason=reason or "Cancelled.")
    if code == exit_record.FAILED:
        return Outcome(status=Status.FAILED, reason=reason or f"{_crash(death)} {_advice(death)}")
    if code == exit_record.INTERRUPTED:
        return _interrupted(death, reason)
    if death.word:
        return Outcome(status=Status.FAILED, reason=f"The trainer ended ({death.word.outcome}) but recorded no result.")
    return _silent(death)


def _interrupted(death: TrainerExit, reason: str = "") -> Outcome:
    if death.cancel:
        return Outcome(status=Status.KILLED, reason="Cancelled.")
    return Outcome(status=Status.SCHEDULED, reason=reason or f"Interrupted. {_goes_on(death)}")


def _silent(death: TrainerExit) -> Outcome:
    """It died without a word."""
    if death.cancel is Cancel.NOW or (death.cancel and not death.watched):
        return Outcome(status=Status.KILLED, reason="Cancelled.")
    if death.interrupted:
        return _interrupted(death)
    if not death.watched or death.returncode == -signal.SIGTERM:
        return _lost(death)
    return Outcome(status=Status.FAILED, reason=f"{_crash(death)} {_advice(death)}")


def _lost(death: TrainerExit) -> Outcome:
    if death.losses < LOSSES_ALLOWED:
        return Outcome(status=Status.SCHEDULED, reason=f"It was cut off. {_goes_on(death)}", lost=True)
    reason = f"It was cut off {death.losses + 1} times in a row before it could finish an epoch. {_advice(death)}"
    return Outcome(status=Status.FAILED, reason=reason)


def _crash(death: TrainerExit) -> str:
    code = death.returncode
    if death.disk_full and (code is None or code > 0):
        return "The disk was full. Free some space first."
    if code is None:
        return "The trainer died without a message; it was killed or crashed, perhaps out of memory."
    if code == -signal.SIGKILL:
        return "The trainer was killed (signal 9), perhaps out of memory."
    if code < 0:
        return f"The trainer crashed (signal {-code}, {signal.strsignal(-code)})."
    if code == 0:
        return "The trainer ended but recorded no result."
    said = f" Its log ends with: {death.last_line[:300]}" if death.last_line else ""
    return f"The trainer ended with exit code {code}.{said}"


def _advice(death: TrainerExit) -> str:
    return f"Resume to go on at epoch {death.epochs_done + 1}." if death.epochs_done else "Resume to start again."


def _goes_on(death: TrainerExit) -> str:
    return f"It goes on at epoch {death.epochs_done + 1}." if death.epochs_done else "It starts again."
