"""Aliases of a dataset as JSON: ``core alias``, REST and MCP."""

from dataclasses import asdict

from core.datasets.values import Dataset
from core.runs.values import AliasMove
from core.workbench import Workbench


def aliases_json(workbench: Workbench, dataset: Dataset) -> dict:
    """The runs that have its aliases now, those that were deleted since, and all moves, the newest first."""
    history = workbench.registry.alias_history(dataset.id)
    result = {"dataset": dataset.id, "name": dataset.name, "version": dataset.version}
    result["aliases"] = {name: move.run_id for name, move in workbench.aliases(dataset.id).items()}
    result["lost"] = {name: move.run_id for name, move in workbench.lost_aliases(dataset.id).items()}
    return result | {"history": [_move(move) for move in history]}


def _move(move: AliasMove) -> dict:
    return {name: value for name, value in asdict(move).items() if name != "dataset_id"}
