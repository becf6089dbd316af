"""Routes of imports: an archive, or photos on the server, become a dataset in the background."""

from collections.abc import Mapping
from typing import Annotated, Any

import anyio
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from core.api import request_types, response_types, verbs
from core.api.bodies import ARCHIVES, archive_or_json, parsed, received_archive
from core.api.responses import Bench, FiniteJSON, ImportRef, told
from core.errors import InvalidInput

router = APIRouter()

_IMPORT_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ImportRequest"}}}
        | {kind: {"schema": {"type": "string", "format": "binary"}} for kind in ARCHIVES},
    }
}


@router.post(
    "/datasets",
    tags=["datasets"],
    openapi_extra=_IMPORT_BODY,
    **told(response_types.ImportState, 202, headers={"Location": "Address of the import, relative to this one."}),
)
async def import_dataset(
    bench: Bench,
    request: Request,
    name: Annotated[str | None, Query(max_length=200, description="Of the dataset; needed with an archive.")] = None,
    seed: Annotated[int, Query(ge=0, lt=2**31, description="Of the split, where the archive brings none.")] = 0,
    layout: Annotated[
        str | None, Query(max_length=200, description="How to read the archive, where it is ambiguous.")
    ] = None,
    encoding: Annotated[
        str | None, Query(max_length=40, description="Of file names in the archive, as `cp1252`.")
    ] = None,
) -> Response:
    """Import photos in the background: a ZIP or TAR archive as the body, or JSON with a path or upload.

    Ask for the import until its state is not `running`; then its member `dataset` has the dataset. Query parameters are
    for an archive; JSON has members of the same names. The archive has a folder for each class.
    """
    given: Mapping[str, Any] = {"name": name, "seed": seed, "layout": layout, "encoding": encoding}
    if archive_or_json(request):
        if not name:
            raise InvalidInput("Name the dataset: name=NAME in the address.")
        async with received_archive(request, bench.settings) as path:
            found = await anyio.to_thread.run_sync(
                lambda: verbs.begin_import(bench, str(path), own_source=True, **given)
            )
    else:
        asked = parsed(await request.body(), request_types.ImportRequest)
        found = await anyio.to_thread.run_sync(lambda: verbs.import_photos(bench, **asked.model_dump()))
    return FiniteJSON(found, 202, {"Location": f"imports/{found['import']}"})


@router.get("/imports", tags=["datasets"], **told(response_types.ImportList))
def list_imports(bench: Bench) -> Response:
    """Imports in the background that were not dismissed."""
    return FiniteJSON(verbs.list_imports(bench))


@router.get("/imports/{job}", tags=["datasets"], **told(response_types.ImportState))
def get_import(bench: Bench, job: ImportRef) -> Response:
    """How an import goes: ask again until its state is not `running`, once a second is enough."""
    return FiniteJSON(verbs.find_import(bench, job))


@router.post("/imports/{job}/answer", tags=["datasets"], **told(response_types.ImportState, 202))
def answer_import(bench: Bench, job: ImportRef, answer: request_types.ImportAnswer) -> Response:
    """Choose how an upload is read that can be read in several ways."""
    return FiniteJSON(verbs.answer(bench, job, layout=answer.layout, encoding=answer.encoding), 202)


@router.delete("/imports/{job}", tags=["datasets"], **told(response_types.ImportState))
def end_import(bench: Bench, job: ImportRef) -> Response:
    """Cancel an import that runs, or forget one that has ended."""
    return FiniteJSON(verbs.end_import(bench, job))
