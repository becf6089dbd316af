"""Deletions as JSON: ``core delete``, REST and MCP."""

from collections.abc import Sequence
from dataclasses import asdict

from core.workbench.delete import DeletionImpact


def deletion_json(kind: str, references: Sequence[str], impact: DeletionImpact, *, dry_run: bool = False) -> dict:
    """What was deleted, or would be.

    Args:
        kind: ``run``, ``model`` (only the weights) or ``dataset``. references: as they were given.
        dry_run: nothing was deleted.
    """
    deleted = references[0] if len(references) == 1 else list(references)
    return {"deleted": deleted, "kind": kind, "dry_run": dry_run} | asdict(impact)
