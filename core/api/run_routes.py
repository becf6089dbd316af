"""Routes of runs: the list, one run, comparisons, launching, ending, smaller models, and deletion."""

from typing import Annotated

from fastapi import APIRouter, Body, Query, Request
from fastapi.responses import Response

from core.api import request_types, run_types, verbs
from core.api.responses import Bench, DryRun, FiniteJSON, InDataset, RunRef, Start, told, who_asks
from core.output.runs import run_json

MOST_RUNS = 1000
"""In one response."""

router = APIRouter()


@router.get("/runs", tags=["runs"], **told(run_types.RunList))
def list_runs(
    bench: Bench,
    dataset: InDataset = None,
    search: Annotated[str, Query(description="All of these words.")] = "",
    tag: Annotated[list[str], Query(description="All of these tags.", max_length=50)] = [],  # noqa: B006
    starred: Annotated[bool, Query(description="Only those with a star.")] = False,
    archived: Annotated[bool, Query(description="Archived ones too.")] = False,
    limit: Annotated[int, Query(ge=0, le=MOST_RUNS, description="Runs, at most.")] = MOST_RUNS,
    offset: Start = 0,
) -> Response:
    """Runs, newest first, as `core runs`."""
    found = verbs.list_runs(
        bench,
        dataset=dataset,
        search=search,
        tag=tag,
        starred=starred,
        archived=archived,
        limit=limit,
        offset=offset,
    )
    return FiniteJSON(found)


@router.get("/runs/{run}", tags=["runs"], **told(run_types.RunDetails))
def get_run(bench: Bench, run: RunRef) -> Response:
    """All about one run, as `core show`; by id, the beginning of an id, or DATASET@ALIAS."""
    return FiniteJSON(run_json(bench, bench.registry.run(run)))


@router.get("/compare", tags=["runs"], **told(run_types.ComparisonResult))
def compare(
    bench: Bench,
    runs: Annotated[list[str], Query(max_length=200, description="Ids, or DATASET@ALIAS; two or more.")],
    without: Annotated[
        str, Query(max_length=40, description="Test photos to leave out: `suspects`, `leaks` or `suspects,leaks`.")
    ] = "",
) -> Response:
    """Runs of one dataset side by side, as `core compare`; repeat `runs`, or separate them by commas."""
    return FiniteJSON(verbs.compare(bench, runs, without))


@router.post("/runs", tags=["runs"], **told(run_types.LaunchResult, 201, run_types.LaunchResult))
def launch(bench: Bench, request: Request, asked: request_types.LaunchRequest) -> Response:
    """Plan runs (`dry_run`) or launch them, as `core train`; ask for each run until its status is final.

    The names of backbones are in `GET /backbones`. A recipe that was trained before is not trained again.
    """
    found = verbs.launch(bench, asked.model_dump(), who=who_asks(request))
    return FiniteJSON(found, 200 if asked.dry_run else 201)


@router.post("/runs/{run}/cancel", tags=["runs"], **told(run_types.RunRow, 202))
def cancel(
    bench: Bench, request: Request, run: RunRef, how: Annotated[request_types.CancelRequest | None, Body()] = None
) -> Response:
    """Stop a run; it can be resumed. Its status changes once it has ended."""
    found = verbs.cancel(bench, run, after_epoch=how is not None and how.after_epoch, who=who_asks(request))
    return FiniteJSON(found, 202)


@router.post("/runs/{run}/resume", tags=["runs"], **told(run_types.RunRow, 202))
def resume(bench: Bench, request: Request, run: RunRef) -> Response:
    """Put a failed or cancelled run back into the queue."""
    return FiniteJSON(verbs.resume(bench, run, who=who_asks(request)), 202)


@router.get("/runs/{run}/smaller", tags=["runs"], **told(run_types.SmallerModels))
def list_smaller(
    bench: Bench,
    run: RunRef,
    most_loss: Annotated[float, Query(gt=0, lt=100, description="Points of accuracy that it may lose.")] = 1.0,
) -> Response:
    """The smaller models that were made of a run's model, each tested for a loss of accuracy, as `core shrink`."""
    return FiniteJSON(verbs.smaller(bench, run, most_loss=most_loss))


@router.post("/runs/{run}/shrink", tags=["runs"], **told(run_types.SmallerModels, 201, run_types.LaunchResult))
def shrink(bench: Bench, request: Request, run: RunRef, asked: request_types.ShrinkRequest) -> Response:
    """Make the model of a run smaller (quantization, distillation), or plan it (`dry_run`), as `core shrink`."""
    found = verbs.shrink(bench, run, **asked.model_dump(), who=who_asks(request))
    return FiniteJSON(found, 200 if asked.dry_run else 201)


@router.delete("/runs/{run}", tags=["runs"], **told(run_types.DeletionResult))
def delete_run(
    bench: Bench,
    request: Request,
    run: RunRef,
    weights: Annotated[bool, Query(description="Only its model and checkpoints; the record stays.")] = False,
    dry_run: DryRun = False,
) -> Response:
    """Delete a run with its model, as `core delete`."""
    return FiniteJSON(verbs.delete_run(bench, run, weights=weights, dry_run=dry_run, who=who_asks(request)))
