"""REST: the routes, the OpenAPI 3.1 document made from their types, and errors as problem documents.

``core.api.gate`` stands in front: who asks has a token with the scope that ``core.api.rules.needed_scope`` names.
"""

import logging
from collections.abc import Callable
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from fastapi.responses import Response
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from core.api import request_types, verbs
from core.api.bodies import sentence_about
from core.api.described import Problem
from core.api.limits import MOST_PHOTO_BYTES, MOST_PHOTOS, REQUESTS_A_SECOND
from core.api.problems import of_error, of_system_error, problem_response, status_of
from core.api.responses import FiniteJSON
from core.api.routes import router
from core.api.rules import needed_scope
from core.api.tracing import request_id
from core.errors import GraftError
from core.output.finite import finite
from core.settings import VERSION
from core.text.units import size
from core.workbench import Workbench

logger = logging.getLogger(__name__)


DESCRIPTION = f"""Compare transfer-learning models on your own photos, and use them.

Every request needs a token (`Authorization: Bearer graft_...`): `python -m core tokens create NAME --scope predict`.
Its scope is *read*, *predict* or *train*; each includes the ones before it, and every operation says which it needs.
Only this document needs none. Responses are what the command line prints with `--json`; members that are not named
here may come. Errors are problem documents (RFC 9457, `application/problem+json`): `detail` is one sentence. A
prediction has up to {MOST_PHOTOS} photos and {size(MOST_PHOTO_BYTES)}; a token may make {REQUESTS_A_SECOND} requests
a second.

From photos to predictions: `POST /datasets` and ask for the import until it is done, `POST /runs` and ask for each run
until it is finished, `GET /compare`, `POST /models/{{model}}/predict` with the id of a run. Archives of any size can be
uploaded by the TUS protocol 1.0 at `/api/v1/uploads`, which is not in this document. What takes long goes on in the
background, and is asked for again."""

TAGS = {
    "datasets": "Photos: import them, label them, and what can be made of them.",
    "runs": "Training: plan, launch, compare, stop, make smaller, delete.",
    "models": "What finished runs leave: predictions, explanations, exports, aliases.",
    "backbones": "Pretrained networks.",
    "server": "The installation: queue, machines, forecasts, checks.",
}
"""What each group of operations is about."""


def rest_application(workbench: Callable[[], Workbench]) -> FastAPI:
    """The application below ``/api/v1``.

    Args:
        workbench: of this process.
    """
    app = FastAPI(
        title="Graft",
        version=VERSION,
        description=DESCRIPTION,
        openapi_url=None,  # not made in this process: ``document``
        docs_url=None,  # its scripts come from elsewhere; the page API shows the routes
        redoc_url=None,
        default_response_class=FiniteJSON,
        generate_unique_id_function=lambda route: route.name,  # what generated clients call their functions
        openapi_tags=[{"name": name, "description": text} for name, text in TAGS.items()],
        root_path_in_servers=False,
        servers=[{"url": "../v1", "description": "Relative to the address of this document."}],
    )
    app.state.workbench = workbench
    app.include_router(router)
    app.openapi = lambda: _document(app)  # type: ignore[method-assign]
    for kind, handler in HANDLERS.items():
        app.add_exception_handler(kind, handler)
    return app


# --- errors ---


def _graft_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, GraftError)
    return of_error(error)


def _unusable_photos(request: Request, error: Exception) -> Response:
    assert isinstance(error, verbs.UnusablePhotos)
    return problem_response(status_of(error), str(error), photos=finite(error.rows))


def _invalid_request(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return problem_response(422, sentence_about(error.errors()[0], skip=1))


def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    sentences = {404: "There is nothing at this address.", 405: f"{request.method} is not possible at this address."}
    detail = sentences.get(error.status_code, str(error.detail))
    return problem_response(error.status_code, detail, dict(error.headers or {}))


def _system_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, OSError)
    logger.error("Request %s failed", request_id(), exc_info=error)
    return of_system_error(error)


def _mistake(request: Request, error: Exception) -> Response:
    detail = f"Graft made a mistake ({type(error).__name__}). No data was lost; the details are in the server's log."
    return problem_response(500, detail)


HANDLERS: dict[type[Exception], Callable[[Request, Exception], Response]] = {
    GraftError: _graft_error,
    verbs.UnusablePhotos: _unusable_photos,
    RequestValidationError: _invalid_request,
    HTTPException: _http_error,
    OSError: _system_error,
    Exception: _mistake,
}
"""What an error of a route becomes; that of the nearest class counts."""


# --- the document ---

_TOKEN = (
    "An access token of Graft, `graft_...`, from the page API or `python -m core tokens create NAME --scope SCOPE`. "
    "The scopes *read*, *predict* and *train* include the ones before them."
)


def _document(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema is None:
        found = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            routes=app.routes,
            servers=app.servers,
            tags=app.openapi_tags,
        )
        parts = found["components"]
        parts["schemas"] |= _schemas_of(Problem)
        parts["schemas"] |= _schemas_of(
            request_types.PredictionRequest,
            request_types.ExplanationRequest,
            request_types.ImportRequest,
            request_types.PoolRequest,
        )
        parts["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer", "description": _TOKEN}}
        for path, methods in found["paths"].items():
            for method, operation in methods.items():
                scope = str(needed_scope(method.upper(), path))
                operation["security"] = [{"token": [scope]}]
                operation["description"] += f"\n\nNeeds a token of scope *{scope}*."
        app.openapi_schema = found
    return app.openapi_schema


def _schemas_of(*models: type[BaseModel]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for model in models:
        schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
        found |= schema.pop("$defs", {})
        found[model.__name__] = schema
    return found
