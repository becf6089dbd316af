"""Which machines of a cluster can train. Each is asked once, by a job that notes in the registry what it finds."""

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass

from core.jobs.cluster.client import ClusterClient, JobRefused, JobRequest
from core.jobs.cluster.nodes import ClusterNode
from core.jobs.machine import MachineFacts
from core.jobs.protocol import code_version
from core.registry import Registry
from core.settings import VERSION

log = logging.getLogger("graft.jobs")

ANSWER_SECONDS = 180.0
"""For so long a machine may take to describe itself."""
ASK_AGAIN_SECONDS = 300.0
"""A machine that cannot train is asked again after so long."""
MODULE = "core.jobs.machine"


@dataclass(frozen=True, kw_only=True)
class _Question:
    """A job that asks a machine."""

    job_id: str
    since: float


class Machines:
    """The machines of one cluster.

    Args:
        command: the command line of a module with arguments, on a machine of the cluster.
        clock: seconds that only grow.
    """

    def __init__(
        self,
        client: ClusterClient,
        registry: Registry,
        command: Callable[[str, list[str]], str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client, self._registry, self._command, self._clock = client, registry, command, clock
        self._questions: dict[str, _Question] = {}
        self._refused_at: dict[str, float] = {}

    def that_can_train(
        self, nodes: Iterable[ClusterNode], used: Mapping[str, Mapping[str, float]]
    ) -> list[ClusterNode]:
        """Those that have said so; the others are asked, once they have room for a job.

        Args:
            used: what jobs have reserved, by node id.

        Raises:
            Unavailable: the cluster does not answer.
        """
        answers = {record.name: MachineFacts.from_json(record.facts) for record in self._registry.node_records()}
        there = [node for node in nodes if node.is_alive and not node.problem]
        return [node for node in there if self._can_train(node, answers.get(node.name), used.get(node.id, {}))]

    def refuse(self, node: ClusterNode, problem: str) -> None:
        """Note why a machine could not train; it gets no run until it was asked again."""
        log.warning("machine %s cannot train: %s", node.name, problem)
        self._refused_at[node.id] = self._clock()
        self._registry.note_node(node.name, asdict(MachineFacts(node=node.id, host=node.name, problem=problem)))

    def _can_train(self, node: ClusterNode, facts: MachineFacts | None, used: Mapping[str, float]) -> bool:
        answer = facts if facts is not None and facts.node == node.id else None  # since its last start
        if answer is not None and not why_not(answer):
            self._questions.pop(node.id, None)
            self._refused_at.pop(node.id, None)
            return True
        question = self._questions.get(node.id)
        if question is not None:
            self._look_at(question, node, answer)
        elif (answer is None or self._is_due(node)) and self._has_room(node, used):
            self._ask(node)
        return False

    def _is_due(self, node: ClusterNode) -> bool:
        """Whether a machine that could not train is to be asked again; counted from when this supervisor saw it."""
        since = self._refused_at.setdefault(node.id, self._clock())
        return self._clock() - since > ASK_AGAIN_SECONDS

    def _has_room(self, node: ClusterNode, used: Mapping[str, float]) -> bool:
        """Whether the job of a question would start at once."""
        gpus = min(self._client.question_gpus, node.gpus)
        return (
            node.cpus - used.get("CPU", 0.0) >= self._client.question_cpus and node.gpus - used.get("GPU", 0.0) >= gpus
        )

    def _ask(self, node: ClusterNode) -> None:
        request = JobRequest(
            id=f"graft-machine-{node.id[:16]}-{time.time_ns()}",
            command=self._command(MODULE, [node.name, "--node", node.id]),
            node=node.id,
            cpus=self._client.question_cpus,
            gpus=min(self._client.question_gpus, node.gpus),
        )
        try:
            self._client.submit(request)
        except JobRefused as error:
            self.refuse(node, str(error))
            return
        self._questions[node.id] = _Question(job_id=request.id, since=self._clock())
        log.info("machine %s: asked whether it can train", node.name)

    def _look_at(self, question: _Question, node: ClusterNode, answer: MachineFacts | None) -> None:
        """Ends a question whose job has ended or is late."""
        job = self._client.job(question.job_id)
        if job is not None and not job.status.has_ended and self._clock() - question.since <= ANSWER_SECONDS:
            return
        self._questions.pop(node.id)
        if answer is not None:  # it has said itself why it cannot
            self._refused_at[node.id] = self._clock()
        elif job is not None and job.status.has_ended:
            self.refuse(node, f"It could not describe itself: {job.last_line}")
        elif job is not None:
            self._client.stop(question.job_id, at_once=True)
            self.refuse(node, f"It started no program within {ANSWER_SECONDS:.0f} seconds.")


def why_not(facts: MachineFacts) -> str:
    """Why a machine cannot train runs of this supervisor; "" where it can."""
    if facts.problem:
        return facts.problem
    if facts.version != code_version():
        return (
            f"It has another version of Graft ({facts.release}, {facts.version}) than this one ({VERSION}, "
            f"{code_version()}). Install the same one there."
        )
    return ""
