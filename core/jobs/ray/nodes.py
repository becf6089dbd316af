"""The nodes of a Ray cluster in the answers of its State API."""

from collections.abc import Mapping
from typing import Any

from core.jobs.cluster.nodes import ClusterNode

_KIND = "accelerator_type:"


def nodes_of(answer: Any) -> list[ClusterNode]:
    """The nodes in Ray's answer, by name; of several that had one name, as after a restart, the newest."""
    found = sorted(answer["data"]["result"]["result"], key=lambda one: one.get("start_time_ms") or 0)
    nodes = {one["node_name"] or one["node_ip"]: _node(one) for one in found}
    return sorted(nodes.values(), key=lambda node: node.name)


def _node(content: Mapping[str, Any]) -> ClusterNode:
    resources = content.get("resources_total") or {}
    kinds = [name.removeprefix(_KIND) for name in resources if name.startswith(_KIND)]
    return ClusterNode(
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
