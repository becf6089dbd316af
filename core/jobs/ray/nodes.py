"""The nodes of a Ray cluster, and the slots that they have."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from core.errors import InvalidInput
from core.jobs.slots import Slot

CPUS = "GRAFT_RAY_CPUS"
"""Variable with the CPUs of one slot on a machine without a GPU; unset for all of the machine's."""

_KIND = "accelerator_type:"


@dataclass(frozen=True, kw_only=True)
class RayNode:
    """A machine of the cluster, as Ray counts its resources.

    Args:
        id: changes whenever Ray is started there. name: by which people know it; its address unless Ray was given one.
        is_alive: Ray's word.
        cpus, gpus: how many jobs may reserve.
        gpu_kind: such as "A100"; "" when it is not known.
        memory_bytes: that jobs may reserve.
    """

    id: str
    name: str
    address: str
    is_alive: bool = True
    cpus: float = 0
    gpus: int = 0
    gpu_kind: str = ""
    memory_bytes: int = 0


@dataclass(frozen=True, kw_only=True)
class NodeSlot:
    """A slot of a node, and what a job in it reserves.

    Args:
        slot: its name is stored with every attempt, such as ``node2/gpu0`` or ``node2/cpu``.
    """

    node: RayNode
    slot: Slot
    cpus: float
    gpus: int


def nodes_of(answer: Any) -> list[RayNode]:
    """The nodes in Ray's answer, by name; of several that had one name, as after a restart, the newest."""
    found = sorted(answer["data"]["result"]["result"], key=lambda one: one.get("start_time_ms") or 0)
    nodes = {one["node_name"] or one["node_ip"]: _node(one) for one in found}
    return sorted(nodes.values(), key=lambda node: node.name)


def _node(content: Mapping[str, Any]) -> RayNode:
    resources = content.get("resources_total") or {}
    kinds = [name.removeprefix(_KIND) for name in resources if name.startswith(_KIND)]
    return RayNode(
        id=content["node_id"],
        name=content["node_name"] or content["node_ip"],
        address=content["node_ip"],
        is_alive=content["state"] == "ALIVE",
        cpus=resources.get("CPU", 0.0),
        gpus=int(resources.get("GPU", 0.0)),
        gpu_kind=kinds[0] if kinds else "",
        memory_bytes=int(resources.get("memory", 0.0)),
    )


def used_of(answer: Any) -> dict[str, Mapping[str, float]]:
    """By node id, how much of each resource is reserved."""
    report = ((answer.get("data") or {}).get("clusterStatus") or {}).get("loadMetricsReport") or {}
    return {
        node: {name: float(numbers[0]) for name, numbers in resources.items() if name in ("CPU", "GPU")}
        for node, resources in (report.get("usageByNode") or {}).items()
    }


def cpus_per_slot(environ: Mapping[str, str]) -> float | None:
    """Raises:
    InvalidInput: it is no number of CPUs.
    """
    value = environ.get(CPUS, "").strip()
    if not value:
        return None
    if not value.isdecimal() or int(value) < 1:
        raise InvalidInput(f"{CPUS} must be a whole number of CPUs. Received: {value!r}")
    return float(value)


def slots_of(node: RayNode, cpus_per_slot: float | None = None) -> list[NodeSlot]:
    """One slot for each GPU with an equal part of the CPUs; on a node without a GPU one for ``cpus_per_slot`` CPUs.

    Args:
        cpus_per_slot: None for all of a node's, as on one machine: training uses all cores. A node with fewer has one
            slot with all it has.
    """
    if node.gpus:
        cpus = float(node.cpus // node.gpus)
        kind = node.gpu_kind or "GPU"
        return [
            NodeSlot(node=node, slot=_slot(node, f"gpu{number}", f"{kind} {number}"), cpus=cpus, gpus=1)
            for number in range(node.gpus)
        ]
    if node.cpus < 1:
        return []
    cpus = min(cpus_per_slot or node.cpus, node.cpus)
    count = int(node.cpus // cpus)
    names = [("cpu", "CPU")] if count == 1 else [(f"cpu{number}", f"CPU {number}") for number in range(count)]
    return [NodeSlot(node=node, slot=_slot(node, name, title), cpus=cpus, gpus=0) for name, title in names]


def _slot(node: RayNode, name: str, title: str) -> Slot:
    return Slot(name=f"{node.name}/{name}", title=f"{node.name} {title}")


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
    kept: list[NodeSlot] = []
    for one in sorted(slots, key=lambda one: one.slot.name not in taken):  # what runs stays
        cpus = sum(other.cpus for other in kept) + one.cpus + others_cpus
        gpus = sum(other.gpus for other in kept) + one.gpus + others_gpus
        if one.slot.name in taken or (cpus <= one.node.cpus and gpus <= one.node.gpus):
            kept.append(one)
    return sorted(kept, key=lambda one: slots.index(one))
