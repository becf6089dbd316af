"""The folder of backups: blobs by SHA-256 that its snapshots share, and a file for each snapshot.

::

    graft-backup.json     blobs/ab/<SHA-256>     snapshots/<id>.json     .lock

Only its owner may read it, because the registry has the hashes of passwords. A snapshot is there as soon as its file
has its name; before, its blobs belong to nothing and are deleted by the next ``collect``.
"""

import errno
import json
import shutil
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from hashlib import sha256
from pathlib import Path

from core.artifacts import listing
from core.artifacts.blobs import CHUNK_BYTES, FolderBlobs, StoreAway
from core.backups.snapshots import FORMAT, SavedFolder, Snapshot, decoded, encoded
from core.errors import Conflict, GraftError, InvalidInput, NoSpace, NotFound, Unavailable
from core.files import atomic
from core.files.locks import try_acquire

_MARK = "graft-backup.json"
_DRAFT, _LOCK = ".draft", ".lock"
PRIVATE_FOLDER, PRIVATE_FILE = 0o700, 0o600


class DamagedBackup(Unavailable):
    """A blob of a backup is missing, or is not what its name says. It was not used."""


class BackupBlobs(FolderBlobs):
    """The blobs of backups. What is put is compared with its SHA-256 before it gets its name."""

    def put(self, digest: str, content: Path | bytes) -> None:
        """
        Raises:
            Conflict: the file has changed since its SHA-256 was computed; nothing was put.
        """
        path = self._path(digest)
        with self._readable_errors():
            self._require_root()
            path.parent.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)
            with atomic.replacing(path) as draft:
                draft.touch(mode=PRIVATE_FILE)
                if _copied(content, draft) != digest:
                    raise Conflict(f"{content if isinstance(content, Path) else path} changed while it was copied.")

    def checked(self, digest: str, of: str) -> Iterator[bytes]:
        """The content in parts; after the last one it is compared with the name.

        Args:
            of: what it belongs to, for messages.

        Raises:
            DamagedBackup: it is missing, or was altered.
        """
        found = sha256()
        try:
            for chunk in self.read(digest):
                found.update(chunk)
                yield chunk
        except FileNotFoundError:
            raise DamagedBackup(f"A blob of {of} is missing: {self._path(digest)}.") from None
        if found.hexdigest() != digest:
            raise DamagedBackup(
                f"A blob of {of} was altered: {self._path(digest)}. Delete this file: the next backup writes it again "
                "where the home still has its content."
            )

    def readable_errors(self) -> AbstractContextManager[None]:
        """For what is written beside them."""
        return self._readable_errors()

    def all(self) -> Iterator[Path]:
        """All files, also drafts of killed processes."""
        return (path for path in (self.root / "blobs").glob("*/*") if path.is_file())

    def _require_root(self) -> None:
        if not self.root.is_dir():
            raise StoreAway(f"The folder of backups {self.root} is not there. Mount it, or make it once.")

    def _told(self, error: OSError) -> GraftError:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return NoSpace(
                f"The disk of the folder of backups {self.root} is full. The snapshots that were there are whole; free "
                "some space, or keep fewer (--keep)."
            )
        reason = error.strerror or type(error).__name__
        return Unavailable(f"The folder of backups {self.root} cannot be used ({reason}: {error.filename}).")


def _copied(content: Path | bytes, draft: Path) -> str:
    """Writes the content; the SHA-256 of what was written."""
    if isinstance(content, bytes):
        draft.write_bytes(content)
        return sha256(content).hexdigest()
    found = sha256()
    with content.open("rb") as source, draft.open("wb") as target:
        while chunk := source.read(CHUNK_BYTES):
            found.update(chunk)
            target.write(chunk)
    return found.hexdigest()


class BackupFolder:
    """A folder of backups that exists.

    Args:
        path: resolved.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.blobs = BackupBlobs(path, str(path))

    @classmethod
    def open(cls, path: Path) -> "BackupFolder":
        """
        Raises:
            NotFound: there is none. Unavailable: it is of a newer Graft, or cannot be read.
        """
        path = path.expanduser().resolve()
        try:
            found = json.loads((path / _MARK).read_text())["format"]
        except FileNotFoundError:
            raise NotFound(f"{path} is no folder of backups. Make one: python -m core backup {path}") from None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise Unavailable(
                f"The folder of backups {path} cannot be read ({_MARK}: {type(error).__name__})."
            ) from None
        if found != FORMAT:
            raise Unavailable(f"The folder of backups {path} is of a newer Graft (format {found}). Update Graft.")
        return cls(path)

    @classmethod
    def open_or_make(cls, path: Path, home: Path) -> "BackupFolder":
        """
        Raises:
            InvalidInput: it is a file, in the home, or a folder with something else in it. Unavailable: it cannot be
                made, or as ``open``.
        """
        path, home = path.expanduser().resolve(), home.resolve()
        if path == home or home in path.parents:
            raise InvalidInput(f"A backup in the home is lost with it. Name a folder outside of {home}: {path}")
        if path.exists() and not path.is_dir():
            raise InvalidInput(f"A backup is a folder, and {path} is a file. Name another one.")
        try:
            if not (path / _MARK).exists():
                _make(path)
        except PermissionError as error:
            raise Unavailable(f"The folder of backups {path} cannot be made ({error.strerror}).") from None
        return cls.open(path)

    @property
    def is_private(self) -> bool:
        """Whether only its owner may read it; some file systems know no owners."""
        return not self.path.stat().st_mode & 0o077

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Nobody else uses the folder in the block: for making and deleting snapshots.

        Raises:
            Conflict: somebody does now.
        """
        lock = try_acquire(self.path / _LOCK)
        if lock is None:
            raise Conflict(f"Another process is using the folder of backups {self.path} now. Wait until it is done.")
        with lock:
            yield

    @contextmanager
    def being_read(self) -> Iterator[None]:
        """Nobody makes or deletes snapshots in the block; the folder may be read-only.

        Raises:
            Conflict: somebody does now.
        """
        try:
            lock = try_acquire(self.path / _LOCK, shared=True, create=False)
        except FileNotFoundError:  # copied without it
            yield
            return
        if lock is None:
            raise Conflict(f"Another process is making a backup in {self.path} now. Wait until it is done.")
        with lock:
            yield

    @contextmanager
    def draft(self) -> Iterator[Path]:
        """An empty folder for drafts; for the holder of the lock."""
        path = self.path / _DRAFT
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(mode=PRIVATE_FOLDER)
        try:
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)

    # --- snapshots ---

    def snapshots(self) -> list[Snapshot]:
        """All, newest first.

        Raises:
            Unavailable: the file of one was altered.
        """
        found = [self.described(path) for path in self.files()]
        return sorted(found, key=lambda one: (one.created_at, one.id), reverse=True)

    def files(self) -> list[Path]:
        """The files of all snapshots."""
        return sorted((self.path / "snapshots").glob("[!.]*.json"))

    def described(self, path: Path) -> Snapshot:
        """
        Raises:
            Unavailable: the file was altered.
        """
        try:
            return decoded(str(path), path.read_bytes())
        except OSError as error:
            raise Unavailable(f"{path} cannot be read ({error.strerror}).") from error

    def snapshot(self, snapshot_id: str = "") -> Snapshot:
        """One, by default the newest.

        Raises:
            NotFound: there is none. Unavailable: its file was altered.
        """
        if snapshot_id:
            path = self.path / "snapshots" / f"{snapshot_id}.json"
            if path not in self.files():
                known = ", ".join(one.stem for one in self.files()[-5:]) or "none"
                raise NotFound(f"There is no snapshot {snapshot_id!r} in {self.path}. The newest: {known}")
            return self.described(path)
        found = self.snapshots()
        if not found:
            raise NotFound(f"There is no snapshot in {self.path}: no backup was ever completed.")
        return found[0]

    def publish(self, snapshot: Snapshot) -> None:
        """Makes a snapshot visible; all of its blobs are there."""
        with self.blobs.readable_errors():
            (self.path / "snapshots").mkdir(exist_ok=True, mode=PRIVATE_FOLDER)
            with atomic.replacing(self.path / "snapshots" / f"{snapshot.id}.json") as draft:
                draft.touch(mode=PRIVATE_FILE)
                draft.write_bytes(encoded(snapshot))

    def listing(self, saved: SavedFolder, of: str = "") -> listing.Listing:
        """The files of a folder.

        Raises:
            DamagedBackup: the listing is missing, or was altered.
        """
        return listing.decoded(b"".join(self.blobs.checked(saved.listing, of or saved.folder)))

    # --- old ones ---

    def forget_older(self, than: Snapshot, keep: int) -> list[Snapshot]:
        """Deletes all but the newest ``keep`` snapshots; for the holder of the lock.

        Those that have a part that ``than`` does not have stay: a backup of the registry alone replaces no models.
        """
        replaceable = [one for one in self.snapshots() if set(one.parts) <= set(than.parts)]
        for one in replaceable[keep:]:
            (self.path / "snapshots" / f"{one.id}.json").unlink(missing_ok=True)
        atomic.sync(self.path / "snapshots")
        return replaceable[keep:]

    def collect(self) -> int:
        """Deletes the blobs that no snapshot needs; for the holder of the lock.

        Raises:
            Unavailable: the file or a listing of a snapshot is damaged, so that nobody knows; nothing was deleted.
        """
        needed = self.needed(self.snapshots())
        unneeded = [path for path in self.blobs.all() if path.name not in needed]
        for path in unneeded:
            path.unlink(missing_ok=True)
        return len(unneeded)

    def needed(self, snapshots: Iterable[Snapshot]) -> set[str]:
        """The blobs of these snapshots. A listing that several of them have is read once.

        Raises:
            DamagedBackup: a listing is damaged.
        """
        found: set[str] = set()
        for snapshot in snapshots:
            found.add(snapshot.registry)
            for saved in snapshot.folders:
                if saved.listing not in found:
                    found.add(saved.listing)
                    found |= {blob.digest for blob in self.listing(saved).blobs}
        return found


def _make(path: Path) -> None:
    path.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)
    strange = sorted(one.name for one in path.iterdir() if not one.name.startswith("."))
    if strange:
        raise InvalidInput(f"{path} has something else in it ({strange[0]}). Name an empty or a new folder.")
    with suppress(OSError):  # a file system without owners; ``is_private`` says it
        path.chmod(PRIVATE_FOLDER)
    for name in ("blobs", "snapshots"):
        (path / name).mkdir(exist_ok=True, mode=PRIVATE_FOLDER)
    atomic.write_json(path / _MARK, {"format": FORMAT})
    atomic.sync(path, path.parent)
