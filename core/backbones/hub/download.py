"""Files of a model: streamed to a draft, continued at the byte where the connection broke, verified, then named.

Verified files and drafts of one commit stay in a folder of their own until the backbone is added, so an addition that
failed goes on where it stopped.
"""

import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from core.backbones.additions import AdditionProgress, Report
from core.backbones.hub.client import BrokenConnectionError, HubClient
from core.backbones.hub.repository import HubFile, HubRepository
from core.errors import NoSpace, Unavailable
from core.text.units import size as size_label

CHUNK_BYTES = 1 << 18
SPARE_BYTES = 200 * 10**6
"""What must stay free on the disk beside the files."""

_KEPT_SECONDS = 7 * 24 * 3600.0


def download(
    repository: HubRepository, files: Sequence[HubFile], folder: Path, client: HubClient, report: Report
) -> None:
    """Download ``files`` into ``folder`` under their names; those that are there are not asked for again.

    Args:
        folder: of this commit only.
        report: is called for every chunk; an exception from it stops the download.

    Raises:
        NoSpace: the disk cannot hold them. Unavailable: the hub cannot be reached, or sent another content.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _check_space(repository, files, folder)
    total = sum(file.size for file in files)
    before = 0
    for file in files:
        _Download(repository, file, folder, client, _counted(report, before, total)).run()
        before += file.size


def sweep(downloads: Path, now: float | None = None) -> None:
    """Remove the folders below ``downloads`` of which no file was written for a week."""
    moment = time.time() if now is None else now
    for folder in downloads.glob("*"):
        written = [path.stat().st_mtime for path in (folder, *folder.glob("*"))]
        if moment - max(written) > _KEPT_SECONDS:
            shutil.rmtree(folder, ignore_errors=True)


def _counted(report: Report, before: int, total: int) -> Callable[[int], None]:
    return lambda done: report(AdditionProgress(stage="Downloading", done=before + done, total=total))


def _check_space(repository: HubRepository, files: Sequence[HubFile], folder: Path) -> None:
    there = sum(path.stat().st_size for path in folder.iterdir())
    needed = max(0, sum(file.size for file in files) - there)
    free = shutil.disk_usage(folder).free
    if free < needed + SPARE_BYTES:
        raise NoSpace(
            f"{repository.address.name} needs {size_label(needed)} more and only {size_label(free)} are free in "
            f"{folder.parent}; {size_label(SPARE_BYTES)} must stay free. Nothing was added."
        )


class _Download:
    """One file."""

    def __init__(
        self, repository: HubRepository, file: HubFile, folder: Path, client: HubClient, report: Callable[[int], None]
    ) -> None:
        self._repository, self._file, self._client, self._report = repository, file, client, report
        self._target = folder / file.name
        self._part = folder / f".{file.name}.part"
        self._last = 0

    def run(self) -> None:
        if self._target.exists() and self._file.matches(self._target):
            self._report(self._file.size)
            return
        self._last = self._have()
        self._client.retried(self._continue, self._progressed)
        if not self._file.matches(self._part):
            self._part.unlink()
            raise Unavailable(
                f"{self._file.path} of {self._repository.address.name} has another checksum than the hub states, so it "
                "was damaged or changed on the way. It was deleted; try again."
            )
        self._part.replace(self._target)

    def _have(self) -> int:
        return self._part.stat().st_size if self._part.exists() else 0

    def _progressed(self) -> bool:
        """Whether anything was received since the last broken connection."""
        last, self._last = self._last, self._have()
        return self._last > last

    def _continue(self) -> None:
        """Receive the rest of the file."""
        have = self._have()
        if have > self._file.size:
            self._part.unlink()
            have = 0
        if have == self._file.size:
            self._part.touch()
            return
        headers = {"Range": f"bytes={have}-"} if have else {}
        with self._client.open(self._repository.file_path(self._file), headers) as response:
            self._refuse_changed(response.headers.get("X-Repo-Commit"))
            begins = have if _continues(response.status, response.headers.get("Content-Range"), have) else 0
            with self._part.open("r+b" if begins else "wb") as part:
                part.seek(begins)
                self._receive(response.read1, part.write, begins)
        if self._have() < self._file.size:
            raise BrokenConnectionError(f"the connection ended after {self._have():,} of {self._file.size:,} bytes")

    def _receive(self, read: Callable[[int], bytes], write: Callable[[bytes], object], done: int) -> None:
        self._report(done)
        while chunk := self._client.chunk(read, CHUNK_BYTES):
            done += len(chunk)
            if done > self._file.size:
                raise Unavailable(
                    f"The hub sent more than the {self._file.size:,} bytes of {self._file.path}. Nothing was added."
                )
            write(chunk)
            self._report(done)

    def _refuse_changed(self, commit: str | None) -> None:
        expected = self._repository.address.revision
        if commit and commit != expected:
            raise Unavailable(
                f"The hub serves commit {commit[:12]} of {self._repository.address.name} instead of {expected[:12]}. "
                "Look at the model again before you add it."
            )


def _continues(status: int, content_range: str | None, have: int) -> bool:
    """Whether the response begins at the byte that was asked for; a server without ranges sends all from the start."""
    return status == 206 and (content_range or "").replace(" ", "").startswith(f"bytes{have}-")
