"""Exports of a model and imported bundles as JSON: ``core export``, ``core import-model``, REST and MCP."""

from pathlib import Path

from core.datasets.values import Dataset
from core.exports.background import ExportState
from core.exports.formats import FORMATS
from core.runs.values import Run


def export_row(state: ExportState, folder: Path | None) -> dict:
    """One format: the record of its export, ``folder`` where it is, and ``refused``: why it is not offered, or ""."""
    record = state.record.to_json() if state.record and state.state != "failed" else {}
    return record | {
        "format": str(state.format),
        "title": FORMATS[state.format].title,
        "state": state.state,
        "folder": "" if folder is None else str(folder),
        "refused": "" if state.state == "ready" else state.message or "The export was cancelled.",
        "largest_difference": (record.get("check") or {}).get("difference"),
    }


def offer_row(state: ExportState, impossible: str) -> dict:
    """One format of a model, whatever its state; ``impossible``: why the model has no form in it, or ""."""
    row = export_row(state, None)
    return row | {"refused": impossible or ("" if state.state == "ready" else state.message)}


def imported_row(run: Run, dataset: Dataset) -> dict:
    """The run that a bundle became."""
    return {
        "run": run.id,
        "name": run.name,
        "dataset": dataset.id,
        "dataset_name": dataset.name,
        "test_accuracy": run.test_accuracy,
    }
