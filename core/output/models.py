"""Models as JSON: ``core models``, ``core show``, REST and MCP."""

from core.models.card import PROBABILITIES, keras_output
from core.runs.values import Model
from core.workbench import Workbench


def model_row(workbench: Workbench, model: Model) -> dict:
    """The main file of a model; ``output``: what a ``model.keras`` computes, features or probabilities."""
    path = workbench.settings.home / model.path
    output = keras_output(model.card) if path.suffix == ".keras" else PROBABILITIES
    known = {"model": model.id, "path": str(path), "sha256": model.sha256, "bytes": model.size_bytes}
    return known | {"output": output}


def models_json(workbench: Workbench, dataset_id: str | None = None) -> dict:
    """The models of all finished runs (of one dataset), the newest first, with the aliases of their runs; and the
    datasets among theirs that have leaked test photos."""
    models = workbench.registry.models(dataset_id)
    runs = {run.id: run for run in workbench.registry.runs_of([model.run_id for model in models])}
    held: dict[str, list[str]] = {}
    for one in workbench.registry.held_aliases(dataset_id):
        held.setdefault(one.move.run_id or "", []).append(one.move.alias)
    return {
        "models": [
            {
                "run": model.run_id,
                "name": runs[model.run_id].name,
                "dataset": model.dataset_id,
                "accuracy": runs[model.run_id].test_accuracy,
                "aliases": held.get(model.run_id, []),
                "created_at": model.created_at,
            }
            | model_row(workbench, model)
            for model in models
            if model.run_id in runs
        ],
        "leaks": workbench.leak_notes(model.dataset_id for model in models if model.run_id in runs),
    }
