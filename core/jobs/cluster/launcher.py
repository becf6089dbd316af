"""The launcher of a cluster: trainers are jobs on its machines, their life is a lease, they report to the registry.

A run is claimed for a slot only, so nothing waits for long in the cluster.
"""

import logging
import os
import time
from collections.abc import Callable, Mapping

from core.errors import InvalidInput, Unavailable
from core.jobs.cluster.client import ClusterClient, JobRequest
from core.jobs.cluster.commands import command_line
from core.jobs.cluster.machines import Machines
from core.jobs.cluster.nodes import ClusterNode, NodeSlot, slots_of, without_others
from core.jobs.cluster.trainer import ClusterTrainer
from core.jobs.exit_policy import ExitCode, ExitRecord
from core.jobs.launching import Traces
from core.jobs.machine import MachineFacts
from core.jobs.protocol import code_version
from core.jobs.reports import progress_of, traces_of
from core.jobs.slots import Slot
from core.registry import Registry
from core.registry.leases import lease_of_run
from core.runs.values import Attempt, Progress
from core.settings import Settings

log = logging.getLogger("graft.jobs")

OpenClient = Callable[[str, Mapping[str, str]], ClusterClient]

LOOK_SECONDS = 2.0
"""Between two looks at the cluster's machines."""
LAG_SECONDS = 10.0
"""A cluster's figures of what is reserved may count a job for so long after its end."""
MODULE = "core.jobs.node_trainer"


def open_cluster_launcher(
    settings: Settings, registry: Registry, open_client: OpenClient, environ: Mapping[str, str] | None = None
) -> "ClusterLauncher":
    """The launcher of the cluster that the settings name. Nothing is sent yet.

    Args:
        open_client: of this kind of cluster, from ``GRAFT_LAUNCHER`` and the environment of the supervisor.

    Raises:
        InvalidInput: machines could not share the registry or the artifacts, or what the cluster needs is not set.
    """
    environ = os.environ if environ is None else environ
    kind = settings.launcher.partition(":")[0]
    if not settings.registry:
        raise InvalidInput(
            f"GRAFT_LAUNCHER={kind} needs a registry that all machines reach. Set GRAFT_REGISTRY=postgresql://..."
        )
    if not settings.artifacts:
        raise InvalidInput(
            f"GRAFT_LAUNCHER={kind} needs a place where all machines find datasets and models. Set GRAFT_ARTIFACTS to "
            "file:///folder or s3://bucket/prefix."
        )
    return ClusterLauncher(settings, registry, open_client(settings.launcher, environ), environ=environ)


class ClusterLauncher:
    """Starts trainers as jobs of a cluster.

    Args:
        settings: of the supervisor; what all machines share goes to them with every job.
        environ: of the supervisor. clock: seconds that only grow.
    """

    def __init__(
        self,
        settings: Settings,
        registry: Registry,
        client: ClusterClient,
        *,
        environ: Mapping[str, str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings, self._registry, self._client = settings, registry, client
        self._environ, self._clock = environ, clock
        self._machines = Machines(client, registry, self._command, clock)
        self._slots: dict[str, NodeSlot] = {}
        self._looked_at: float | None = None
        self._trainers: list[ClusterTrainer] = []
        self._warning = ""

    # --- slots ---

    def slots(self) -> list[Slot]:
        """The slots of all machines that can train, without those that other programs use; none while it is away."""
        now = self._clock()
        if self._looked_at is None or now - self._looked_at >= LOOK_SECONDS:
            self._looked_at = now
            try:
                self._slots = {one.slot.name: one for one in self._look()}
                self._warning = ""
            except Unavailable as error:
                self._slots = {}
                self._warn(str(error))
        return [one.slot for one in self._slots.values()]

    def _look(self) -> list[NodeSlot]:
        known = self._client.nodes()
        self._drop_ended({node.name: node for node in known})
        used = self._client.used()
        own = [trainer.slot for trainer in self._trainers]
        facts = {one.name: MachineFacts.from_json(one.facts) for one in self._registry.node_records()}
        free, busy = [], []
        for node in self._machines.that_can_train(known, used):
            slots = slots_of(node, self._client.cpus_per_slot, facts.get(node.name))
            here = without_others(slots, own, used.get(node.id, {}))
            free += here
            busy += [one for one in slots if one not in here]
        return free + busy if self._client.offers_busy else free

    def _drop_ended(self, nodes: Mapping[str, ClusterNode]) -> None:
        """Forget trainers that have ended so long ago that the cluster's figures do not count them any more."""
        now = self._clock()
        for trainer in self._trainers:
            if trainer.was_refused and trainer.machine in nodes:
                self._machines.refuse(nodes[trainer.machine], trainer.not_started)
                trainer.was_refused = False
        self._trainers = [one for one in self._trainers if one.ended_at is None or now - one.ended_at < LAG_SECONDS]

    def _warn(self, warning: str) -> None:
        if warning != self._warning:
            log.warning("nothing is started: %s", warning)
            self._warning = warning

    # --- trainers ---

    def start(self, run_id: str, attempt: int, slot: Slot) -> ClusterTrainer | None:
        """Submit an attempt; None while an earlier one holds the lease of the run.

        It is not submitted where its machine has left the cluster meanwhile: then the trainer is dead at once.
        """
        lease = self._registry.lease(lease_of_run(run_id))
        if lease is not None and lease.token < attempt:
            return None
        found = self._slots.get(slot.name)
        request = self._request(run_id, attempt, found) if found else None
        trainer = self._trainer(run_id, attempt, slot.name, f"{run_id}-{attempt}", request)
        if request is None:
            trainer.not_started = f"It was not started: {trainer.machine} has left the cluster."
        trainer.is_dead()  # submits it
        return trainer

    def _request(self, run_id: str, attempt: int, place: NodeSlot) -> JobRequest:
        job_id = f"{run_id}-{attempt}"
        arguments = [run_id, "--attempt", str(attempt), "--job", job_id, "--version", code_version()]
        arguments += ["--machine", place.node.name, "--node", place.node.id, "--cpus", str(int(place.cpus))]
        return JobRequest(
            id=job_id,
            command=self._command(MODULE, arguments),
            node=place.node.id,
            cpus=place.cpus,
            gpus=place.gpus,
            memory_bytes=place.memory_bytes,
            metadata={"graft_run": run_id, "graft_attempt": str(attempt)},
        )

    def _command(self, module: str, arguments: list[str]) -> str:
        if self._client.runner:
            module, arguments = self._client.runner, [module, *arguments]
        return command_line(module, arguments, self._settings, self._environ)

    def adopt(self) -> list[ClusterTrainer]:
        """Trainers that hold a lease, those that wait for a next run included, and jobs that have none yet."""
        found: dict[str, ClusterTrainer] = {}
        for lease in self._registry.held_leases(lease_of_run("")):
            run_id = lease.name.removeprefix(lease_of_run(""))
            numbered = {attempt.number: attempt for attempt in self._registry.attempts(run_id)}
            if lease.token in numbered:
                trainer = self._known(numbered[lease.token])
                found[trainer.job_id] = trainer
        for attempt in self._registry.running_attempts():
            trainer = self._known(attempt)
            if not trainer.is_dead():
                found[trainer.job_id] = trainer
        return list(found.values())

    def find(self, attempt: Attempt) -> ClusterTrainer | None:
        """The trainer of an attempt that is running in the registry; None when it is dead."""
        trainer = self._known(attempt)
        return None if trainer.is_dead() else trainer

    def _known(self, attempt: Attempt) -> ClusterTrainer:
        """The trainer of an attempt that somebody has started."""
        process = self._registry.process(attempt.run_id, attempt.number) or {}
        job_id = process.get("job", "" if process else f"{attempt.run_id}-{attempt.number}")
        same = (one for one in self._trainers if one.job_id == job_id and one.ended_at is None)
        known = next(same, None)
        if known is not None and (known.run_id, known.attempt) == (attempt.run_id, attempt.number):
            return known
        return self._trainer(attempt.run_id, attempt.number, attempt.slot, job_id, None)

    def _trainer(self, run_id: str, attempt: int, slot: str, job_id: str, request: JobRequest | None) -> ClusterTrainer:
        trainer = ClusterTrainer(
            run_id, attempt, slot, job_id,
            client=self._client, registry=self._registry, request=request, clock=self._clock,
        )  # fmt: skip
        self._trainers.append(trainer)
        return trainer

    # --- what they leave ---

    def traces(self, run_id: str, attempt: int) -> Traces:
        """What the attempt has reported; where it never took its lease, why it was not started."""
        lease = self._registry.last_lease(lease_of_run(run_id))
        if lease is None or lease.token < attempt:
            return Traces(record=_not_started(attempt, self._why_not_started(run_id, attempt)))
        return traces_of(run_id, attempt, self._registry)

    def _why_not_started(self, run_id: str, attempt: int) -> str:
        found = (one.not_started for one in self._trainers if (one.run_id, one.attempt) == (run_id, attempt))
        return next((reason for reason in found if reason), "It was not started.")

    def progress(self, run_id: str) -> Progress | None:
        """The last progress that the running attempt has reported."""
        return progress_of([run_id], self._settings, self._registry)[run_id]

    def trim_log(self, run_id: str) -> bool:
        """Nothing: a trainer elsewhere reports the end of its log only."""
        return False


def _not_started(attempt: int, reason: str) -> ExitRecord:
    """By which the run goes back into the queue, however often: a machine was at fault, not the run."""
    return ExitRecord(attempt=attempt, code=ExitCode.INTERRUPTED, outcome="not started", reason=reason)
