"""Routes of photos without a class: what to label next, its order, labels, and the version with them."""

from typing import Annotated

from fastapi import APIRouter, Body, Query, Request
from fastapi.responses import Response

from core.api import label_verbs, request_types, response_types
from core.api.responses import Bench, FiniteJSON, Ref, told, who_asks

router = APIRouter()


@router.get("/datasets/{dataset}/labels", tags=["datasets"], **told(response_types.NextLabels))
def get_labels(
    bench: Bench, dataset: Ref, count: Annotated[int, Query(ge=0, le=1000, description="Photos, at most.")] = 20
) -> Response:
    """Which photos without a class to label next, in the order that was made last, as `core label next`."""
    return FiniteJSON(label_verbs.next_labels(bench, dataset, count=count))


@router.post("/datasets/{dataset}/labels/order", tags=["datasets"], **told(response_types.NextLabels, 202))
def order_labels(
    bench: Bench, dataset: Ref, asked: Annotated[request_types.LabelOrderRequest | None, Body()] = None
) -> Response:
    """Order the photos without a class in the background; ask for its labels until `order_state` is not `running`."""
    return FiniteJSON(label_verbs.begin_order(bench, dataset, model=asked.model if asked else None), 202)


@router.post("/datasets/{dataset}/labels", tags=["datasets"], **told(response_types.KeptLabels))
def set_labels(bench: Bench, request: Request, dataset: Ref, asked: request_types.LabelsRequest) -> Response:
    """Label photos without a class, as `core label set`: drafts until a version is made."""
    return FiniteJSON(label_verbs.set_labels(bench, dataset, **asked.model_dump(), who=who_asks(request)))


@router.post("/datasets/{dataset}/labels/version", tags=["datasets"], **told(response_types.LabelledVersion, 201))
def make_labelled_version(
    bench: Bench,
    request: Request,
    dataset: Ref,
    asked: Annotated[request_types.LabelledVersionRequest | None, Body()] = None,
) -> Response:
    """Make a version with all labels and decisions on photos, as `core label make`. This one stays as it is."""
    validation = asked is not None and asked.validation
    return FiniteJSON(label_verbs.make_version(bench, dataset, validation=validation, who=who_asks(request)), 201)
