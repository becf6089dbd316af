"""What the launcher of a cluster asks of it: its nodes, and jobs that are started once and stopped."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from core.errors import InvalidInput, Unavailable
from core.jobs.cluster.nodes import ClusterNode


class JobRefused(Unavailable):
    """The cluster will not start this job there, however often it is asked."""


class JobStatus(StrEnum):
    """The cluster's word about a job, which is a hint: Ray calls a living job FAILED under a partition."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    STOPPED = "STOPPED"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"

    @property
    def has_ended(self) -> bool:
        return self not in (JobStatus.PENDING, JobStatus.RUNNING)


@dataclass(frozen=True, kw_only=True)
class ClusterJob:
    """A job as the cluster knows it.

    Args:
        id: as it was submitted (``JobRequest.id``).
        message: the cluster's explanation; of a job that failed with the end of its log.
        exit_code: of its process; None while it runs, and after a stop.
        metadata: as it was submitted.
        waits_for: what a pending one waits for, as the cluster calls it; "" where it does not say.
    """

    id: str
    status: JobStatus
    message: str = ""
    exit_code: int | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    waits_for: str = ""

    @property
    def last_line(self) -> str:
        """The end of the message: of a program that refused to start, its reason."""
        lines = [line.strip() for line in self.message.splitlines() if line.strip()]
        return lines[-1][:500] if lines else "its job ended without a message."


@dataclass(frozen=True, kw_only=True)
class JobRequest:
    """A job to start.

    Args:
        id: a second job of the same id is not started.
        command: one line for the shell of the node.
        node: id of the node that has to run it.
        cpus, gpus, memory_bytes: what the job reserves there; 0 or more. No memory is reserved where a cluster does not
            count it.
        metadata: kept with the job.
    """

    id: str
    command: str
    node: str
    cpus: float = 0
    gpus: float = 0
    memory_bytes: int = 0
    metadata: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:  # Ray accepts num_gpus=-1 without a word
        if self.cpus < 0 or self.gpus < 0:
            raise InvalidInput(
                f"A job must reserve no CPUs and GPUs or more. Received: cpus={self.cpus}, gpus={self.gpus}"
            )


class ClusterClient(Protocol):
    """Requests to one cluster. Every method may raise Unavailable.

    Attributes:
        cpus_per_slot: of a slot on a machine without a GPU; None for all of the machine's.
        pending_seconds: for so long a job may wait for its place.
        offers_busy: whether what jobs of other programs use is a slot all the same, so that runs wait for it there.
        runner: a module that runs the others on a machine, with their names as its first argument; "" where none does.
        question_cpus, question_gpus: what a job that asks a machine reserves there, of what the machine has.
    """

    @property
    def cpus_per_slot(self) -> float | None: ...

    @property
    def pending_seconds(self) -> float: ...

    @property
    def offers_busy(self) -> bool: ...

    @property
    def runner(self) -> str: ...

    @property
    def question_cpus(self) -> float: ...

    @property
    def question_gpus(self) -> int: ...

    def nodes(self) -> Sequence[ClusterNode]:
        """All nodes that the cluster knows, those that are away included."""

    def used(self) -> Mapping[str, Mapping[str, float]]:
        """What jobs have reserved ("CPU", "GPU", and "memory" where it counts that), by node id."""

    def job(self, job_id: str) -> ClusterJob | None:
        """The job of this id; None when the cluster has none, or none any more."""

    def submit(self, request: JobRequest) -> None:
        """Start a job, once: the same request may be repeated.

        Raises:
            JobRefused: it will never be started there.
            Unavailable: it was not started, or nobody knows.
        """

    def stop(self, job_id: str, *, at_once: bool) -> None:
        """Ask the processes of the job to stop; with ``at_once`` end them, where they have had time already."""
