"""Files that people send, on the disk: what was announced, what has arrived, and who may continue.

All of it is in the folder of the upload, so any process on this home takes the next part, also after a restart. The
number of bytes that count is the size of ``content``, or less where ``unchecked`` says so: whatever is killed at
whatever moment, a sender is told where to go on, and never that bytes have arrived that are not there.
"""

import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from core.errors import Conflict, InvalidInput, NotFound
from core.files import atomic
from core.files.folders import UploadFolder
from core.files.home import received_bodies, upload_folder, upload_folders, uploads_folder
from core.files.locks import Lock, is_held, try_acquire
from core.files.room import require_room
from core.settings import Settings

KEEP_SECONDS = 24 * 3600
"""An upload that was not continued or used for so long is removed."""
MOST_UPLOADS = 100
"""Of one person at a time."""
_ID = re.compile(r"[A-Za-z0-9_-]{32}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_UNKNOWN = "This upload is not known (any more). Start it again."


class UploadBusy(Conflict):
    """Another request writes to this upload now."""


class WrongOffset(Conflict):
    """The part that was sent begins elsewhere than what has arrived ends."""


@dataclass(frozen=True, kw_only=True)
class AnnouncedFile:
    """What a sender says before the first byte.

    Args:
        owner: name of the account, "" without one. name: on the sender's machine, for display only. size: in bytes.
        box: the upload box of a page that it belongs to, "" where a program sends it.
        modified: of the file, as the sender says it; with name and size it tells whether a file is the same one.
        sha256: of the whole file, in hexadecimal digits; "" where it is not compared.
    """

    owner: str
    name: str
    size: int
    box: str = ""
    modified: str = ""
    sha256: str = ""


@dataclass(frozen=True, kw_only=True)
class PendingUpload:
    """A file that is being sent, or has arrived and is used by nothing yet.

    Args:
        received: bytes that have arrived. touched: when the last ones did, in seconds since 1970.
    """

    announced: AnnouncedFile
    folder: UploadFolder
    received: int
    touched: float

    @property
    def id(self) -> str:
        """Unguessable; whoever has it and is the owner may continue."""
        return self.folder.upload_id

    @property
    def complete(self) -> bool:
        return self.received == self.announced.size

    @property
    def expires_at(self) -> float:
        return self.touched + KEEP_SECONDS

    @property
    def content(self) -> Path:
        return self.folder.content


def begin_upload(settings: Settings, announced: AnnouncedFile) -> PendingUpload:
    """A new upload without a byte.

    Raises:
        InvalidInput: its size or checksum. NoSpace: it does not fit beside the uploads that others have begun.
        Conflict: the person has too many.
    """
    expire_uploads(settings)
    if announced.sha256 and not _SHA256.fullmatch(announced.sha256):
        raise InvalidInput(f"sha256 must be 64 hexadecimal digits. Received: {announced.sha256[:80]!r}")
    others = [found for folder in upload_folders(settings) if (found := _read(folder))]
    if sum(other.announced.owner == announced.owner for other in others) >= MOST_UPLOADS:
        raise Conflict(f"There are {MOST_UPLOADS} uploads of yours. Use or remove some of them first.")
    promised = sum(other.announced.size - other.received for other in others)
    require_room(uploads_folder(settings), announced.size, announced.name, promised)
    folder = upload_folder(settings, secrets.token_urlsafe(24))
    folder.path.mkdir()
    folder.content.touch()
    atomic.write_json(folder.record, asdict(announced))
    found = _read(folder)
    if found is None:
        raise NotFound(_UNKNOWN)
    return found


def find_upload(settings: Settings, upload_id: str, owner: str) -> PendingUpload:
    """One upload of a person.

    Raises:
        NotFound: there is none of that id, or it is somebody else's.
    """
    if _ID.fullmatch(upload_id):
        found = _read(upload_folder(settings, upload_id))
        if found is not None and found.announced.owner == owner:
            return found
    raise NotFound(_UNKNOWN)


def uploads_of(settings: Settings, owner: str, box: str) -> list[PendingUpload]:
    """Those of a person in one upload box, the last touched first."""
    found = [one for folder in upload_folders(settings) if (one := _read(folder))]
    mine = [one for one in found if (one.announced.owner, one.announced.box) == (owner, box)]
    return sorted(mine, key=lambda one: one.touched, reverse=True)


def pending_bytes(settings: Settings) -> dict[str, int]:
    """Bytes of the uploads that are there, as they were announced, by owner."""
    found: dict[str, int] = {}
    for folder in upload_folders(settings):
        if one := _read(folder):
            found[one.announced.owner] = found.get(one.announced.owner, 0) + one.announced.size
    return found


def remove_upload(folder: UploadFolder) -> None:
    """Delete what has arrived; whoever writes to it at the moment writes to nothing."""
    shutil.rmtree(folder.path, ignore_errors=True)


def expire_uploads(settings: Settings, now: float | None = None) -> int:
    """Remove the uploads that were not continued for ``KEEP_SECONDS``, and return how many there were."""
    limit = (time.time() if now is None else now) - KEEP_SECONDS
    count = 0
    for folder in upload_folders(settings):
        with suppress(FileNotFoundError):  # removed meanwhile
            if folder.path.is_file() or _touched(folder) >= limit:
                continue
            lock = try_acquire(folder.path, create=False)
            if lock is not None:
                with lock:
                    remove_upload(folder)
                    count += 1
    return count


def sweep_uploads(settings: Settings) -> None:
    """At the start of a process: remove expired uploads, and what killed processes have left.

    A body of a request is locked as long as it is used; a file in place of a folder is of Graft 0.7.
    """
    expire_uploads(settings)
    old = [folder.path for folder in upload_folders(settings) if folder.path.is_file()]
    for path in [*received_bodies(settings), *old]:
        with suppress(FileNotFoundError):  # removed by another process that starts now
            lock = try_acquire(path, create=False)
            if lock is not None:
                with lock:
                    path.unlink(missing_ok=True)


def unused_uploads(settings: Settings, now: float | None = None) -> list[str]:
    """Names of what ``sweep_uploads`` would remove."""
    limit = (time.time() if now is None else now) - KEEP_SECONDS
    left = [path for path in received_bodies(settings) if not is_held(path)]
    left += [folder.path for folder in upload_folders(settings) if _is_left(folder, limit)]
    return sorted(path.name for path in left)


def _is_left(folder: UploadFolder, limit: float) -> bool:
    try:
        return not is_held(folder.path) and (folder.path.is_file() or _touched(folder) < limit)
    except FileNotFoundError:
        return False


class PartWriter:
    """Appends one part to an upload, while this process has its lock; see ``write_part``."""

    def __init__(self, upload: PendingUpload, descriptor: int, *, checked: bool) -> None:
        self._upload, self._file, self._at = upload, descriptor, upload.received
        self._begin = upload.received
        self._marked = False
        os.ftruncate(self._file, self._at)  # bytes that did not count
        if checked:
            self._mark(self._at)
        else:
            upload.folder.unchecked.unlink(missing_ok=True)

    @property
    def upload(self) -> PendingUpload:
        """As it was before this part."""
        return self._upload

    @property
    def received(self) -> int:
        """Bytes of the upload with those of this part."""
        return self._at

    def append(self, data: bytes | bytearray) -> None:
        """Write at the end.

        Raises:
            InvalidInput: the upload would have more bytes than announced; nothing was written.
        """
        end, announced = self._at + len(data), self._upload.announced
        if end > announced.size:
            raise InvalidInput(f"{announced.name!r} was announced with {announced.size} bytes; more were sent.")
        if end == announced.size and announced.sha256 and not self._marked:
            self._mark(self._at)  # not complete before the whole file was compared
        view = memoryview(data)
        while view:
            written = os.pwrite(self._file, view, self._at)
            self._at += written
            view = view[written:]

    def keep(self) -> None:
        """All that was written counts; a complete file has reached the disk."""
        if self._at == self._upload.announced.size:
            os.fsync(self._file)
        self._upload.folder.unchecked.unlink(missing_ok=True)
        self._marked = False

    def discard(self) -> None:
        """Nothing of this part counts."""
        self._at = self._begin
        os.ftruncate(self._file, self._at)
        self._upload.folder.unchecked.unlink(missing_ok=True)
        self._marked = False

    def drop_unchecked(self) -> None:
        """At the end of a part that was neither kept nor discarded: what was compared with nothing does not count."""
        if self._marked:
            self.discard()

    def _mark(self, offset: int) -> None:
        atomic.write_json(self._upload.folder.unchecked, offset, durable=False)
        self._marked = True


@contextmanager
def write_part(upload: PendingUpload, offset: int, *, checked: bool) -> Iterator[PartWriter]:
    """Append a part that begins at ``offset``, alone among all processes.

    Args:
        checked: the part has a checksum: it counts only after ``keep``. Without one each byte counts at once.

    Raises:
        UploadBusy: another request writes to it. WrongOffset: something else is there already, or is missing.
        NotFound: it was removed meanwhile.
    """
    lock = _lock_of(upload)
    with lock:
        now = _read(upload.folder)
        if now is None or not lock.protects(upload.folder.path):
            raise NotFound(_UNKNOWN)
        if offset != now.received:
            raise WrongOffset(f"{now.received} bytes have arrived. Received: a part that begins at {offset}")
        descriptor = os.open(upload.folder.content, os.O_RDWR)
        try:
            writer = PartWriter(now, descriptor, checked=checked)
            try:
                yield writer
            finally:
                with suppress(OSError):
                    writer.drop_unchecked()
        finally:
            os.close(descriptor)


def _lock_of(upload: PendingUpload) -> Lock:
    try:
        lock = try_acquire(upload.folder.path, create=False)
    except FileNotFoundError:
        raise NotFound(_UNKNOWN) from None
    if lock is None:
        raise UploadBusy("Another request writes to this upload at the moment. Try again in a few seconds.")
    return lock


def _read(folder: UploadFolder) -> PendingUpload | None:
    try:
        announced = AnnouncedFile(**json.loads(folder.record.read_text()))
        status = folder.content.stat()
    except (OSError, TypeError, ValueError):  # removed, used, or not written to the end
        return None
    received = min(status.st_size, announced.size)
    with suppress(OSError, ValueError):
        received = min(received, int(folder.unchecked.read_text()))
    return PendingUpload(announced=announced, folder=folder, received=received, touched=status.st_mtime)


def _touched(folder: UploadFolder) -> float:
    path = folder.content if folder.content.exists() else folder.path
    return path.stat().st_mtime
