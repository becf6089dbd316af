"""The machines that train: their slots, what runs in each, and which of them cannot train."""

import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from core import jobs
from core.errors import GraftError, NotFound
from core.jobs.cluster.machines import why_not
from core.jobs.cluster.nodes import ClusterNode, slots_of
from core.jobs.launchers import client_of
from core.jobs.lease_holder import who_holds
from core.jobs.machine import MachineFacts, facts_of_this_machine
from core.jobs.slots import Slot
from core.registry.leases import SUPERVISOR
from core.registry.nodes import NodeRecord
from core.runs.values import Run, Status
from core.workbench.base import Bench


@dataclass(frozen=True, kw_only=True)
class SlotState:
    """A slot, and the run that trains in it; None where it is free."""

    name: str
    title: str
    run: Run | None = None


@dataclass(frozen=True, kw_only=True)
class MachineState:
    """A machine.

    Args:
        facts: what it said about itself; None where it has not yet.
        seen_at: when it did, seconds since 1970; None where it is this machine, now.
        there: whether it is part of the cluster now; None where the cluster does not answer.
        problem: why it gets no runs, in a sentence; "" where it does.
    """

    name: str
    facts: MachineFacts | None = None
    seen_at: float | None = None
    there: bool | None = True
    problem: str = ""
    slots: tuple[SlotState, ...] = ()

    @property
    def can_train(self) -> bool:
        return self.there is not False and not self.problem and self.facts is not None


@dataclass(frozen=True, kw_only=True)
class MachinesOverview:
    """All machines.

    Args:
        launcher: ``local``, or what ``GRAFT_LAUNCHER`` names.
        supervisor: who supervises; "" where nobody does.
        problem: why nothing is known of the cluster, or nothing can be started there.
        elsewhere: running runs in slots of no machine that is known.
    """

    launcher: str
    supervisor: str = ""
    problem: str = ""
    machines: tuple[MachineState, ...] = ()
    elsewhere: tuple[Run, ...] = ()

    @property
    def slots(self) -> tuple[SlotState, ...]:
        """The slots of the machines that can train."""
        return tuple(slot for machine in self.machines if machine.can_train for slot in machine.slots)

    @property
    def busy(self) -> int:
        """Slots in which a run trains."""
        return sum(slot.run is not None for machine in self.machines for slot in machine.slots)


class Placing(Bench):
    """Where runs train."""

    def machines(self) -> MachinesOverview:
        """All machines, as far as they are known now. A cluster is asked, a machine is not."""
        running = {run.slot or "": run for run in self.registry.runs(status=Status.RUNNING)}
        overview = self._of_cluster(running) if self.settings.launcher else self._of_this_machine(running)
        shown = {slot.run.id for machine in overview.machines for slot in machine.slots if slot.run}
        elsewhere = tuple(run for run in running.values() if run.id not in shown)
        return replace(overview, supervisor=self._supervisor(), elsewhere=elsewhere)

    def ask_machine_again(self, name: str) -> None:
        """Forget what a machine said, so that it is asked again, or is gone where it has left the cluster.

        Raises:
            NotFound: there is no machine of this name.
        """
        if not self.registry.forget_node(name):
            known = ", ".join(record.name for record in self.registry.node_records()) or "none"
            raise NotFound(f"There is no machine {name!r} in the registry. Known: {known}")

    def _supervisor(self) -> str:
        lease = self.registry.lease(SUPERVISOR)
        if lease is not None:
            return who_holds(lease.holder).partition(", since ")[0]
        status = jobs.supervisor_status(self.settings)
        return f"process {status.process.pid} of {platform.node()}" if status.process else ""

    def _of_this_machine(self, running: Mapping[str, Run]) -> MachinesOverview:
        slots = tuple(_state(slot, running) for slot in jobs.discover_slots())
        facts = facts_of_this_machine(self.settings)
        return MachinesOverview(
            launcher="local", machines=(MachineState(name=platform.node(), facts=facts, slots=slots),)
        )

    def _of_cluster(self, running: Mapping[str, Run]) -> MachinesOverview:
        records = {record.name: record for record in self.registry.node_records()}
        slots, problem = {}, ""
        try:
            client = client_of(self.settings.launcher)
            found = {node.name: node for node in client.nodes()}
            slots = {name: [one.slot for one in slots_of(node, client.cpus_per_slot)] for name, node in found.items()}
        except GraftError as error:
            found, problem = None, str(error)
        names = sorted({*records, *(found or {})})
        machines = tuple(_machine(name, records.get(name), found, slots.get(name, []), running) for name in names)
        return MachinesOverview(launcher=self.settings.launcher, problem=problem, machines=machines)


def _machine(
    name: str,
    record: NodeRecord | None,
    found: Mapping[str, ClusterNode] | None,
    slots: Sequence[Slot],
    running: Mapping[str, Run],
) -> MachineState:
    node = (found or {}).get(name)
    facts = MachineFacts.from_json(record.facts) if record else None
    used = {slot.name for slot in slots}
    slots = [*slots]
    slots += [Slot(name=slot, title=slot) for slot in running if slot.startswith(f"{name}/") and slot not in used]
    return MachineState(
        name=name,
        facts=facts,
        seen_at=record.seen_at if record else None,
        there=None if found is None else node is not None and node.is_alive,
        problem=(node.problem if node else "") or (why_not(facts) if facts else ""),
        slots=tuple(_state(slot, running) for slot in slots),
    )


def _state(slot: Slot, running: Mapping[str, Run]) -> SlotState:
    return SlotState(name=slot.name, title=slot.title, run=running.get(slot.name))
