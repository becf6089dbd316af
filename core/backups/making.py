"""Making a backup while runs train and datasets are imported.

The registry is copied first, and then the files that this copy names: they were complete before the registry knew them.
What has changed or was deleted meanwhile is missing from the first attempt; the second one copies the registry again
while nothing is deleted, and only reads what is new.
"""

import json
import secrets
import shutil
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from core.artifacts.blobs import open_blobs
from core.artifacts.listing import Listing, content_of, files_of, listing_of
from core.artifacts.listing import decoded as listing_decoded
from core.artifacts.parts import names_in
from core.artifacts.photo_shards import by_dataset
from core.backups.contents import BackupItem, folders_of, items
from core.backups.snapshots import BackupPart, SavedFolder, Snapshot
from core.backups.store import BackupFolder
from core.errors import Conflict, NoSpace, NotFound, Unavailable
from core.files.atomic import digest_of
from core.files.home import dataset_folder, deletion_lock, registry_file
from core.files.locks import acquire
from core.registry import Registry
from core.registry.artifacts import Artifact
from core.registry.copying import snapshot_to
from core.registry.schema import HEAD
from core.registry.sqlite_file import SqliteFile
from core.settings import VERSION, Settings
from core.text.units import size as size_words

_SPARE_BYTES = 100 * 10**6
"""Disk space that stays free."""


@dataclass(frozen=True, kw_only=True)
class BackupMade:
    """A snapshot that was made.

    Args:
        written_bytes: of blobs that no snapshot had. forgotten: ids of older snapshots that were deleted.
        problem: why nothing older was deleted, if so.
    """

    snapshot: Snapshot
    written_bytes: int
    forgotten: tuple[str, ...] = ()
    problem: str = ""


def make_backup(
    settings: Settings, registry: Registry, path: Path, parts: Sequence[BackupPart] = (), keep: int | None = None
) -> BackupMade:
    """One more snapshot in the folder ``path``. Killed in the middle, earlier snapshots are whole and this one is not
    there.

    Args:
        keep: delete all but the newest ``keep`` snapshots afterwards; None keeps all.

    Raises:
        Conflict: another process makes one there now. NoSpace: the disk is full. InvalidInput, Unavailable: the folder
            cannot be used, or the registry is damaged or away.
    """
    folder = BackupFolder.open_or_make(path, settings.home)
    with folder.locked():
        maker = _Maker(settings, registry, folder, parts)
        try:
            snapshot = maker.make()
        except NoSpace:
            with suppress(Unavailable):
                folder.collect()  # what was written of it would fill the disk
            raise
        forgotten, problem = _forget(folder, snapshot, keep)
    detail = {"snapshot": snapshot.id, "folder": str(folder.path), "parts": list(parts), "bytes": snapshot.size_bytes}
    registry.log("backup", detail)
    return BackupMade(snapshot=snapshot, written_bytes=maker.written_bytes, forgotten=forgotten, problem=problem)


def _forget(folder: BackupFolder, snapshot: Snapshot, keep: int | None) -> tuple[tuple[str, ...], str]:
    """A damaged older snapshot must not make the new one a failure."""
    forgotten: tuple[str, ...] = ()
    try:
        if keep is not None:
            forgotten = tuple(one.id for one in folder.forget_older(snapshot, keep))
        folder.collect()
    except Unavailable as error:
        return forgotten, str(error)
    return forgotten, ""


class _Maker:
    """Puts what belongs to one snapshot; what is there already is not read again."""

    def __init__(
        self, settings: Settings, registry: Registry, folder: BackupFolder, parts: Sequence[BackupPart]
    ) -> None:
        self._settings, self._registry, self._folder, self._parts = settings, registry, folder, tuple(parts)
        self._home, self._draft = settings.home.resolve(), folder.path
        self.written_bytes = 0
        self._known = self._saved_before()

    def _saved_before(self) -> dict[str, SavedFolder]:
        """By stamp."""
        known: dict[str, SavedFolder] = {}
        for path in self._folder.files():
            with suppress(Unavailable):  # an altered one is of no use here, and no reason to make none
                known |= {one.stamp: one for one in self._folder.described(path).folders if one.stamp}
        return known

    def make(self) -> Snapshot:
        snapshot = self._attempt()
        if snapshot.missing:
            with acquire(deletion_lock(self._settings), shared=True):
                snapshot = self._attempt()
        self._folder.publish(snapshot)
        return snapshot

    def _attempt(self) -> Snapshot:
        now = time.time()
        with self._folder.draft() as draft:
            self._draft = draft
            self._require_room(2 * self._registry.size)
            file = draft / registry_file(self._settings).name
            with self._folder.blobs.readable_errors():
                snapshot_to(self._registry, file)
            digest, size = digest_of(file), file.stat().st_size
            self._put(digest, size, file)
            copy = Registry(SqliteFile(file))
            try:
                saved, missing = self._save_all(copy)
            finally:
                copy.close()
        return Snapshot(
            id=f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime(now))}-{secrets.token_hex(2)}",
            created_at=now,
            version=VERSION,
            schema=HEAD,
            database=self._registry.product,
            registry=digest,
            registry_bytes=size,
            parts=self._parts,
            folders=tuple(saved),
            missing=tuple(missing),
        )

    def _save_all(self, copy: Registry) -> tuple[list[SavedFolder], list[str]]:
        published = {one.name: one for one in copy.artifacts()} if self._settings.artifacts else {}
        shards = by_dataset(published)
        saved: list[SavedFolder] = []
        missing = []
        for item in items(copy, self._parts):
            try:
                if item.name in published:
                    saved += [self._from_store(published[name]) for name in (item.name, *shards.get(item.name, ()))]
                else:
                    saved += self._from_home(item)
            except (NotFound, FileNotFoundError, Conflict):
                missing.append(item.name)
        return saved, missing

    def _from_home(self, item: BackupItem) -> list[SavedFolder]:
        """
        Raises:
            NotFound, FileNotFoundError: it is not there, or not all of it. Conflict: it changed, or is not what the
                registry says.
        """
        saved = []
        for folder, names in folders_of(self._settings, item):
            found = sorted(files_of(folder, names)) if folder.is_dir() else []
            if found:
                saved.append(self._save(folder, found, item))
        if not saved and item.required:
            raise NotFound(item.name)
        if item.photos and not self._has_photos(item, saved):
            raise NotFound(f"photos of {item.name}")
        return saved

    def _has_photos(self, item: BackupItem, saved: Sequence[SavedFolder]) -> bool:
        """A dataset that came with a model has none at all."""
        photos = dataset_folder(self._settings, item.name.partition("/")[2])
        place = photos.photos.relative_to(self._home).as_posix()
        return photos.lacks_photos or any(one.folder == place and one.files >= item.photos for one in saved)

    def _save(self, folder: Path, names: Sequence[str], item: BackupItem) -> SavedFolder:
        place = folder.resolve().relative_to(self._home).as_posix()
        stamp = _stamp(folder, names, place)
        listing = self._listing_before(stamp)
        if listing is None:
            listing = listing_of(folder, names)
        if item.main and item.sha256 not in {f.sha256 for b in listing.blobs for f in b.files if f.path == item.main}:
            raise Conflict(f"{item.main} of {item.name} is not the file that the registry knows.")
        for blob in listing.blobs:
            if self._folder.blobs.size(blob.digest) != blob.size:
                self._put(blob.digest, blob.size, content_of(folder, blob))
        return self._put_listing(place, listing, stamp)

    def _listing_before(self, stamp: str) -> Listing | None:
        """Of a folder that has not changed since a snapshot, so that its files need not be read."""
        before = self._known.get(stamp)
        try:
            return self._folder.listing(before) if before is not None else None
        except Unavailable:
            return None

    def _from_store(self, artifact: Artifact) -> SavedFolder:
        """From the store of artifacts, which has the same blobs."""
        source, draft = open_blobs(self._settings.artifacts), self._draft / "blob"
        content = b"".join(source.read(artifact.digest))
        if sha256(content).hexdigest() != artifact.digest:
            raise Conflict(f"The listing of {artifact.name} in the store was altered.")
        listing = listing_decoded(content)
        for blob in listing.blobs:
            if self._folder.blobs.size(blob.digest) != blob.size:
                self._require_room(2 * blob.size)
                with self._folder.blobs.readable_errors(), draft.open("wb") as file:
                    file.writelines(source.read(blob.digest))
                self._put(blob.digest, blob.size, draft)
        folder, _ = names_in(Path(), artifact.name)
        return self._put_listing(folder.as_posix(), listing, "")

    def _put_listing(self, place: str, listing: Listing, stamp: str) -> SavedFolder:
        content = listing.encoded()
        digest = sha256(content).hexdigest()
        if self._folder.blobs.size(digest) != len(content):
            self._put(digest, len(content), content)
        saved = SavedFolder(
            folder=place, listing=digest, size_bytes=listing.size_bytes, files=listing.files, stamp=stamp
        )
        if stamp:
            self._known[stamp] = saved
        return saved

    def _put(self, digest: str, size: int, content: Path | bytes) -> None:
        if self._folder.blobs.size(digest) == size:
            return
        self._require_room(size)
        self._folder.blobs.put(digest, content)
        self.written_bytes += size

    def _require_room(self, size: int) -> None:
        free = shutil.disk_usage(self._folder.path).free
        if free < size + _SPARE_BYTES:
            raise NoSpace(
                f"The folder of backups {self._folder.path} has {size_words(free)} left and needs {size_words(size)} "
                "more. The snapshots that were there are whole; free some space, or keep fewer (--keep)."
            )


def _stamp(folder: Path, names: Sequence[str], place: str) -> str:
    """Changes when a file has another size or time, as rsync and other tools of backup decide it."""
    facts: list[tuple[str, int, int]] = [(place, 0, 0)]
    for name in names:
        found = (folder / name).stat()
        facts.append((name, found.st_size, found.st_mtime_ns))
    return sha256(json.dumps(facts).encode()).hexdigest()
