"""Uploads of any size by the TUS protocol 1.0 (https://tus.io/protocols/resumable-upload).

Core, creation, checksum, expiration and termination. Pages and programs use the same routes: the gate lets in a
session or a token of a trainer, and an upload belongs to the person who has begun it; for all others it does not exist.
``st.file_uploader`` keeps the whole file in memory; here one network buffer of it.
"""

import asyncio
import base64
import hashlib
import os
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import ExitStack, asynccontextmanager, suppress
from email.utils import formatdate

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from core.api.gate import Gate, Rules
from core.api.problems import of_error, of_system_error, problem_response
from core.errors import Forbidden, GraftError, InvalidInput, NoSpace
from core.files.atomic import digest_of
from core.files.room import MOST_BYTES
from core.files.uploads import (
    AnnouncedFile,
    PartWriter,
    PendingUpload,
    UploadBusy,
    begin_upload,
    expire_uploads,
    find_upload,
    remove_upload,
    write_part,
)
from core.jobs.quota import require_quota
from core.people.acting import Role, acting, require
from core.registry.tokens import Scope as TokenScope
from core.web.server.gate import has_token
from core.web.server.state import workbench

VERSION = "1.0.0"
EXTENSIONS = "creation,checksum,expiration,termination"
ALGORITHMS = {"sha1": hashlib.sha1, "sha256": hashlib.sha256}
BUFFER_BYTES = 2**20
IDLE_SECONDS = 20.0
"""A request that sends nothing for so long has ended: its connection may be gone without a word (a closed lid)."""
EXPIRE_SECONDS = 900.0
"""Between two looks for expired uploads."""
_MOST_DIGESTS = 100
_PART = "application/offset+octet-stream"
_CHECKSUM_MISMATCH = 460
"""The status that TUS has for it."""


class Refusal(GraftError):
    """A request that the protocol answers with a status of its own."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


def upload_routes(ownerless: Callable[[], Role]) -> list[BaseRoute]:
    """``/api/v1/uploads`` and ``/api/v1/uploads/{upload}``.

    Args:
        ownerless: the role of tokens that belong to no account.
    """
    rules = Rules(scope=lambda method, path: TokenScope.TRAIN, most_bytes=lambda *_: MOST_BYTES, ownerless=ownerless)
    begin = SessionOrToken(_Answers(POST=_create, OPTIONS=_options), rules)
    go_on = SessionOrToken(_Answers(HEAD=_state, PATCH=_append, DELETE=_terminate, OPTIONS=_options), rules)
    methods = ["HEAD", "PATCH", "DELETE", "POST", "OPTIONS"]  # POST with X-HTTP-Method-Override
    return [
        Route("/api/v1/uploads", begin, methods=["POST", "OPTIONS"]),
        Route("/api/v1/uploads/{upload}", go_on, methods=methods),
    ]


class SessionOrToken:
    """Lets in who sends a token, after the gate of tokens, and else the person that the server's gate has found."""

    def __init__(self, app: ASGIApp, rules: Rules) -> None:
        self._app, self._gate = app, Gate(app, workbench, rules)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if has_token(scope):
            await self._gate(scope, receive, send)
            return
        try:
            require(Role.TRAINER, "Uploading a file")
        except Forbidden as error:
            await of_error(error)(scope, receive, send)
            return
        await self._app(scope, receive, send)


class _Answers:
    """An application of one function a method. ``X-HTTP-Method-Override`` is for proxies that pass no PATCH."""

    def __init__(self, **by_method: Callable[[Request], Awaitable[Response]]) -> None:
        self._by_method = by_method

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive, send)
        response = await self._answer(request)
        response.headers["Tus-Resumable"] = VERSION
        response.headers.setdefault("Cache-Control", "no-store")
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        method = request.headers.get("x-http-method-override", request.method).upper()
        answer = self._by_method.get(method)
        if answer is None:
            return problem_response(405, f"{method[:20]} is not possible at this address.")
        if method != "OPTIONS" and request.headers.get("tus-resumable") != VERSION:
            detail = f"This is TUS {VERSION}: send the header Tus-Resumable: {VERSION}."
            return problem_response(412, detail, {"Tus-Version": VERSION})
        try:
            return await answer(request)
        except (Refusal, UploadBusy, NoSpace) as error:
            status = error.status if isinstance(error, Refusal) else 423 if isinstance(error, UploadBusy) else 413
            return problem_response(status, str(error), {"Connection": "close"})
        except InvalidInput as error:
            return problem_response(400, str(error), {"Connection": "close"})
        except GraftError as error:
            response = of_error(error)
            response.headers["Connection"] = "close"  # what is still being sent is not read
            return response
        except OSError as error:
            return of_system_error(error)


async def _options(request: Request) -> Response:
    """What this server can do."""
    can = {"Tus-Version": VERSION, "Tus-Extension": EXTENSIONS, "Tus-Max-Size": str(MOST_BYTES)}
    return Response(status_code=204, headers=can | {"Tus-Checksum-Algorithm": ",".join(ALGORITHMS)})


async def _create(request: Request) -> Response:
    announced = _announced(request)
    if announced.size > MOST_BYTES:
        raise Refusal(413, f"A file may have {MOST_BYTES} bytes. Received: {announced.size}")
    bench = workbench()
    await asyncio.to_thread(
        require_quota, bench.settings, bench.registry, owner=announced.owner, adds=announced.size, begun="uploaded"
    )
    upload = await asyncio.to_thread(begin_upload, bench.settings, announced)
    # Relative, because a proxy may add a path prefix.
    return Response(status_code=201, headers={"Location": f"uploads/{upload.id}"} | _expires(upload))


async def _state(request: Request) -> Response:
    upload = await _upload(request)
    announced = upload.announced
    pairs = {"filename": announced.name, "box": announced.box, "lastModified": announced.modified}
    encoded = ",".join(f"{key} {base64.b64encode(text.encode()).decode()}" for key, text in pairs.items() if text)
    headers = {
        "Upload-Offset": str(upload.received),
        "Upload-Length": str(announced.size),
        "Upload-Metadata": encoded,
    }
    return Response(status_code=200, headers=headers | _expires(upload))


async def _terminate(request: Request) -> Response:
    upload = await _upload(request)
    _digests.pop(upload.id, None)
    await asyncio.to_thread(remove_upload, upload.folder)
    return Response(status_code=204)


async def _append(request: Request) -> Response:
    """``PATCH``: append the body. Without a checksum, what arrives before a broken connection counts."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != _PART:
        raise Refusal(415, f"Send the part as {_PART}.")
    offset, checksum = _number(request, "upload-offset"), _checksum(request)
    upload = await _upload(request)
    announced = int(request.headers.get("content-length") or 0)
    if offset + announced > upload.announced.size:
        raise Refusal(413, f"{upload.announced.name!r} was announced with {upload.announced.size} bytes.")
    async with _writing(upload, offset, checked=checksum is not None) as writer:
        whole = await _receive(request, writer, checksum, _running_digest(upload, offset))
        await asyncio.to_thread(writer.keep)
        if whole is not None:
            _remember_digest(upload.id, writer.received, whole)
    now = await _upload(request)
    return Response(status_code=204, headers={"Upload-Offset": str(now.received)} | _expires(now))


async def _receive(
    request: Request, writer: PartWriter, checksum: "Checksum | None", whole: "hashlib._Hash | None"
) -> "hashlib._Hash | None":
    """Write the body. Returns the digest of the whole file so far, None where it is not known.

    Raises:
        Refusal: a checksum is wrong. ClientDisconnect, InvalidInput: nothing more is read.
    """
    upload = writer.upload
    part = checksum.begin() if checksum else None
    digests = [digest for digest in (part, whole) if digest is not None]

    def write(buffer: bytes) -> None:
        writer.append(buffer)
        for digest in digests:
            digest.update(buffer)

    async for buffer in _buffers(request):
        await asyncio.to_thread(write, buffer)
    if checksum and part is not None and part.digest() != checksum.expected:
        await asyncio.to_thread(writer.discard)
        raise Refusal(_CHECKSUM_MISMATCH, f"The part at {writer.received} was altered on the way. Send it again.")
    if upload.announced.sha256 and writer.received == upload.announced.size:
        found = whole.hexdigest() if whole else await asyncio.to_thread(digest_of, upload.content)
        if found != upload.announced.sha256:
            await asyncio.to_thread(remove_upload, upload.folder)
            raise Refusal(
                _CHECKSUM_MISMATCH,
                f"{upload.announced.name!r} has not the SHA-256 that was announced and was removed. Send it again.",
            )
    return whole


async def _buffers(request: Request) -> AsyncIterator[bytes]:
    """The body in pieces of about ``BUFFER_BYTES``."""
    buffer = bytearray()
    stream = request.stream()
    while True:
        try:
            async with asyncio.timeout(IDLE_SECONDS):
                chunk = await anext(stream)
        except StopAsyncIteration:
            break
        except (TimeoutError, ClientDisconnect):
            if buffer:
                yield bytes(buffer)
            raise Refusal(408, "The connection broke. Go on where the upload has come to.") from None
        buffer += chunk
        if len(buffer) >= BUFFER_BYTES:
            yield bytes(buffer)
            buffer.clear()
    if buffer:
        yield bytes(buffer)


@asynccontextmanager
async def _writing(upload: PendingUpload, offset: int, *, checked: bool) -> AsyncIterator[PartWriter]:
    """``write_part`` whose work on the disk is in threads."""
    stack = ExitStack()
    writer = await asyncio.to_thread(stack.enter_context, write_part(upload, offset, checked=checked))
    try:
        yield writer
    finally:
        await asyncio.to_thread(stack.close)


async def _upload(request: Request) -> PendingUpload:
    return await asyncio.to_thread(find_upload, workbench().settings, request.path_params["upload"], acting().name)


# --- headers ---


class Checksum:
    """Of one part, as the sender has announced it."""

    def __init__(self, algorithm: str, expected: bytes) -> None:
        self.begin, self.expected = ALGORITHMS[algorithm], expected


def _checksum(request: Request) -> Checksum | None:
    header = request.headers.get("upload-checksum")
    if header is None:
        return None
    algorithm, _, encoded = header.strip().partition(" ")
    if algorithm not in ALGORITHMS:
        raise InvalidInput(f"Upload-Checksum is sha1 or sha256. Received: {algorithm[:40]!r}")
    try:
        return Checksum(algorithm, base64.b64decode(encoded, validate=True))
    except ValueError:
        raise InvalidInput(f"The value of Upload-Checksum is base64. Received: {encoded[:80]!r}") from None


def _number(request: Request, header: str) -> int:
    text = request.headers.get(header, "")
    if not (text.isascii() and text.isdecimal()) or len(text) > 18:
        raise InvalidInput(f"The header {header} must be a whole number. Received: {text[:40]!r}")
    return int(text)


def _announced(request: Request) -> AnnouncedFile:
    if "upload-defer-length" in request.headers:
        raise InvalidInput("The size must be known: send Upload-Length.")
    size, told = _number(request, "upload-length"), _metadata(request.headers.get("upload-metadata", ""))
    name = os.path.basename((told.get("filename") or told.get("name") or "upload").replace("\\", "/"))
    return AnnouncedFile(
        owner=acting().name,
        name=name[:200] or "upload",
        size=size,
        box=told.get("box", "")[:100],
        modified=told.get("lastModified", "")[:40],
        sha256=told.get("sha256", "").lower(),
    )


def _metadata(header: str) -> Mapping[str, str]:
    """``filename cm9zZS56aXA=,public`` as {"filename": "rose.zip", "public": ""}."""
    pairs = [pair.strip().partition(" ") for pair in header.split(",") if pair.strip()]
    try:
        return {key: base64.b64decode(value, validate=True).decode("utf-8") for key, _, value in pairs}
    except ValueError:
        raise InvalidInput("The values of Upload-Metadata are UTF-8 in base64.") from None


def _expires(upload: PendingUpload) -> dict[str, str]:
    return {"Upload-Expires": formatdate(upload.expires_at, usegmt=True)}


# --- the digest of a whole file, as far as it has come ---

_digests: "OrderedDict[str, tuple[int, hashlib._Hash]]" = OrderedDict()
"""By upload: so many bytes, and their digest. Only of this process: what is not here is read again at the end."""


def _running_digest(upload: PendingUpload, offset: int) -> "hashlib._Hash | None":
    if not upload.announced.sha256:
        return None
    if offset == 0:
        return hashlib.sha256()
    found = _digests.pop(upload.id, None)
    return found[1].copy() if found and found[0] == offset else None


def _remember_digest(upload_id: str, received: int, digest: "hashlib._Hash") -> None:
    _digests[upload_id] = received, digest
    while len(_digests) > _MOST_DIGESTS:
        _digests.popitem(last=False)


async def expire_now_and_then() -> None:
    """Remove expired uploads, as long as the server runs."""
    while True:
        await asyncio.sleep(EXPIRE_SECONDS)
        with suppress(OSError):
            await asyncio.to_thread(expire_uploads, workbench().settings)
