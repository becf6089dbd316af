"""The routes of REST: each calls one verb and returns what the command line prints."""

import os
from base64 import b64encode
from collections.abc import Iterator, Mapping
from typing import IO, Annotated, Any
from weakref import WeakValueDictionary

import anyio
from fastapi import APIRouter, Body, Depends, Path, Query, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from pydantic import BaseModel, ValidationError

from core.api import label_verbs, schemas, verbs
from core.api.bodies import ARCHIVES, media_type, photo_to_explain, received_archive, sent_photos, sentence_of
from core.api.gate import TOKEN
from core.api.limits import MOST_PHOTOS
from core.api.problems import PROBLEM_JSON, UnsupportedMedia
from core.errors import InvalidInput
from core.models.conformal import CONFIDENCE
from core.output.backbones import backbone_json, backbones_json
from core.output.collections import collections_json
from core.output.datasets import dataset_row, datasets_json
from core.output.finite import finite
from core.output.forecasts import forecasts_json
from core.output.machines import machines_json
from core.output.models import models_json
from core.output.queue import queue_json
from core.output.runs import run_json
from core.registry.tokens import AccessToken
from core.workbench import Workbench

PREDICTIONS_AT_ONCE = 8
"""Requests for predictions of one model that have a thread; the others wait without one, so that a slow model delays
those of no other."""
EXPLANATIONS_AT_ONCE = 2
"""Requests for explanations that have a thread: one is computed, the next one's photo is decoded."""
PART_BYTES = 2**18
"""Of a file that is sent: so much of it is in memory."""
MOST_RUNS = 1000
"""In one response."""

router = APIRouter()
_turns: WeakValueDictionary[str, anyio.CapacityLimiter] = WeakValueDictionary()
"""Of the models that are asked for at the moment, as the requests name them, and of ``_EXPLAINING``."""
_EXPLAINING = "\n"


def _turn(name: str, most: int) -> anyio.CapacityLimiter:
    """Lets ``most`` requests have a thread at a time."""
    found = _turns.get(name)
    if found is None:
        found = _turns[name] = anyio.CapacityLimiter(most)
    return found


class FiniteJSON(JSONResponse):
    """JSON with null for NaN and infinity, as the command line prints it."""

    def render(self, content: Any) -> bytes:
        return super().render(finite(content))


async def _workbench(request: Request) -> Workbench:
    """Of this process; see ``core.api.rest.rest_application``. Not a plain function, which would take a thread."""
    found: Workbench = request.app.state.workbench()
    return found


Bench = Annotated[Workbench, Depends(_workbench)]


def _told(model: type[BaseModel], status: int = 200, planned: type[BaseModel] | None = None) -> dict[str, Any]:
    """What a route says about its responses; ``planned``: of status 200, where it only says what it would do."""
    also = {} if planned is None else {200: {"model": planned, "description": "Planned; nothing was launched."}}
    return {
        "status_code": status,
        "response_model": None,
        "responses": {status: {"model": model, "description": "Done."}} | also | _refused(),
    }


def _refused() -> dict[int | str, dict[str, Any]]:
    content = {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {code: {"description": text, "content": content} for code, text in _REFUSALS.items()}


_REFUSALS = {
    401: "No token, or one that is unknown, expired or revoked.",
    403: "The scope of the token is too small.",
    404: "There is no such thing.",
    409: "It exists already, is in use, or has ended.",
    413: "Too many bytes or photos.",
    415: "A body of this kind is not read here.",
    422: "A value or file is not acceptable.",
    429: "Too many requests.",
    503: "Something that is needed is not available now.",
    507: "The disk is full.",
}

_PHOTOS_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["photos"],
                    "additionalProperties": False,
                    "properties": {
                        "photos": {
                            "type": "array",
                            "minItems": 1,
                            "maxItems": MOST_PHOTOS,
                            "items": {"type": "string", "format": "binary"},
                        },
                        "top": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 5},
                        "confidence": {
                            "type": "number",
                            "exclusiveMinimum": 0,
                            "exclusiveMaximum": 1,
                            "default": CONFIDENCE,
                        },
                    },
                }
            },
            "application/json": {"schema": {"$ref": "#/components/schemas/PredictionRequest"}},
        },
    }
}
_PHOTO_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["photo"],
                    "additionalProperties": False,
                    "properties": {
                        "photo": {"type": "string", "format": "binary"},
                        "class_name": {"type": "string", "maxLength": 1000},
                    },
                }
            },
            "application/json": {"schema": {"$ref": "#/components/schemas/ExplanationRequest"}},
        },
    }
}
_IMPORT_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ImportRequest"}}}
        | {kind: {"schema": {"type": "string", "format": "binary"}} for kind in ARCHIVES},
    }
}

_Ref = Annotated[str, Path(max_length=400)]
_Count = Annotated[int, Query(ge=0, le=2**31)]
_DryRun = Annotated[bool, Query(description="Only say what would be deleted.")]


# --- reading ---


@router.get("/datasets", tags=["datasets"], **_told(schemas.DatasetList))
def list_datasets(bench: Bench) -> Response:
    """All datasets, as `core datasets`."""
    return FiniteJSON(datasets_json(bench))


@router.get("/datasets/{dataset}", tags=["datasets"], **_told(schemas.DatasetRow))
def get_dataset(bench: Bench, dataset: _Ref) -> Response:
    """One dataset by id, name or name:version."""
    return FiniteJSON(dataset_row(bench, bench.registry.dataset(dataset)))


@router.get("/datasets/{dataset}/shortlist", tags=["datasets"], **_told(schemas.ShortlistResult))
def get_shortlist(bench: Bench, dataset: _Ref) -> Response:
    """Its newest shortlist with the regret, as `core shortlist --last`."""
    return FiniteJSON(verbs.shortlist(bench, dataset))


@router.post("/datasets/{dataset}/shortlist", tags=["datasets"], **_told(schemas.ShortlistResult, 202))
def make_shortlist(
    bench: Bench, dataset: _Ref, asked: Annotated[schemas.ShortlistRequest | None, Body()] = None
) -> Response:
    """Make a shortlist in the background, as `core shortlist`: which recipes are worth training."""
    return FiniteJSON(verbs.begin_shortlist(bench, dataset, minutes=asked.minutes if asked else None), 202)


@router.get("/collections", tags=["datasets"], **_told(schemas.CollectionList))
def list_collections(bench: Bench) -> Response:
    """The datasets that are a part of another one by a filter, as `core collections`."""
    return FiniteJSON(collections_json(bench))


@router.post(
    "/datasets/{dataset}/collections",
    tags=["datasets"],
    **_told(schemas.CollectionResult, 201, schemas.CollectionPlan),
)
def make_collection(bench: Bench, dataset: _Ref, asked: schemas.CollectionRequest) -> Response:
    """Make a dataset of some of its photos, as `core collections DATASET --name NAME`; `dry_run` only says which."""
    result = verbs.collection(bench, dataset, **asked.model_dump())
    return FiniteJSON(result, 200 if asked.dry_run else 201)


@router.get("/datasets/{dataset}/labels", tags=["datasets"], **_told(schemas.NextLabels))
def get_labels(
    bench: Bench, dataset: _Ref, count: Annotated[int, Query(ge=0, le=1000, description="Photos, at most.")] = 20
) -> Response:
    """Which photos without a class to label next, in the order that was made last, as `core label next`."""
    return FiniteJSON(label_verbs.next_labels(bench, dataset, count=count))


@router.post("/datasets/{dataset}/labels/order", tags=["datasets"], **_told(schemas.NextLabels, 202))
def order_labels(
    bench: Bench, dataset: _Ref, asked: Annotated[schemas.LabelOrderRequest | None, Body()] = None
) -> Response:
    """Order the photos without a class in the background; ask for its labels until `order_state` is not `running`."""
    return FiniteJSON(label_verbs.begin_order(bench, dataset, model=asked.model if asked else None), 202)


@router.post("/datasets/{dataset}/labels", tags=["datasets"], **_told(schemas.KeptLabels))
def set_labels(bench: Bench, request: Request, dataset: _Ref, asked: schemas.LabelsRequest) -> Response:
    """Label photos without a class, as `core label set`: drafts until a version is made."""
    return FiniteJSON(label_verbs.set_labels(bench, dataset, **asked.model_dump(), who=_who(request)))


@router.post("/datasets/{dataset}/labels/version", tags=["datasets"], **_told(schemas.LabelledVersion, 201))
def make_labelled_version(
    bench: Bench,
    request: Request,
    dataset: _Ref,
    asked: Annotated[schemas.LabelledVersionRequest | None, Body()] = None,
) -> Response:
    """Make a version with all labels and decisions on photos, as `core label make`. This one stays as it is."""
    validation = asked is not None and asked.validation
    return FiniteJSON(label_verbs.make_version(bench, dataset, validation=validation, who=_who(request)), 201)


@router.get("/datasets/{dataset}/combination", tags=["datasets"], **_told(schemas.CombinationResult))
def get_combination(
    bench: Bench,
    dataset: _Ref,
    most_ms: Annotated[float | None, Query(description="Milliseconds that one photo may take.")] = None,
    most_mb: Annotated[float | None, Query(description="Megabytes of the files that predict.")] = None,
) -> Response:
    """Which finished runs to combine within a budget, as `core combine`; `POST /runs` launches it."""
    return FiniteJSON(verbs.combination(bench, dataset, most_ms=most_ms, most_mb=most_mb))


@router.get("/datasets/{dataset}/search", tags=["datasets"], **_told(schemas.SearchResult))
def get_search(bench: Bench, dataset: _Ref) -> Response:
    """How far its search over recipes is, as `core search --last`."""
    return FiniteJSON(verbs.search(bench, dataset))


@router.post("/datasets/{dataset}/search", tags=["datasets"], **_told(schemas.SearchResult, 202))
def start_search(
    bench: Bench, dataset: _Ref, asked: Annotated[schemas.SearchRequest | None, Body()] = None
) -> Response:
    """Search over recipes in the background, as `core search`: the best within a budget of training time."""
    chosen = asked or schemas.SearchRequest.model_validate({})
    return FiniteJSON(verbs.begin_search(bench, dataset, **chosen.model_dump()), 202)


@router.delete("/datasets/{dataset}/search", tags=["datasets"], **_told(schemas.SearchResult, 202))
def stop_search(bench: Bench, dataset: _Ref) -> Response:
    """Stop the search, as `core search --stop`. It can go on; its trials and runs are kept."""
    return FiniteJSON(verbs.end_search(bench, dataset), 202)


@router.get("/runs", tags=["runs"], **_told(schemas.RunList))
def list_runs(
    bench: Bench,
    dataset: Annotated[str | None, Query(max_length=400)] = None,
    search: Annotated[str, Query(description="All of these words.")] = "",
    tag: Annotated[list[str], Query(description="All of these tags.", max_length=50)] = [],  # noqa: B006
    starred: bool = False,
    archived: Annotated[bool, Query(description="Archived ones too.")] = False,
    limit: Annotated[int, Query(ge=0, le=MOST_RUNS)] = MOST_RUNS,
    offset: _Count = 0,
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


@router.get("/runs/{run}", tags=["runs"], **_told(schemas.RunDetails))
def get_run(bench: Bench, run: _Ref) -> Response:
    """All about one run, as `core show`; by id, the beginning of an id, or DATASET@ALIAS."""
    return FiniteJSON(run_json(bench, bench.registry.run(run)))


@router.get("/models", tags=["models"], **_told(schemas.ModelList))
def list_models(bench: Bench, dataset: Annotated[str | None, Query(max_length=400)] = None) -> Response:
    """The models of finished runs, as `core models`."""
    return FiniteJSON(models_json(bench, bench.registry.dataset(dataset).id if dataset else None))


@router.get("/compare", tags=["runs"], **_told(schemas.ComparisonResult))
def compare(
    bench: Bench,
    runs: Annotated[list[str], Query(max_length=200)],
    without: Annotated[str, Query(max_length=40, description="Test photos to leave out: suspects,leaks.")] = "",
) -> Response:
    """Runs of one dataset side by side, as `core compare`; repeat `runs`, or separate them by commas."""
    return FiniteJSON(verbs.compare(bench, runs, without))


@router.get("/backbones", tags=["backbones"], **_told(schemas.BackboneList))
def list_backbones(bench: Bench) -> Response:
    """The backbones that can be trained, as `core backbones`."""
    return FiniteJSON(backbones_json(bench))


@router.get("/backbones/{backbone}", tags=["backbones"], **_told(schemas.BackboneDetails))
def get_backbone(bench: Bench, backbone: _Ref) -> Response:
    """One backbone, as `core backbones show`."""
    return FiniteJSON(backbone_json(bench, bench.backbone(backbone)))


@router.get("/machines", tags=["server"], **_told(schemas.MachineList))
def list_machines(bench: Bench) -> Response:
    """The machines, their slots, and what trains in each, as `core machines`."""
    return FiniteJSON(machines_json(bench.machines()))


@router.get("/forecasts", tags=["server"], **_told(schemas.ForecastList))
def list_forecasts(bench: Bench, limit: Annotated[int, Query(ge=0, le=200)] = 20) -> Response:
    """What was expected of runs and what they took, as `core forecasts`."""
    return FiniteJSON(forecasts_json(bench, limit))


@router.get("/queue", tags=["server"], **_told(schemas.QueueState))
def get_queue(bench: Bench) -> Response:
    """What runs and what waits, as `core queue`."""
    return FiniteJSON(queue_json(bench))


@router.get("/health", tags=["server"], **_told(schemas.HealthChecks))
def get_health(bench: Bench) -> Response:
    """Checks of the installation and the home, as `core doctor`."""
    return FiniteJSON(verbs.health(bench))


# --- predicting ---


@router.post("/models/{model}/predict", tags=["models"], openapi_extra=_PHOTOS_BODY, **_told(schemas.PredictionList))
async def predict(bench: Bench, model: _Ref, request: Request) -> Response:
    """Predict the classes of photos, as `core predict`; the model by run, model, or DATASET@ALIAS."""
    sent = await sent_photos(request)
    found = await anyio.to_thread.run_sync(
        lambda: verbs.predict(bench, [model], sent.photos, top=sent.top, confidence=sent.confidence),
        limiter=_turn(model, PREDICTIONS_AT_ONCE),
    )
    return FiniteJSON(found)


@router.post(
    "/models/{model}/explanations", tags=["models"], openapi_extra=_PHOTO_BODY, **_told(schemas.ExplanationResult)
)
async def explain(bench: Bench, model: _Ref, request: Request) -> Response:
    """Show which part of a photo speaks for a class, as `core explain`: heat maps on the photo, PNG as base64."""
    sent = await photo_to_explain(request)
    found = await anyio.to_thread.run_sync(
        lambda: verbs.explain(bench, model, sent.photo, class_name=sent.class_name),
        limiter=_turn(_EXPLAINING, EXPLANATIONS_AT_ONCE),
    )
    return FiniteJSON(found.result | {"pictures": [b64encode(picture).decode() for picture in found.pictures]})


# --- importing ---


@router.post("/datasets", tags=["datasets"], openapi_extra=_IMPORT_BODY, **_told(schemas.ImportState, 202))
async def import_dataset(
    bench: Bench,
    request: Request,
    name: Annotated[str | None, Query(max_length=200, description="Of the dataset; needed with an archive.")] = None,
    seed: Annotated[int, Query(ge=0, lt=2**31)] = 0,
    layout: Annotated[str | None, Query(max_length=200)] = None,
    encoding: Annotated[str | None, Query(max_length=40)] = None,
) -> Response:
    """Import photos in the background: a ZIP or TAR archive as the body, or JSON with a path or upload.

    Query parameters are for an archive; JSON has members of the same names.
    """
    given: Mapping[str, Any] = {"name": name, "seed": seed, "layout": layout, "encoding": encoding}
    if media_type(request) in ARCHIVES:
        if not name:
            raise InvalidInput("Name the dataset: name=NAME in the address.")
        async with received_archive(request, bench.settings) as path:
            found = await anyio.to_thread.run_sync(
                lambda: verbs.begin_import(bench, str(path), own_source=True, **given)
            )
    elif media_type(request) == "application/json":
        asked = _json_of(await request.body())
        found = await anyio.to_thread.run_sync(lambda: verbs.import_photos(bench, **asked.model_dump()))
    else:
        kinds = ", ".join(ARCHIVES)
        raise UnsupportedMedia(f"Send an archive ({kinds}) or application/json. Received: {media_type(request)!r}")
    return FiniteJSON(found, 202, {"Location": f"imports/{found['import']}"})


@router.get("/imports", tags=["datasets"], **_told(schemas.ImportList))
def list_imports(bench: Bench) -> Response:
    """Imports in the background that were not dismissed."""
    return FiniteJSON(verbs.list_imports(bench))


@router.get("/imports/{job}", tags=["datasets"], **_told(schemas.ImportState))
def get_import(bench: Bench, job: _Ref) -> Response:
    """How an import goes: ask again until its state is not `running`."""
    return FiniteJSON(verbs.find_import(bench, job))


@router.post("/imports/{job}/answer", tags=["datasets"], **_told(schemas.ImportState, 202))
def answer_import(bench: Bench, job: _Ref, answer: schemas.ImportAnswer) -> Response:
    """Choose how an upload is read that can be read in several ways."""
    return FiniteJSON(verbs.answer(bench, job, layout=answer.layout, encoding=answer.encoding), 202)


@router.delete("/imports/{job}", tags=["datasets"], **_told(schemas.ImportState))
def end_import(bench: Bench, job: _Ref) -> Response:
    """Cancel an import that runs, or forget one that has ended."""
    return FiniteJSON(verbs.end_import(bench, job))


# --- training ---


@router.post("/runs", tags=["runs"], **_told(schemas.LaunchResult, 201, schemas.LaunchResult))
def launch(bench: Bench, request: Request, asked: schemas.LaunchRequest) -> Response:
    """Plan runs (`dry_run`) or launch them, as `core train`."""
    found = verbs.launch(bench, asked.model_dump(), who=_who(request))
    return FiniteJSON(found, 200 if asked.dry_run else 201)


@router.post("/runs/{run}/cancel", tags=["runs"], **_told(schemas.RunRow, 202))
def cancel(
    bench: Bench, request: Request, run: _Ref, how: Annotated[schemas.CancelRequest | None, Body()] = None
) -> Response:
    """Stop a run; it can be resumed."""
    found = verbs.cancel(bench, run, after_epoch=how is not None and how.after_epoch, who=_who(request))
    return FiniteJSON(found, 202)


@router.post("/runs/{run}/resume", tags=["runs"], **_told(schemas.RunRow, 202))
def resume(bench: Bench, request: Request, run: _Ref) -> Response:
    """Put a failed or cancelled run back into the queue."""
    return FiniteJSON(verbs.resume(bench, run, who=_who(request)), 202)


@router.get("/runs/{run}/smaller", tags=["runs"], **_told(schemas.SmallerModels))
def list_smaller(
    bench: Bench, run: _Ref, most_loss: Annotated[float, Query(gt=0, lt=100, description="In points.")] = 1.0
) -> Response:
    """The smaller models that were made of a run's model, each tested for a loss of accuracy, as `core shrink`."""
    return FiniteJSON(verbs.smaller(bench, run, most_loss=most_loss))


@router.post("/runs/{run}/shrink", tags=["runs"], **_told(schemas.SmallerModels, 201, schemas.LaunchResult))
def shrink(bench: Bench, request: Request, run: _Ref, asked: schemas.ShrinkRequest) -> Response:
    """Make the model of a run smaller (quantization, distillation), or plan it (`dry_run`), as `core shrink`."""
    found = verbs.shrink(bench, run, **asked.model_dump(), who=_who(request))
    return FiniteJSON(found, 200 if asked.dry_run else 201)


# --- exports ---


@router.get("/models/{model}/exports", tags=["models"], **_told(schemas.ExportList))
def list_exports(bench: Bench, model: _Ref) -> Response:
    """The formats a model can be taken home in, and how far each is."""
    return FiniteJSON(verbs.list_exports(bench, model))


@router.post("/models/{model}/exports/{format}", tags=["models"], **_told(schemas.ExportedFormat, 202))
def export(bench: Bench, request: Request, model: _Ref, format: _Ref) -> Response:
    """Export a model in the background, as `core export`; ask for its exports until the state is `ready`."""
    return FiniteJSON(verbs.export(bench, model, format, who=_who(request)), 202)


@router.get(
    "/models/{model}/exports/{format}/file",
    tags=["models"],
    responses={**_refused(), 200: {"content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}}}},
    response_class=Response,
)
def get_export(bench: Bench, request: Request, model: _Ref, format: _Ref) -> Response:
    """A finished export as one ZIP: the model, labels, `predict.py` and the model card. Needs the scope predict."""
    name, file = verbs.exported(bench, model, format, who=_who(request))
    length = file.seek(0, os.SEEK_END)
    file.seek(0)
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Content-Length": str(length)}
    return StreamingResponse(_parts(file), media_type="application/zip", headers=headers)


def _parts(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while part := file.read(PART_BYTES):
            yield part


# --- deleting, aliases ---


@router.delete("/runs/{run}", tags=["runs"], **_told(schemas.DeletionResult))
def delete_run(
    bench: Bench,
    request: Request,
    run: _Ref,
    weights: Annotated[bool, Query(description="Only its model and checkpoints; the record stays.")] = False,
    dry_run: _DryRun = False,
) -> Response:
    """Delete a run with its model, as `core delete`."""
    return FiniteJSON(verbs.delete_run(bench, run, weights=weights, dry_run=dry_run, who=_who(request)))


@router.delete("/datasets/{dataset}", tags=["datasets"], **_told(schemas.DeletionResult))
def delete_dataset(bench: Bench, request: Request, dataset: _Ref, dry_run: _DryRun = False) -> Response:
    """Delete a dataset with all its runs, as `core delete --dataset`."""
    return FiniteJSON(verbs.delete_dataset(bench, dataset, dry_run=dry_run, who=_who(request)))


@router.get("/datasets/{dataset}/aliases", tags=["models"], **_told(schemas.AliasList))
def list_aliases(bench: Bench, dataset: _Ref) -> Response:
    """The champion and other aliases of a dataset with their history, as `core alias`."""
    return FiniteJSON(verbs.list_aliases(bench, dataset))


@router.put("/datasets/{dataset}/aliases/{alias}", tags=["models"], **_told(schemas.AliasList))
def set_alias(bench: Bench, request: Request, dataset: _Ref, alias: _Ref, asked: schemas.AliasRequest) -> Response:
    """Give an alias (`champion`) to a finished run, as `core alias --set`."""
    who = _who(request)
    return FiniteJSON(verbs.set_alias(bench, dataset, alias, run=asked.run, why=asked.why, who=who))


@router.delete("/datasets/{dataset}/aliases/{alias}", tags=["models"], **_told(schemas.AliasList))
def drop_alias(bench: Bench, request: Request, dataset: _Ref, alias: _Ref) -> Response:
    """Remove an alias, as `core alias --drop`."""
    return FiniteJSON(verbs.drop_alias(bench, dataset, alias, who=_who(request)))


def _json_of(body: bytes) -> schemas.ImportRequest:
    try:
        return schemas.ImportRequest.model_validate_json(body)
    except ValidationError as error:
        raise InvalidInput(sentence_of(error)) from None


def _who(request: Request) -> str:
    """For the history of an alias."""
    token: AccessToken | None = request.scope.get(TOKEN)
    return f"token {token.name}" if token else "API"
