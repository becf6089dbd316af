"""What the supervisor needs of something that starts trainers: a launcher, and a handle for each trainer.

``local_launcher`` starts processes of this machine. A launcher for other machines implements the same two protocols;
the supervisor does not know which one it has. What it says about the life of a trainer elsewhere is a hint:
``is_dead`` of such a trainer may only be true once its lease has lapsed or its exit record is there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from core.jobs.exit_policy import ExitRecord
from core.jobs.slots import Slot
from core.runs.values import Attempt, Progress


@dataclass(frozen=True, kw_only=True)
class Traces:
    """What an attempt has left.

    Args:
        record: its exit record.
        last_line: of its log, for a message about what went wrong.
    """

    record: ExitRecord | None = None
    last_line: str = ""


class StartedTrainer(Protocol):
    """A started trainer: a process or job that is at one attempt of a run, and later perhaps at one of another run.

    Attributes:
        run_id, attempt: what it trains now.
        slot: name of its slot; "" when it is not known.
        identity: by which the registry knows it (JSON; ``Attempts.record_process``); None when it is not known.
        returncode: as ``subprocess`` gives it; None while it runs, or when nobody can know it.
        disk_full: whether its disk was full when it was found to be dead.
        was_asked_to_stop: whether ``stop`` was called for this run.
        stopped_by_mistake: whether it was asked to stop because of a run that it had finished already.
    """

    run_id: str
    attempt: int
    slot: str
    stopped_by_mistake: bool

    @property
    def identity(self) -> Mapping[str, Any] | None: ...

    @property
    def returncode(self) -> int | None: ...

    @property
    def disk_full(self) -> bool: ...

    @property
    def was_asked_to_stop(self) -> bool: ...

    def follow(self, run_id: str, attempt: int) -> None:
        """It has claimed another run, which was not cancelled."""

    def is_dead(self) -> bool:
        """Whether nothing of this attempt runs any more, so that the next attempt may start."""

    def stop(self, grace: float) -> None:
        """Ask it to stop at the first call; end it at a later one after ``grace`` seconds."""

    def lingers(self, limit: float) -> bool:
        """Whether it still runs ``limit`` seconds after the first call, which is made when its run has ended."""


class Launcher(Protocol):
    """Starts trainers where there is room, and finds those that run.

    Every method may raise Unavailable or OSError: then the supervisor goes on with its next round.
    """

    def slots(self) -> Sequence[Slot]:
        """All slots there are now, busy ones included; each takes one run at a time, by its name.

        Their ``resources`` decide which runs they get: of a slot of which nothing is known, those that need nothing.
        """

    def start(self, run_id: str, attempt: int, slot: Slot) -> StartedTrainer | None:
        """Start a claimed attempt; None while something of an earlier attempt still runs, then it is called again.

        Raises:
            OSError: it cannot be started; after a minute of this the run fails with the message.
        """

    def adopt(self) -> Sequence[StartedTrainer]:
        """All trainers that run, started by an earlier supervisor; one for each that is between two runs."""

    def find(self, attempt: Attempt) -> StartedTrainer | None:
        """The trainer of an attempt that is running in the registry; None when it is dead."""

    def traces(self, run_id: str, attempt: int) -> Traces:
        """What the attempt has left."""

    def progress(self, run_id: str) -> Progress | None:
        """The last progress of the running attempt."""

    def trim_log(self, run_id: str) -> bool:
        """Cut the log of a run when it has become too long; whether it was."""
