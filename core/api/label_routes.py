"""Routes of photos without a class: adding them, what to label next, its order, labels, and the version with them."""

from collections.abc import Mapping
from typing import Annotated, Any

import anyio
from fastapi import APIRouter, Body, Query, Request
from fastapi.responses import Response

from core.api import label_verbs, pool_verbs, request_types, response_types
from core.api.bodies import ARCHIVES, archive_or_json, parsed, received_archive
from core.api.responses import Bench, DatasetRef, DigestRef, FiniteJSON, Start, binary, told, who_asks

router = APIRouter()


@router.get("/datasets/{dataset}/labels", tags=["datasets"], **told(response_types.NextLabels))
def get_labels(
    bench: Bench, dataset: DatasetRef, count: Annotated[int, Query(ge=0, le=1000, description="Photos, at most.")] = 20
) -> Response:
    """Which photos without a class to label next, in the order that was made last, as `core label next`."""
    return FiniteJSON(label_verbs.next_labels(bench, dataset, count=count))


@router.post("/datasets/{dataset}/labels/order", tags=["datasets"], **told(response_types.NextLabels, 202))
def order_labels(
    bench: Bench, dataset: DatasetRef, asked: Annotated[request_types.LabelOrderRequest | None, Body()] = None
) -> Response:
    """Order the photos without a class in the background; ask for its labels until `order_state` is not `running`."""
    return FiniteJSON(label_verbs.begin_order(bench, dataset, model=asked.model if asked else None), 202)


@router.post("/datasets/{dataset}/labels", tags=["datasets"], **told(response_types.KeptLabels))
def set_labels(bench: Bench, request: Request, dataset: DatasetRef, asked: request_types.LabelsRequest) -> Response:
    """Label photos without a class, as `core label set`: drafts until a version is made."""
    return FiniteJSON(label_verbs.set_labels(bench, dataset, **asked.model_dump(), who=who_asks(request)))


@router.post("/datasets/{dataset}/labels/version", tags=["datasets"], **told(response_types.LabelledVersion, 201))
def make_labelled_version(
    bench: Bench,
    request: Request,
    dataset: DatasetRef,
    asked: Annotated[request_types.LabelledVersionRequest | None, Body()] = None,
) -> Response:
    """Make a version with all labels and decisions on photos, as `core label make`. This one stays as it is."""
    validation = asked is not None and asked.validation
    return FiniteJSON(label_verbs.make_version(bench, dataset, validation=validation, who=who_asks(request)), 201)


_POOL_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/PoolRequest"}}}
        | {kind: {"schema": {"type": "string", "format": "binary"}} for kind in ARCHIVES},
    }
}


@router.post(
    "/datasets/{dataset}/labels/photos",
    tags=["datasets"],
    openapi_extra=_POOL_BODY,
    **told(response_types.NextLabels, 202),
)
async def add_photos(
    bench: Bench,
    request: Request,
    dataset: DatasetRef,
    flat: Annotated[bool, Query(description="The folders of an archive mean nothing.")] = False,
    model: Annotated[str | None, Query(max_length=400, description="As of the order made afterwards.")] = None,
) -> Response:
    """Add photos without a class in the background, as `core label add`, and order them.

    The body is a ZIP or TAR archive, or JSON with a path or upload; query parameters are for an archive. Ask for the
    labels until `order_state` is not `running`. Where it is `question`, send `{"flat": true}`, or delete the order.
    """
    if archive_or_json(request):
        async with received_archive(request, bench.settings) as path:
            given: Mapping[str, Any] = {"path": str(path), "own_source": True, "flat": flat, "model": model}
            found = await anyio.to_thread.run_sync(lambda: pool_verbs.begin_adding(bench, dataset, **given))
    else:
        asked = parsed(await request.body(), request_types.PoolRequest)
        found = await anyio.to_thread.run_sync(lambda: pool_verbs.begin_adding(bench, dataset, **asked.model_dump()))
    return FiniteJSON(found, 202)


@router.get("/datasets/{dataset}/labels/photos", tags=["datasets"], **told(response_types.PoolPhotos))
def list_pool(
    bench: Bench,
    dataset: DatasetRef,
    limit: Annotated[int, Query(ge=0, le=1000, description="Photos, at most.")] = 100,
    offset: Start = 0,
) -> Response:
    """All photos without a class, in the order of their files, with the drafts of their labels."""
    return FiniteJSON(pool_verbs.list_pool(bench, dataset, limit=limit, offset=offset))


@router.delete("/datasets/{dataset}/labels/order", tags=["datasets"], **told(response_types.NextLabels, 202))
def end_order(bench: Bench, dataset: DatasetRef) -> Response:
    """Stop adding or ordering photos, or discard an addition that asks about its folders. Added photos stay."""
    return FiniteJSON(pool_verbs.end_job(bench, dataset), 202)


@router.get(
    "/datasets/{dataset}/photos/{digest}",
    tags=["datasets"],
    **binary("image/jpeg", "The thumbnail."),
)
def get_photo(
    bench: Bench,
    dataset: DatasetRef,
    digest: DigestRef,
    side: Annotated[int, Query(ge=16, le=pool_verbs.MOST_SIDE, description="Pixels of the square.")] = pool_verbs.SIDE,
) -> Response:
    """A square thumbnail (JPEG) of a photo of a dataset, with a class or without."""
    return Response(pool_verbs.picture(bench, dataset, digest, side=side), media_type="image/jpeg")
