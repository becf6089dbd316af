"""Uploads of any size: a ticket, then slices sent with PUT, streamed to disk and resumable at any byte.

``st.file_uploader`` keeps the whole file in memory; here one network buffer of it.
"""

import asyncio
import os
import secrets
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse

from core.errors import GraftError, InvalidInput, NoSpace
from core.files.home import uploads_folder
from core.files.locks import Lock, try_acquire
from core.files.room import require_room
from core.people.acting import acting
from core.web.server.state import process_singleton, workbench

SLICE_BYTES = 16 * 2**20
BUFFER_BYTES = 2**20
KEEP_SECONDS = 24 * 3600
MOST_TICKETS = 200


@dataclass
class UploadTicket:
    """One file that is being uploaded. ``path`` has a generated name; ``name`` is the client's, for display only."""

    ticket: str
    folder: Path
    suffixes: tuple[str, ...]
    name: str = ""
    size: int | None = None
    received: int = 0
    touched: float = field(default_factory=time.time)
    busy: bool = False
    owner: str = ""
    """Account of the page that issued it; nobody else can send to it."""
    lock: Lock | None = None
    """On the file, as long as this process has the ticket: a file without a lock is a leftover."""

    @property
    def path(self) -> Path:
        return self.folder / f"upload-{self.ticket}"

    @property
    def complete(self) -> bool:
        return self.size is not None and self.received == self.size

    def hold(self) -> None:
        """Create the file and lock it, once."""
        self.lock = self.lock or try_acquire(self.path)

    def let_go(self) -> None:
        if self.lock is not None:
            self.lock.release()


class Tickets:
    """The uploads of this process; without a ticket nothing can be uploaded."""

    def __init__(self) -> None:
        self._uploads: dict[str, UploadTicket] = {}

    def issue(self, folder: Path, suffixes: Sequence[str]) -> UploadTicket:
        """A new random ticket; the least recently used ones are dropped when there are too many."""
        self.sweep()
        for upload in sorted(self._uploads.values(), key=lambda upload: upload.touched)[: -MOST_TICKETS + 1]:
            self.drop(upload.ticket)
        upload = UploadTicket(secrets.token_urlsafe(24), folder, tuple(suffixes), owner=acting().name)
        self._uploads[upload.ticket] = upload
        return upload

    def find(self, ticket: str) -> UploadTicket | None:
        return self._uploads.get(ticket)

    def release(self, ticket: str) -> None:
        """Forget the ticket and keep the file, which the caller owns from now on."""
        upload = self._uploads.pop(ticket, None)
        if upload is not None:
            upload.let_go()

    def drop(self, ticket: str) -> None:
        """Forget the ticket and delete the file."""
        upload = self._uploads.pop(ticket, None)
        if upload is not None:
            upload.path.unlink(missing_ok=True)
            upload.let_go()

    def sweep(self, now: float | None = None) -> None:
        """Drop uploads that were not continued for a day."""
        limit = (time.time() if now is None else now) - KEEP_SECONDS
        for upload in list(self._uploads.values()):
            if upload.touched < limit and not upload.busy:
                self.drop(upload.ticket)


def tickets() -> Tickets:
    return process_singleton("upload tickets", Tickets)


def sweep_folder(folder: Path) -> None:
    """Delete uploads whose tickets were lost with the process that had issued them; nobody can continue them.

    Uploads of other running processes are locked, and those of imports lie in folders of their own.
    """
    for path in folder.glob("upload-*"):
        with suppress(FileNotFoundError):  # deleted by another process that starts now
            lock = try_acquire(path, create=False)
            if lock is not None:
                with lock:
                    path.unlink(missing_ok=True)


async def receive_slice(request: Request) -> JSONResponse:
    """``PUT /api/v1/uploads/{ticket}?offset=&size=&name=``: append the body.

    200 and 409 return ``{"received": n}``: where the next slice starts.
    """
    upload = tickets().find(request.path_params["ticket"])
    if upload is None or upload.owner != acting().name:
        return _response(403, None, "This upload is not known (any more). Start it again.")
    try:
        offset, size = _numbers(request)
        _begin(upload, offset, size, request.query_params.get("name", ""))
    except NoSpace as error:
        return _response(507, upload, str(error))
    except GraftError as error:
        return _response(400, upload, str(error))
    if upload.busy or offset != upload.received:
        return _response(409, upload, "Another request continues this upload.")
    upload.busy = True
    try:
        return await _append(upload, request)
    finally:
        upload.busy = False
        upload.touched = time.time()


async def _append(upload: UploadTicket, request: Request) -> JSONResponse:
    room = min(SLICE_BYTES, (upload.size or 0) - upload.received)
    buffer = bytearray()
    upload.hold()
    with upload.path.open("ab") as file:
        file.truncate(upload.received)  # bytes of an interrupted slice that were not counted
        try:
            async for chunk in request.stream():
                room -= len(chunk)
                if room < 0:
                    return _response(413, upload, "The slice is larger than announced.")
                buffer += chunk
                if len(buffer) >= BUFFER_BYTES:
                    await _write(upload, file, buffer)
            await _write(upload, file, buffer)
        except ClientDisconnect:
            return _response(400, upload, "The connection broke.")
        except OSError as error:
            return _response(507, upload, f"The upload could not be written: {error.strerror}.")
    return _response(200, upload, "")


async def _write(upload: UploadTicket, file: BinaryIO, buffer: bytearray) -> None:
    await asyncio.to_thread(file.write, bytes(buffer))
    await asyncio.to_thread(file.flush)
    upload.received += len(buffer)
    buffer.clear()


def _numbers(request: Request) -> tuple[int, int]:
    try:
        offset, size = int(request.query_params["offset"]), int(request.query_params["size"])
    except (KeyError, ValueError):
        raise InvalidInput("offset and size must be whole numbers.") from None
    if not 0 <= offset <= size:
        raise InvalidInput(f"offset must lie between 0 and size. Received: offset={offset}, size={size}")
    return offset, size


def _begin(upload: UploadTicket, offset: int, size: int, name: str) -> None:
    """Check the first slice of a file, or that a later slice belongs to the same file.

    Another file may start in place of an abandoned one.
    """
    shown = os.path.basename(name.replace("\\", "/"))[:200]
    if upload.size is not None and (size, shown) == (upload.size, upload.name):
        return
    if upload.size is not None and (offset or upload.busy or upload.complete):
        raise InvalidInput(f"The file has changed: {upload.name}, {upload.size} bytes, was announced. Received: {size}")
    if not shown.lower().endswith(upload.suffixes):
        raise InvalidInput(f"Choose a file that ends in {', '.join(upload.suffixes)}. Received: {shown!r}")
    require_room(upload.folder, size, shown)
    upload.size, upload.name, upload.received = size, shown, 0


def _response(status: int, upload: UploadTicket | None, sentence: str) -> JSONResponse:
    return JSONResponse({"received": upload.received if upload else 0, "error": sentence}, status)


def new_upload(suffixes: Sequence[str]) -> UploadTicket:
    """A ticket for a file below ``uploads`` of the home."""
    return tickets().issue(uploads_folder(workbench().settings), suffixes)
