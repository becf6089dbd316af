"""Reading everything that a folder of backups has, and comparing it with its SHA-256."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from core.backups.snapshots import Snapshot
from core.backups.store import BackupFolder
from core.errors import Unavailable


@dataclass(frozen=True, kw_only=True)
class BackupCheck:
    """What was read.

    Args:
        snapshots, blobs, bytes: how much. damaged: a sentence for everything that is not as it was written.
    """

    snapshots: int
    blobs: int
    bytes: int
    damaged: tuple[str, ...]


def verify(path: Path) -> BackupCheck:
    """Reads all snapshots; what several of them have is read once.

    Raises:
        NotFound, Unavailable: it is no folder of backups, or of a newer Graft. Conflict: a backup is being made now.
    """
    folder = BackupFolder.open(path)
    with folder.being_read():
        reader, files = _Reader(folder), folder.files()
        for file in files:
            try:
                reader.read_all(folder.described(file))
            except Unavailable as error:
                reader.damaged.append(str(error))
    return BackupCheck(
        snapshots=len(files), blobs=len(reader.seen), bytes=reader.read_bytes, damaged=tuple(reader.damaged)
    )


class _Reader:
    def __init__(self, folder: BackupFolder) -> None:
        self._blobs, self._folder = folder.blobs, folder
        self.seen: dict[str, str] = {}
        """What is wrong with each blob that was read; "" for nothing."""
        self.damaged: list[str] = []
        self.read_bytes = 0

    def read_all(self, snapshot: Snapshot) -> None:
        self._read([snapshot.registry], f"the registry of snapshot {snapshot.id}")
        for saved in snapshot.folders:
            of = f"{saved.folder} of snapshot {snapshot.id}"
            if saved.listing not in self.seen and self._read([saved.listing], of):
                self._read((blob.digest for blob in self._folder.listing(saved).blobs), of)

    def _read(self, digests: Iterable[str], of: str) -> bool:
        """Whether all are whole."""
        new = [digest for digest in digests if digest not in self.seen]
        for digest in new:
            try:
                self.read_bytes += sum(map(len, self._blobs.checked(digest, of)))
                self.seen[digest] = ""
            except Unavailable as error:
                self.seen[digest] = str(error)
                self.damaged.append(str(error))
        return not any(self.seen[digest] for digest in new)
