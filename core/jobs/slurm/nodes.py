"""The nodes and partitions of a Slurm cluster, in what ``scontrol --oneliner show`` prints."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from core.errors import Unavailable
from core.jobs.cluster.nodes import ClusterNode

MEBIBYTE = 2**20
"""Slurm counts memory in these."""

_GOOD = frozenset({"IDLE", "MIXED", "ALLOCATED", "COMPLETING", "PLANNED", "RESERVED", "CLOUD", "DYNAMIC_NORM"})
"""States of a node that starts jobs, as they are printed before and after a "+"."""


@dataclass(frozen=True, kw_only=True)
class Partition:
    """A queue of Slurm, for some of its nodes."""

    name: str
    is_default: bool = False
    is_up: bool = True


@dataclass(frozen=True, kw_only=True)
class SlurmNode:
    """A node, what is reserved there ("CPU", "GPU", "memory" in bytes), and the partitions it is in."""

    node: ClusterNode
    used: Mapping[str, float] = field(default_factory=dict)
    partitions: frozenset[str] = frozenset()


def fields_of(line: str) -> dict[str, str]:
    """``Name=value`` of one line; values may have spaces, and a reason whatever its writer put in: the first counts."""
    found: dict[str, str] = {}
    starts = list(re.finditer(r"(?:^| )([A-Za-z]\w*(?:/\w+)?)=", line))
    for start, following in zip(starts, [*starts[1:], None], strict=True):
        found.setdefault(start[1], line[start.end() : following.start() if following else None].strip())
    return found


def nodes_of(output: str) -> list[SlurmNode]:
    """The nodes in the output of ``scontrol --details --oneliner show nodes``, by name."""
    found = [_node(line) for line in output.splitlines() if line.startswith("NodeName=")]
    return sorted(found, key=lambda one: one.node.name)


def _node(line: str) -> SlurmNode:
    values = fields_of(line)
    name, state = values["NodeName"], values.get("State", "UNKNOWN")
    kinds = _gpus(values.get("Gres", ""))
    megabytes = max(0, _number(values.get("RealMemory")) - _number(values.get("MemSpecLimit")))
    node = ClusterNode(
        id=f"{name}@{values.get('SlurmdStartTime', '')}",
        name=name,
        address=values.get("NodeAddr", name),
        problem=_problem(state, line),
        cpus=float(_number(values.get("CPUEfctv") or values.get("CPUTot"))),
        cpu_step=max(1, _number(values.get("ThreadsPerCore"))),
        gpus=sum(kinds.values()),
        gpu_kind=next(iter(kinds)) if len(kinds) == 1 else "",
        memory_bytes=megabytes * MEBIBYTE if megabytes > 1 else 0,  # 1 where the cluster does not say
        reserves_memory=megabytes > 1,
    )
    used = {
        "CPU": float(_number(values.get("CPUAlloc"))),
        "GPU": float(sum(_gpus(values.get("GresUsed", "")).values())),
        "memory": float(_number(values.get("AllocMem")) * MEBIBYTE),
    }
    return SlurmNode(node=node, used=used, partitions=frozenset(values.get("Partitions", "").split(",")))


def _problem(state: str, line: str) -> str:
    """Why no job starts there. A sign after a state is a problem of its own: "*" where the node does not answer."""
    if _GOOD.issuperset(state.split("+")):
        return ""
    reason = re.search(r" Reason=(.*?)(?: \[[^\]@]*@[^\]]*\]|$)", line)
    return f"Slurm calls it {state}" + (f": {reason[1].rstrip('.')}." if reason and reason[1] else ".")


def _gpus(gres: str) -> dict[str, int]:
    """How many GPUs of each kind: ``gpu:a100:2(S:0-1),gpu:1``; the kind is "" where it has no name."""
    found: dict[str, int] = {}
    for kind, number in re.findall(r"(?:^|,)gpu:(?:([^:,(]+):)?(\d+)", gres):
        found[kind] = found.get(kind, 0) + int(number)
    return {kind: number for kind, number in found.items() if number}


def _number(value: str | None) -> int:
    return int(value) if value and value.isdecimal() else 0


def partitions_of(output: str) -> list[Partition]:
    """The partitions in the output of ``scontrol --oneliner show partitions``."""
    found = [fields_of(line) for line in output.splitlines() if line.startswith("PartitionName=")]
    return [
        Partition(
            name=one["PartitionName"], is_default=one.get("Default") == "YES", is_up=one.get("State", "UP") == "UP"
        )
        for one in found
    ]


def chosen(partitions: list[Partition], wanted: str) -> frozenset[str]:
    """The partitions that jobs go to.

    Args:
        wanted: names with commas; "" for the default one.

    Raises:
        Unavailable: there is none of this name, no default one, or none of them starts jobs.
    """
    known = {partition.name: partition for partition in partitions}
    names = [name for name in wanted.split(",") if name] or [one.name for one in partitions if one.is_default]
    there = ", ".join(sorted(known)) or "none"
    for name in names:
        if name not in known:
            raise Unavailable(
                f"Slurm has no partition {name!r} that you may use; it has: {there}. Change --partition in "
                "GRAFT_SLURM_OPTIONS."
            )
    if not names:
        raise Unavailable(
            f"Slurm has no default partition. Choose one of {there} by GRAFT_SLURM_OPTIONS=--partition=..."
        )
    up = frozenset(name for name in names if known[name].is_up)
    if not up:
        raise Unavailable(f"The partition {', '.join(names)} of Slurm starts no jobs now. Ask its administrator.")
    return up
