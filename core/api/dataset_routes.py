"""Routes of datasets: what is known of one, collections, advice, and deletion."""

from typing import Annotated

from fastapi import APIRouter, Body, Query, Request
from fastapi.responses import Response

from core.api import request_types, response_types, run_types, verbs
from core.api.responses import Bench, DatasetRef, DryRun, FiniteJSON, told, who_asks
from core.output.collections import collections_json
from core.output.datasets import dataset_row, datasets_json

router = APIRouter()


@router.get("/datasets", tags=["datasets"], **told(response_types.DatasetList))
def list_datasets(bench: Bench) -> Response:
    """All datasets, as `core datasets`."""
    return FiniteJSON(datasets_json(bench))


@router.get("/datasets/{dataset}", tags=["datasets"], **told(response_types.DatasetRow))
def get_dataset(bench: Bench, dataset: DatasetRef) -> Response:
    """One dataset by id, name or name:version."""
    return FiniteJSON(dataset_row(bench, bench.registry.dataset(dataset)))


@router.get("/datasets/{dataset}/shortlist", tags=["datasets"], **told(response_types.ShortlistResult))
def get_shortlist(bench: Bench, dataset: DatasetRef) -> Response:
    """Its newest shortlist with the regret, as `core shortlist --last`."""
    return FiniteJSON(verbs.shortlist(bench, dataset))


@router.post("/datasets/{dataset}/shortlist", tags=["datasets"], **told(response_types.ShortlistResult, 202))
def make_shortlist(
    bench: Bench, dataset: DatasetRef, asked: Annotated[request_types.ShortlistRequest | None, Body()] = None
) -> Response:
    """Make a shortlist in the background, as `core shortlist`: which recipes are worth training."""
    return FiniteJSON(verbs.begin_shortlist(bench, dataset, minutes=asked.minutes if asked else None), 202)


@router.get("/collections", tags=["datasets"], **told(response_types.CollectionList))
def list_collections(bench: Bench) -> Response:
    """The datasets that are a part of another one by a filter, as `core collections`."""
    return FiniteJSON(collections_json(bench))


@router.post(
    "/datasets/{dataset}/collections",
    tags=["datasets"],
    **told(response_types.CollectionResult, 201, response_types.CollectionPlan),
)
def make_collection(bench: Bench, dataset: DatasetRef, asked: request_types.CollectionRequest) -> Response:
    """Make a dataset of some of its photos, as `core collections DATASET --name NAME`; `dry_run` only says which."""
    result = verbs.collection(bench, dataset, **asked.model_dump())
    return FiniteJSON(result, 200 if asked.dry_run else 201)


@router.get("/datasets/{dataset}/combination", tags=["datasets"], **told(response_types.CombinationResult))
def get_combination(
    bench: Bench,
    dataset: DatasetRef,
    most_ms: Annotated[float | None, Query(description="Milliseconds that one photo may take.")] = None,
    most_mb: Annotated[float | None, Query(description="Megabytes of the files that predict.")] = None,
) -> Response:
    """Which finished runs to combine within a budget, as `core combine`; `POST /runs` launches it."""
    return FiniteJSON(verbs.combination(bench, dataset, most_ms=most_ms, most_mb=most_mb))


@router.get("/datasets/{dataset}/search", tags=["datasets"], **told(response_types.SearchResult))
def get_search(bench: Bench, dataset: DatasetRef) -> Response:
    """How far its search over recipes is, as `core search --last`."""
    return FiniteJSON(verbs.search(bench, dataset))


@router.post("/datasets/{dataset}/search", tags=["datasets"], **told(response_types.SearchResult, 202))
def start_search(
    bench: Bench, dataset: DatasetRef, asked: Annotated[request_types.SearchRequest | None, Body()] = None
) -> Response:
    """Search over recipes in the background, as `core search`: the best within a budget of training time."""
    chosen = asked or request_types.SearchRequest.model_validate({})
    return FiniteJSON(verbs.begin_search(bench, dataset, **chosen.model_dump()), 202)


@router.delete("/datasets/{dataset}/search", tags=["datasets"], **told(response_types.SearchResult, 202))
def stop_search(bench: Bench, dataset: DatasetRef) -> Response:
    """Stop the search, as `core search --stop`. It can go on; its trials and runs are kept."""
    return FiniteJSON(verbs.end_search(bench, dataset), 202)


@router.delete("/datasets/{dataset}", tags=["datasets"], **told(run_types.DeletionResult))
def delete_dataset(bench: Bench, request: Request, dataset: DatasetRef, dry_run: DryRun = False) -> Response:
    """Delete a dataset with all its runs, as `core delete --dataset`."""
    return FiniteJSON(verbs.delete_dataset(bench, dataset, dry_run=dry_run, who=who_asks(request)))
