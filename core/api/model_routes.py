"""Routes of models: the list, predictions, explanations, exports, and aliases."""

import os
from base64 import b64encode
from collections.abc import Iterator
from typing import IO, Any
from weakref import WeakValueDictionary

import anyio
from fastapi import APIRouter, Request
from fastapi.responses import Response, StreamingResponse

from core.api import model_types, request_types, verbs
from core.api.bodies import photo_to_explain, sent_photos
from core.api.limits import MOST_PHOTOS
from core.api.responses import (
    AliasRef,
    Bench,
    DatasetRef,
    FiniteJSON,
    FormatRef,
    InDataset,
    ModelRef,
    QuickJSON,
    binary,
    told,
    who_asks,
)
from core.features.litert import cores
from core.models.conformal import CONFIDENCE
from core.output.models import models_json

PREDICTIONS_AT_ONCE = 8
"""Requests for predictions of one model that have a thread; the others wait without one, so that a slow model delays
those of no other. They have several photos each, and share the cores."""
SINGLE_AT_ONCE = cores() + 2
"""As ``PREDICTIONS_AT_ONCE``, of requests with one photo, which wait for none with many: one a core is computed, and
the photos of the next two are decoded. More threads would only take the caches and the lock of Python from each other
(8: 7 % fewer photos a second on 2 cores)."""
EXPLANATIONS_AT_ONCE = 2
"""Requests for explanations that have a thread: one is computed, the next one's photo is decoded."""
PART_BYTES = 2**18
"""Of a file that is sent: so much of it is in memory."""

router = APIRouter()
_turns: WeakValueDictionary[str, anyio.CapacityLimiter] = WeakValueDictionary()
"""Of the models that are asked for at the moment, as the requests name them (of those with one photo with a line break
and 1 after it), and of ``_EXPLAINING``."""
_EXPLAINING = "\n"

_FILE = {"type": "string", "format": "binary"}


def _photos_sent(form: dict[str, Any], schema: str) -> dict[str, Any]:
    """A body with photos: a form, or JSON of a type of ``core.api.request_types``."""
    asked = getattr(request_types, schema)
    content = {
        "multipart/form-data": {"schema": {"type": "object", "additionalProperties": False} | form},
        "application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}},
    }
    return {"requestBody": {"required": True, "description": asked.__doc__, "content": content}}


_PHOTOS_BODY = _photos_sent(
    {
        "required": ["photos"],
        "properties": {
            "photos": {
                "type": "array",
                "minItems": 1,
                "maxItems": MOST_PHOTOS,
                "items": _FILE,
                "description": "One part of this name for each photo, with a file name.",
            },
            "top": {
                "type": "integer",
                "minimum": 1,
                "maximum": 1000,
                "default": 5,
                "description": "Classes per photo, the most probable first.",
            },
            "confidence": {
                "type": "number",
                "exclusiveMinimum": 0,
                "exclusiveMaximum": 1,
                "default": CONFIDENCE,
                "description": "Of the prediction sets.",
            },
        },
    },
    "PredictionRequest",
)
_PHOTO_BODY = _photos_sent(
    {
        "required": ["photo"],
        "properties": {
            "photo": _FILE | {"description": "With a file name."},
            "class_name": {
                "type": "string",
                "maxLength": 1000,
                "description": "The class to explain, by default the one that is predicted.",
            },
        },
    },
    "ExplanationRequest",
)


@router.get("/models", tags=["models"], **told(model_types.ModelList))
def list_models(bench: Bench, dataset: InDataset = None) -> Response:
    """The models of finished runs, as `core models`."""
    return FiniteJSON(models_json(bench, bench.registry.dataset(dataset).id if dataset else None))


PREDICT = "/models/{model}/predict"


@router.post(PREDICT, tags=["models"], openapi_extra=_PHOTOS_BODY, **told(model_types.PredictionList))
async def predict(bench: Bench, model: ModelRef, request: Request) -> Response:
    """Predict the classes of photos, as `core predict`.

    A file that is no photo has a `problem` in its entry; where none is a photo the status is 422, and the problem
    document has them in `photos`. Formats are JPEG, PNG, WebP, BMP, GIF and TIFF.
    """
    sent = await sent_photos(request)
    single = len(sent.photos) == 1
    found = await anyio.to_thread.run_sync(
        lambda: verbs.predict(bench, [model], sent.photos, top=sent.top, confidence=sent.confidence),
        limiter=_turn(f"{model}\n1", SINGLE_AT_ONCE) if single else _turn(model, PREDICTIONS_AT_ONCE),
    )
    return QuickJSON(found)


@router.post(
    "/models/{model}/explanations", tags=["models"], openapi_extra=_PHOTO_BODY, **told(model_types.ExplanationResult)
)
async def explain(bench: Bench, model: ModelRef, request: Request) -> Response:
    """Show which part of a photo speaks for a class, as `core explain`: heat maps on the photo, PNG as base64.

    The first one takes about 15 seconds, because TensorFlow starts.
    """
    sent = await photo_to_explain(request)
    found = await anyio.to_thread.run_sync(
        lambda: verbs.explain(bench, model, sent.photo, class_name=sent.class_name),
        limiter=_turn(_EXPLAINING, EXPLANATIONS_AT_ONCE),
    )
    return FiniteJSON(found.result | {"pictures": [b64encode(picture).decode() for picture in found.pictures]})


def _turn(name: str, most: int) -> anyio.CapacityLimiter:
    """Lets ``most`` requests have a thread at a time."""
    found = _turns.get(name)
    if found is None:
        found = _turns[name] = anyio.CapacityLimiter(most)
    return found


@router.get("/models/{model}/exports", tags=["models"], **told(model_types.ExportList))
def list_exports(bench: Bench, model: ModelRef) -> Response:
    """The formats a model can be taken home in, and how far each is."""
    return FiniteJSON(verbs.list_exports(bench, model))


@router.post("/models/{model}/exports/{format}", tags=["models"], **told(model_types.ExportedFormat, 202))
def export(bench: Bench, request: Request, model: ModelRef, format: FormatRef) -> Response:
    """Export a model in the background, as `core export`; ask for its exports until the state is `ready`."""
    return FiniteJSON(verbs.export(bench, model, format, who=who_asks(request)), 202)


@router.get(
    "/models/{model}/exports/{format}/file",
    tags=["models"],
    **binary(
        "application/zip",
        "The ZIP. Its folder has the model, labels, `predict.py`, a Dockerfile and the model card.",
        {"Content-Disposition": "With the file name."},
    ),
)
def get_export(bench: Bench, request: Request, model: ModelRef, format: FormatRef) -> Response:
    """A finished export as one ZIP: the model, labels, `predict.py` and the model card."""
    name, file = verbs.exported(bench, model, format, who=who_asks(request))
    length = file.seek(0, os.SEEK_END)
    file.seek(0)
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Content-Length": str(length)}
    return StreamingResponse(_parts(file), media_type="application/zip", headers=headers)


def _parts(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while part := file.read(PART_BYTES):
            yield part


@router.get("/datasets/{dataset}/aliases", tags=["models"], **told(model_types.AliasList))
def list_aliases(bench: Bench, dataset: DatasetRef) -> Response:
    """The champion and other aliases of a dataset with their history, as `core alias`."""
    return FiniteJSON(verbs.list_aliases(bench, dataset))


@router.put("/datasets/{dataset}/aliases/{alias}", tags=["models"], **told(model_types.AliasList))
def set_alias(
    bench: Bench, request: Request, dataset: DatasetRef, alias: AliasRef, asked: request_types.AliasRequest
) -> Response:
    """Give an alias (`champion`) to a finished run, as `core alias --set`."""
    who = who_asks(request)
    return FiniteJSON(verbs.set_alias(bench, dataset, alias, run=asked.run, why=asked.why, who=who))


@router.delete("/datasets/{dataset}/aliases/{alias}", tags=["models"], **told(model_types.AliasList))
def drop_alias(bench: Bench, request: Request, dataset: DatasetRef, alias: AliasRef) -> Response:
    """Remove an alias, as `core alias --drop`."""
    return FiniteJSON(verbs.drop_alias(bench, dataset, alias, who=who_asks(request)))
