"""Slurm as a cluster (``ClusterClient``): jobs by ``sbatch``, their state by ``squeue``, nodes by ``scontrol``.

What the commands print was read from a running Slurm 22.05 (``docs/decisions/0044-slurm.md``). The id of a job is its
name in Slurm: a job that was submitted twice is found by it, and Slurm itself starts no second one of a name beside the
first (``--dependency=singleton``).
"""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from core.errors import Unavailable
from core.jobs.cluster.client import ClusterJob, JobRefused, JobRequest, JobStatus
from core.jobs.cluster.nodes import ClusterNode, cpus_per_slot
from core.jobs.slurm.nodes import MEBIBYTE, Partition, SlurmNode, chosen, nodes_of, partitions_of
from core.jobs.slurm.options import PENDING_SECONDS, SlurmOptions, options_of
from core.jobs.slurm.tools import SUBMIT_SECONDS, SlurmError, SlurmTools

CPUS = "GRAFT_SLURM_CPUS"
"""Variable with the CPUs of one slot on a machine without a GPU; unset for all of the machine's."""
NOTICE_SECONDS = 60
"""So long before the end of its time limit a job gets SIGTERM: a trainer needs some seconds for its checkpoint."""
NODES_SECONDS, JOBS_SECONDS, PARTITIONS_SECONDS, AWAY_SECONDS = 4.0, 2.0, 60.0, 10.0
"""For so long an answer is used again; of a controller that is away. Every question costs all users of a cluster."""

_NO_COMMENT = ("", "(null)")
_WAITING = frozenset(
    {"PENDING", "CONFIGURING", "REQUEUED", "REQUEUE_FED", "REQUEUE_HOLD", "RESV_DEL_HOLD", "SPECIAL_EXIT"}
)
_ENDED = {"COMPLETED": JobStatus.SUCCEEDED, "CANCELLED": JobStatus.STOPPED, "PREEMPTED": JobStatus.STOPPED}
_FAILED = frozenset(
    {"FAILED", "TIMEOUT", "NODE_FAIL", "OUT_OF_MEMORY", "BOOT_FAIL", "DEADLINE", "REVOKED", "LAUNCH_FAILED"}
)
_FIELDS = "JobID:|,State:|,exit_code:|,Reason:|,Name:|,Comment:"
"""The comment is last: it may have anything in it."""

Answer = TypeVar("Answer")


@dataclass(frozen=True, kw_only=True)
class SlurmJob:
    """A line of ``squeue``: the number that Slurm gave it, and what it is for the launcher."""

    number: str
    waits: bool
    job: ClusterJob


class _Kept(Generic[Answer]):
    """An answer that is used for some seconds, an error included."""

    def __init__(self, ask: Callable[[], Answer], seconds: float, clock: Callable[[], float]) -> None:
        self._ask, self._seconds, self._clock = ask, seconds, clock
        self._until: float | None = None
        self._error: Unavailable | None = None
        self._answer: Answer | None = None

    def get(self) -> Answer:
        if self._until is None or self._clock() >= self._until:
            seconds = self._seconds
            try:
                self._answer, self._error = self._ask(), None
            except Unavailable as error:
                self._answer, self._error, seconds = None, error, AWAY_SECONDS
            self._until = self._clock() + seconds
        if self._error is not None:
            raise self._error
        assert self._answer is not None
        return self._answer

    def forget(self) -> None:
        self._until = None


class SlurmClient:
    """Requests to the cluster of this machine.

    Args:
        cpus_per_slot: see ``ClusterClient``. clock: seconds that only grow.
    """

    runner = "core.jobs.slurm.job"
    question_cpus, question_gpus = 1.0, 1  # a program sees only those GPUs that its job has

    def __init__(
        self,
        tools: SlurmTools,
        options: SlurmOptions | None = None,
        cpus_per_slot: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._tools, self._options = tools, options or SlurmOptions()
        self.cpus_per_slot, self.pending_seconds = cpus_per_slot, self._options.pending_seconds
        self._partitions = _Kept(self._ask_partitions, PARTITIONS_SECONDS, clock)
        self._nodes = _Kept(self._ask_nodes, NODES_SECONDS, clock)
        self._jobs = _Kept(self._ask_jobs, JOBS_SECONDS, clock)

    @property
    def offers_busy(self) -> bool:
        """Whether runs may wait in Slurm for what others use now."""
        return self.pending_seconds > PENDING_SECONDS

    # --- machines ---

    def nodes(self) -> Sequence[ClusterNode]:
        """The nodes of the partition."""
        return [one.node for one in self._nodes.get()]

    def used(self) -> Mapping[str, Mapping[str, float]]:
        """What jobs have reserved, by node id."""
        return {one.node.id: one.used for one in self._nodes.get()}

    def _ask_nodes(self) -> list[SlurmNode]:
        partitions = chosen(self._partitions.get(), self._options.partition)
        found = nodes_of(self._read("scontrol", ["--details", "--oneliner", "show", "nodes"]))
        return [one for one in found if one.partitions & partitions]

    def _ask_partitions(self) -> list[Partition]:
        return partitions_of(self._read("scontrol", ["--oneliner", "show", "partitions"]))

    def _read(self, name: str, arguments: list[str]) -> str:
        try:
            return self._tools.run(name, arguments)
        except SlurmError as error:
            raise Unavailable(f"Slurm cannot be asked: {error} Check that {name} works here.") from None

    # --- jobs ---

    def job(self, job_id: str) -> ClusterJob | None:
        """The job of this name; None when Slurm has none, or has forgotten it (``MinJobAge``, 5 minutes by default)."""
        found = self._named(job_id)
        return found[-1].job if found else None

    def _named(self, job_id: str) -> list[SlurmJob]:
        """Jobs of this name, those that have ended before those that have not."""
        found = [one for one in self._jobs.get() if one.job.id == job_id]
        return sorted(found, key=lambda one: (not one.job.status.has_ended, int(one.number)))

    def _ask_jobs(self) -> list[SlurmJob]:
        output = self._read("squeue", ["--me", "--states=all", "--noheader", f"--Format={_FIELDS}"])
        return [_job(line) for line in output.splitlines() if line.count("|") >= 5 and line[0].isdecimal()]

    def submit(self, request: JobRequest) -> None:
        """Start a job, once.

        Raises:
            JobRefused: Slurm will not start it.
            Unavailable: it was not started, or nobody knows; the same request may be repeated.
        """
        if self._is_there(request.id):
            return
        try:
            self._tools.run("sbatch", self._arguments(request), stdin=script_of(request), seconds=SUBMIT_SECONDS)
        except SlurmError as error:
            if self._is_there(request.id):
                return
            if error.is_away:
                raise Unavailable(f"Slurm took no job: {error}") from None
            raise JobRefused(f"Slurm refused the job: {error} Check GRAFT_SLURM_OPTIONS.") from None
        finally:
            self._jobs.forget()

    def _is_there(self, job_id: str) -> bool:
        self._jobs.forget()
        return bool(self._named(job_id))

    def _arguments(self, request: JobRequest) -> list[str]:
        arguments = [
            *self._options.arguments,
            "--parsable",
            f"--job-name={request.id}",
            f"--nodelist={request.node.rpartition('@')[0]}",
            "--nodes=1",
            "--ntasks=1",
            f"--cpus-per-task={max(1, int(request.cpus))}",
            "--dependency=singleton",
            "--no-requeue",
            f"--signal=B:TERM@{NOTICE_SECONDS}",
            "--export=NONE",
            "--chdir=/",
        ]
        if not any(one.startswith("--output=") for one in self._options.arguments):
            arguments.append("--output=/dev/null")
        if request.gpus:
            arguments.append(f"--gres=gpu:{int(request.gpus)}")
        if request.memory_bytes >= MEBIBYTE and not self._options.have_memory:
            arguments.append(f"--mem={request.memory_bytes // MEBIBYTE}M")
        return arguments

    def stop(self, job_id: str, *, at_once: bool) -> None:
        """SIGTERM to the trainer; ``at_once``, and where it waits, the job is cancelled: SIGKILL after ``KillWait``."""
        self._jobs.forget()
        for one in self._named(job_id):
            if one.job.status.has_ended:
                continue
            arguments = [one.number] if at_once or one.waits else ["--signal=TERM", "--batch", one.number]
            try:
                self._tools.run("scancel", arguments)
            except SlurmError as error:
                raise Unavailable(f"Slurm did not stop job {one.number}: {error}") from None
            finally:
                self._jobs.forget()


def script_of(request: JobRequest) -> str:
    """The script of a job, in which the trainer takes the place of the shell: so it gets the signals."""
    return f"""#!/bin/bash -l
shopt -s execfail
export HOME=~
{request.command}
scontrol update JobId="$SLURM_JOB_ID" Comment="There is no Graft in $folder on $SLURMD_NODENAME that could be started. \
Install it there, or set GRAFT_NODE_FOLDER."
exit 64
"""


def _job(line: str) -> SlurmJob:
    number, state, code, reason, name, comment = line.split("|", 5)
    status = _status(state)
    told = "" if comment.strip() in _NO_COMMENT else comment.strip()
    explanation = f"Slurm calls its job {state}" + ("." if reason in ("", "None") else f" ({reason}).")
    job = ClusterJob(
        id=name,
        status=status,
        message=(told or explanation) if status.has_ended else "",
        exit_code=_exit_code(code) if status.has_ended and status is not JobStatus.STOPPED else None,
        waits_for=reason if status is JobStatus.PENDING and reason != "None" else "",
    )
    return SlurmJob(number=number, waits=status is JobStatus.PENDING, job=job)


def _status(state: str) -> JobStatus:
    if state in _WAITING:
        return JobStatus.PENDING
    return JobStatus.FAILED if state in _FAILED else _ENDED.get(state, JobStatus.RUNNING)


def _exit_code(text: str) -> int | None:
    """From the status of ``wait(2)`` that squeue prints, or from ``code:signal``."""
    code, colon, _signal = text.strip().partition(":")
    if not code.isdecimal():
        return None
    return int(code) if colon else os.waitstatus_to_exitcode(int(code) & 0xFFFF)


def open_slurm(environ: Mapping[str, str]) -> SlurmClient:
    """The Slurm cluster whose commands this machine has. Nothing is asked yet.

    Raises:
        InvalidInput: a command is missing, or the options are none.
    """
    return SlurmClient(SlurmTools(environ), options_of(environ), cpus_per_slot(environ, CPUS))
