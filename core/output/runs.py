"""Runs as JSON: ``core runs``, ``core show`` and every command that changes one, REST and MCP."""

from collections.abc import Sequence
from dataclasses import asdict

from core.errors import InvalidInput, NotFound
from core.output.forecasts import forecast_row
from core.output.models import model_row
from core.registry.search import RunQuery
from core.runs.needs import RunNeeds
from core.runs.values import Evaluation, Run, Status
from core.workbench import Workbench

_STAGE_KEYS = ("name", "first_epoch", "last_epoch", "trained", "learning_rate", "schedule", "cut")
_FIELDS = (
    "name", "reason", "epochs_done", "best_epoch", "wall_seconds", "priority", "attempt", "extends", "reproduces",
    "fingerprint", "created_at", "starred", "archived", "notes", "owner",
)  # fmt: skip


def run_row(run: Run) -> dict:
    """A run in a list."""
    ids = {"run": run.id, "dataset": run.dataset_id, "recipe": run.recipe.to_dict(), "status": str(run.status)}
    fields = {name: getattr(run, name) for name in _FIELDS}
    return ids | fields | {"accuracy": run.test_accuracy, "tags": list(run.tags)}


def runs_json(workbench: Workbench, query: RunQuery, *, limit: int | None = None, offset: int = 0) -> dict:
    """The runs that match, how many match in all, and the datasets among theirs that have leaked test photos."""
    found, total = workbench.registry.search(query, limit=limit, offset=offset)
    leaks = workbench.leak_notes(run.dataset_id for run in found if run.test_accuracy is not None)
    return {"runs": waiting_rows(workbench, found), "total": total, "leaks": leaks}


def waiting_rows(workbench: Workbench, runs: Sequence[Run]) -> list[dict]:
    """Runs in a list; ``waits`` says of one that waits what it needs that not every slot has, else "" is there."""
    waits = workbench.waits(run.id for run in runs if run.status is Status.SCHEDULED)
    return [run_row(run) | {"waits": waits.get(run.id, "")} for run in runs]


def run_json(workbench: Workbench, run: Run) -> dict:
    """All about one run."""
    evaluation, cost = workbench.registry.evaluation(run.id), workbench.registry.cost(run.id)
    (row,) = waiting_rows(workbench, [run])
    needs = workbench.registry.needs_of([run.id]).get(run.id, RunNeeds())
    result = row | {
        "needs": needs.to_json(),
        "epochs": [asdict(epoch) for epoch in workbench.registry.epochs(run.id)],
        "evaluation": _evaluation_row(evaluation) if evaluation else None,
        "cost": asdict(cost) if cost else None,
        "forecasts": [forecast_row(one, run.name) for one in workbench.registry.forecasts_of([run.id]).get(run.id, ())],
        "attempts": [asdict(attempt) for attempt in workbench.registry.attempts(run.id)],
        "model": _model_row(workbench, run),
        "checkpoint": workbench.has_checkpoint(run.id),
        "stages": _stages(workbench, run),
        "lineage": _lineage(workbench, run),
        "repetitions": [_repetition(one) for one in workbench.repetitions(run.id)],
        "leaks": workbench.leak_note(run.dataset_id),
    }
    return result | reproduction_row(workbench, run)


def _evaluation_row(evaluation: Evaluation) -> dict:
    return {name: value for name, value in asdict(evaluation).items() if name != "right"}  # packed bits are not JSON


def _stages(workbench: Workbench, run: Run) -> list[dict]:
    """[] also where its network was deleted, so that its cuts are unknown."""
    try:
        return [
            {key: getattr(stage, key) for key in _STAGE_KEYS} | {"epochs_done": stage.epochs_done(run.epochs_done)}
            for stage in workbench.stages(run.id)
        ]
    except (InvalidInput, NotFound):
        return []


def _lineage(workbench: Workbench, run: Run) -> dict:
    found = workbench.lineage(run.id)
    parents = [parent.id for parent in found.parents] + list(found.lost)
    return {
        "parent": parents[0] if parents else None,
        "parents": parents,
        "lost": list(found.lost),
        "children": [child.id for child in found.children],
    }


def _repetition(run: Run) -> dict:
    seed = run.recipe.hyperparameters.seed
    return {"run": run.id, "seed": seed, "status": str(run.status), "accuracy": run.test_accuracy}


def reproduction_row(workbench: Workbench, run: Run) -> dict:
    """A run and its reproduction as JSON; None when it was never reproduced."""
    found = workbench.reproduction(run.id)
    if found is None:
        return {"reproduction": None}
    figures = {
        "original": found.original.id,
        "again": found.again.id,
        "identical": found.identical,
        "photos_differing": found.photos_differing,
        "differences": [asdict(one) | {"difference": one.difference} for one in found.differences],
    }
    return {"reproduction": figures}


def _model_row(workbench: Workbench, run: Run) -> dict | None:
    model = workbench.registry.models_of([run.id]).get(run.id)
    return None if model is None else model_row(workbench, model)


def marks_row(run: Run) -> dict:
    """Name, star, archive, tags and notes of a run as JSON."""
    marks = {name: getattr(run, name) for name in ("name", "starred", "archived", "notes")}
    return {"run": run.id, "tags": list(run.tags)} | marks
