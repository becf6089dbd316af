"""The nodes of a cluster, and the slots that they have."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from core.errors import InvalidInput
from core.jobs.machine import MachineFacts
from core.jobs.slots import Slot
from core.runs.needs import SlotResources


@dataclass(frozen=True, kw_only=True)
class ClusterNode:
    """A machine of the cluster, as the cluster counts its resources.

    Args:
        id: changes whenever the cluster's program is started there. name: by which people know it.
        is_alive: the cluster's word.
        problem: why no job can start there though it is part of the cluster, in a sentence; "" where one can.
        cpus, gpus: how many jobs may reserve.
        gpu_kind: such as "A100"; "" when it is not known.
        cpu_step: jobs reserve CPUs in multiples of this, such as the 2 threads of a core.
        memory_bytes: that jobs may reserve; 0 where the cluster does not count it.
        reserves_memory: whether a job gets what it reserves of it and no more.
    """

    id: str
    name: str
    address: str
    is_alive: bool = True
    problem: str = ""
    cpus: float = 0
    cpu_step: int = 1
    gpus: int = 0
    gpu_kind: str = ""
    memory_bytes: int = 0
    reserves_memory: bool = False


@dataclass(frozen=True, kw_only=True)
class NodeSlot:
    """A slot of a node, and what a job in it reserves.

    Args:
        slot: its name is stored with every attempt, such as ``node2/gpu0`` or ``node2/cpu``.
        memory_bytes: its part of the node's; 0 where jobs reserve none.
    """

    node: ClusterNode
    slot: Slot
    cpus: float
    gpus: int
    memory_bytes: int = 0


def cpus_per_slot(environ: Mapping[str, str], variable: str) -> float | None:
    """The CPUs of one slot on a machine without a GPU, from a variable; None where it is unset: all of the machine's.

    Raises:
        InvalidInput: it is no number of CPUs.
    """
    value = environ.get(variable, "").strip()
    if not value:
        return None
    if not value.isdecimal() or int(value) < 1:
        raise InvalidInput(f"{variable} must be a whole number of CPUs. Received: {value!r}")
    return float(value)


def slots_of(
    node: ClusterNode, cpus_per_slot: float | None = None, facts: MachineFacts | None = None
) -> list[NodeSlot]:
    """One slot for each GPU with an equal part of the CPUs; on a node without a GPU one for ``cpus_per_slot`` CPUs.

    Args:
        cpus_per_slot: None for all of a node's, as on one machine: training uses all cores. A node with fewer has one
            slot with all it has.
        facts: what the machine says about itself, where it has.
    """
    if node.gpus:
        kind, cpus = node.gpu_kind or "GPU", _in_steps(node.cpus // node.gpus, node)
        names = [(f"gpu{number}", f"{kind} {number}") for number in range(node.gpus)]
        return _equal_slots(node, names, cpus, 1, facts)
    if node.cpus < 1:
        return []
    cpus = _in_steps(min(cpus_per_slot or node.cpus, node.cpus), node)
    count = int(node.cpus // cpus)
    names = [("cpu", "CPU")] if count == 1 else [(f"cpu{number}", f"CPU {number}") for number in range(count)]
    return _equal_slots(node, names, cpus, 0, facts)


def _equal_slots(
    node: ClusterNode, names: Sequence[tuple[str, str]], cpus: float, gpus: int, facts: MachineFacts | None
) -> list[NodeSlot]:
    """Slots of these names and titles, each with an equal part of the memory where jobs reserve it."""
    memory = node.memory_bytes // len(names) if node.reserves_memory else 0
    has = _resources(node, gpus, cpus, memory, facts)
    slots = [_slot(node, name, title, has) for name, title in names]
    return [NodeSlot(node=node, slot=slot, cpus=cpus, gpus=gpus, memory_bytes=memory) for slot in slots]


def _in_steps(cpus: float, node: ClusterNode) -> float:
    """Whole steps, at least one: what a job is given beyond these would be missing to the last slot."""
    return max(cpus // node.cpu_step, 1.0) * node.cpu_step if node.cpu_step > 1 else float(cpus)


def _resources(node: ClusterNode, gpus: int, cpus: float, memory: int, facts: MachineFacts | None) -> SlotResources:
    """Of each slot of a node. Which of its GPUs a job gets is the cluster's choice, so the smallest counts."""
    known = facts.gpus if facts is not None and gpus else ()
    titles = tuple(dict.fromkeys(gpu.title for gpu in known)) or ((node.gpu_kind,) if node.gpu_kind and gpus else ())
    return SlotResources(
        gpus=gpus,
        gpu_kinds=titles,
        gpu_bytes=min((gpu.memory_bytes for gpu in known), default=0),
        memory_bytes=memory or (facts.memory_bytes if facts is not None else 0) or node.memory_bytes,
        cpus=int(cpus),
    )


def _slot(node: ClusterNode, name: str, title: str, resources: SlotResources) -> Slot:
    return Slot(name=f"{node.name}/{name}", title=f"{node.name} {title}", resources=resources)


def without_others(slots: Iterable[NodeSlot], own: Iterable[str], used: Mapping[str, float]) -> list[NodeSlot]:
    """The slots of one node for which its resources suffice beside the jobs of other programs.

    Args:
        own: names of slots whose jobs are among those that ``used`` counts.
        used: how much of each resource is reserved on this node.
    """
    slots, taken = list(slots), set(own)
    mine = [one for one in slots if one.slot.name in taken]
    others_cpus = max(0.0, used.get("CPU", 0.0) - sum(one.cpus for one in mine))
    others_gpus = max(0.0, used.get("GPU", 0.0) - sum(one.gpus for one in mine))
    others_memory = max(0.0, used.get("memory", 0.0) - sum(one.memory_bytes for one in mine))
    kept: list[NodeSlot] = []
    for one in sorted(slots, key=lambda one: one.slot.name not in taken):  # what runs stays
        cpus = sum(other.cpus for other in kept) + one.cpus + others_cpus
        gpus = sum(other.gpus for other in kept) + one.gpus + others_gpus
        memory = sum(other.memory_bytes for other in kept) + one.memory_bytes + others_memory
        has_room = (
            cpus <= one.node.cpus
            and gpus <= one.node.gpus
            and (memory <= one.node.memory_bytes or not one.memory_bytes)
        )
        if one.slot.name in taken or has_room:
            kept.append(one)
    return sorted(kept, key=lambda one: slots.index(one))
