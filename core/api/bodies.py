"""Bodies of requests that are no small JSON: photos, and an archive that is written to the disk as it comes."""

import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import anyio
from pydantic import BaseModel, ValidationError
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from core.api.limits import MOST_PHOTOS
from core.api.problems import TooLarge, UnsupportedMedia
from core.api.request_types import ExplanationRequest, PredictionRequest
from core.errors import InvalidInput
from core.files.home import received_body, uploads_folder
from core.files.locks import try_acquire
from core.files.room import MOST_BYTES, require_room
from core.jobs.quota import require_quota
from core.models.conformal import CONFIDENCE, checked_confidence
from core.serving.photos import NamedPhoto
from core.settings import Settings
from core.text.units import listed, size

Asked = TypeVar("Asked", bound=BaseModel)

_MULTIPART, _JSON = "multipart/form-data", "application/json"
_MOST_FIELDS = 20
_ASKED_EVERY = 64_000_000
"""Bytes of an archive, after which the quota is asked again."""
ARCHIVES = ("application/zip", "application/x-tar", "application/gzip", "application/octet-stream")


def media_type(request: Request) -> str:
    """``application/json`` of ``application/json; charset=utf-8``."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def archive_or_json(request: Request) -> bool:
    """Whether the body is an archive; else it is JSON.

    Raises:
        UnsupportedMedia: it is neither.
    """
    kind = media_type(request)
    if kind not in (*ARCHIVES, _JSON):
        raise UnsupportedMedia(f"Send an archive ({', '.join(ARCHIVES)}) or {_JSON}. Received: {kind[:80]!r}")
    return kind in ARCHIVES


def parsed(body: bytes, model: type[Asked]) -> Asked:
    """JSON as a value.

    Raises:
        InvalidInput: it is none.
    """
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise InvalidInput(sentence_of(error)) from None


@dataclass(frozen=True, kw_only=True)
class SentPhotos:
    """What a request for predictions holds.

    Args:
        photos: name and bytes of each. top: classes that are asked for. confidence: of the prediction sets.
    """

    photos: Sequence[NamedPhoto]
    top: int
    confidence: float


@dataclass(frozen=True, kw_only=True)
class PhotoToExplain:
    """What a request for an explanation holds. ``class_name``: None for the class that is predicted."""

    photo: NamedPhoto
    class_name: str | None


async def sent_photos(request: Request) -> SentPhotos:
    """The photos of a request for predictions.

    Raises:
        InvalidInput: there is no photo, or something else is wrong. TooLarge: there are too many. UnsupportedMedia: it
            is neither multipart nor JSON.
    """
    if _is_json(request, "photos", "fields named photos"):
        return await anyio.to_thread.run_sync(_photos_of_json, await request.body())
    return await _photos_of_form(request)


async def photo_to_explain(request: Request) -> PhotoToExplain:
    """The photo of a request for an explanation; raises as ``sent_photos``."""
    if _is_json(request, "photo", "one field named photo"):
        return await anyio.to_thread.run_sync(_explained_of_json, await request.body())
    async with _form_of(request, ("photo", "class_name"), 1, _ONE_PHOTO) as form:
        file, name = form.get("photo"), form.get("class_name")
        if not isinstance(file, UploadFile):
            raise InvalidInput("There is no photo. Send one file in a field named photo.")
        return PhotoToExplain(
            photo=(file.filename or "photo", await file.read()), class_name=str(name) if name else None
        )


def _is_json(request: Request, field: str, what: str) -> bool:
    """Whether the photos are in JSON; else they are in a form."""
    kind = media_type(request)
    if kind not in (_JSON, _MULTIPART):
        raise UnsupportedMedia(f"Send {field} as {_MULTIPART} ({what}) or {_JSON}. Received: {kind[:80]!r}")
    return kind == _JSON


def _explained_of_json(body: bytes) -> PhotoToExplain:
    try:
        asked = ExplanationRequest.model_validate_json(body)
    except ValidationError as error:
        raise InvalidInput(sentence_of(error)) from None
    return PhotoToExplain(photo=(asked.photo.name, asked.photo.data), class_name=asked.class_name)


def _photos_of_json(body: bytes) -> SentPhotos:
    try:
        asked = PredictionRequest.model_validate_json(body)
    except ValidationError as error:
        wrong = {one["type"] for one in error.errors() if one["loc"] == ("photos",)}
        if "too_long" in wrong:
            raise TooLarge(_TOO_MANY) from None
        if "too_short" in wrong:
            raise InvalidInput("There is no photo. Send at least one in the list photos.") from None
        raise InvalidInput(sentence_of(error)) from None
    photos: list[NamedPhoto] = [(photo.name, photo.data) for photo in asked.photos]
    return SentPhotos(photos=photos, top=asked.top, confidence=asked.confidence)


@asynccontextmanager
async def _form_of(request: Request, fields: Sequence[str], most_files: int, too_many: str) -> AsyncIterator[FormData]:
    """The form of a request; its files are closed afterwards."""
    parser = MultiPartParser(request.headers, request.stream(), max_files=most_files, max_fields=_MOST_FIELDS)
    try:
        form = await parser.parse()
    except MultiPartException as error:
        if "Too many files" in error.message:
            raise TooLarge(too_many) from None
        raise InvalidInput(f"The form cannot be read: {error.message.rstrip('.')}.") from None
    try:
        if unknown := sorted(set(form) - set(fields)):
            raise InvalidInput(f"The form has the fields {listed(fields)}. Received: {unknown[0][:80]!r}")
        yield form
    finally:
        await form.close()


async def _photos_of_form(request: Request) -> SentPhotos:
    async with _form_of(request, ("photos", "top", "confidence"), MOST_PHOTOS, _TOO_MANY) as form:
        files = form.getlist("photos")
        if not files or not all(isinstance(file, UploadFile) for file in files):
            raise InvalidInput("There is no photo. Send at least one file in a field named photos.")
        photos: list[NamedPhoto] = []
        for file in (one for one in files if isinstance(one, UploadFile)):
            photos.append((file.filename or "photo", await file.read()))
        top, confidence = _top(str(form.get("top", 5))), _confidence(str(form.get("confidence", CONFIDENCE)))
        return SentPhotos(photos=photos, top=top, confidence=confidence)


_ONE_PHOTO = "An explanation is of one photo. Send the others in further requests."
_TOO_MANY = f"A request may have {MOST_PHOTOS} photos. Send the others in further requests."


def _top(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text[:9]) <= 1000:
        raise InvalidInput(f"top must be between 1 and 1000. Received: {text[:20]!r}")
    return int(text)


def _confidence(text: str) -> float:
    try:
        return checked_confidence(float(text))
    except ValueError:
        raise InvalidInput(f"confidence must be a number between 0 and 1. Received: {text[:20]!r}") from None


def sentence_of(error: ValidationError) -> str:
    """The first thing that is wrong, as one sentence."""
    return sentence_about(error.errors()[0])


def sentence_about(first: Mapping[str, Any], skip: int = 0) -> str:
    """As ``sentence_of``, of one entry of pydantic's list of errors.

    Args:
        skip: parts of the place to leave out, such as "body".
    """
    if first["type"] == "json_invalid":
        return "The body is no valid JSON."
    where = ".".join(str(part) for part in first["loc"][skip:])
    message = first["msg"].removeprefix("Value error, ").replace(" after validation", "")
    message = message[0].lower() + message[1:]
    return f"{where or 'The body'}: {message}."


@asynccontextmanager
async def received_archive(request: Request, settings: Settings) -> AsyncIterator[Path]:
    """The body as a file among the uploads, which is deleted afterwards unless it was moved.

    Raises:
        InvalidInput: it is empty or too large. NoSpace: the disk is too full, or the person's quota used up.
    """
    announced = request.headers.get("content-length", "")
    if announced.isdecimal():
        require_room(uploads_folder(settings), int(announced), "The archive")
        await _require_quota(settings, int(announced))
    path = received_body(settings, secrets.token_urlsafe(24))
    lock = try_acquire(path)  # a file without a lock is a leftover
    try:
        await _write(request, path, settings)
        yield path
    finally:
        path.unlink(missing_ok=True)
        if lock is not None:
            lock.release()


async def _require_quota(settings: Settings, adds: int) -> None:
    await anyio.to_thread.run_sync(partial(require_quota, settings, adds=adds, begun="uploaded"))


async def _write(request: Request, path: Path, settings: Settings) -> None:
    """A body in chunks does not say how long it is: the quota is asked again while it comes, and at its end."""
    received = asked_at = 0
    async with await anyio.open_file(path, "wb") as file:
        async for chunk in request.stream():
            received += len(chunk)
            if received > MOST_BYTES:
                raise TooLarge(f"An archive may have {size(MOST_BYTES)}.")
            if received >= asked_at + _ASKED_EVERY:
                asked_at = received
                await _require_quota(settings, received)
            await file.write(chunk)
    if not received:
        raise InvalidInput("The body is empty. Send a ZIP or TAR archive, or JSON with the path of one on the server.")
    await _require_quota(settings, received)
