"""What the store of artifacts has, for the command line and the health page."""

from collections import defaultdict
from typing import Any

from core.artifacts.parts import unpublished
from core.registry import Registry
from core.settings import Settings

_KINDS = {"datasets": "datasets", "features": "features", "backbones": "backbones"}


def stored_artifacts(settings: Settings, registry: Registry) -> dict[str, Any]:
    """Counts and sizes by kind, what is only on this machine, and what is still to be deleted. For ``--json``."""
    found: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for artifact in registry.artifacts():
        parts = artifact.name.split("/")
        kind = _KINDS.get(parts[0]) or parts[2]  # of runs: model, results and so on
        found[kind][0] += 1
        found[kind][1] += artifact.size_bytes
    return {
        "store": settings.artifacts,
        "kinds": [{"kind": kind, "artifacts": n, "bytes": total} for kind, (n, total) in sorted(found.items())],
        "only_here": unpublished(settings, registry),
        "to_delete": len(registry.doomed_blobs()),
    }
