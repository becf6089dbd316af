"""An import: list the upload, decode, accept, split, store."""

import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.datasets.acceptance import check_suitable, without_copies
from core.datasets.layout import Candidate, Layout, read_layouts
from core.datasets.manifest import dataset_of, write_manifest
from core.datasets.names import dataset_name
from core.datasets.sandbox import Decoded, Failed, Task, decode_all
from core.datasets.splits import with_split
from core.datasets.staging import Staging, staging, sweep
from core.datasets.uploads import open_upload
from core.datasets.values import Dataset, Photo, Rejection
from core.errors import Cancelled, NoSpace
from core.files.home import datasets_folder
from core.settings import Settings

RESERVE_BYTES = 100 * 10**6
_STORED_ESTIMATE = 200_000
_REPORT_SECONDS = 0.1


@dataclass(frozen=True, kw_only=True)
class ImportProgress:
    """Progress of an import.

    Args:
        stage: "Reading the upload", "Decoding photos", "Storing".
        done, total: files decoded so far, of how many; accepted, rejected: of the done ones.
        eta_seconds: estimated, of decoding; None while unknown.
    """

    stage: str
    done: int = 0
    total: int = 0
    accepted: int = 0
    rejected: int = 0
    eta_seconds: float | None = None


Report = Callable[[ImportProgress], None]


def import_photos(
    source: Path,
    *,
    settings: Settings,
    name: str | None = None,
    version: int = 1,
    dataset_id: str,
    seed: int = 0,
    layout: str | None = None,
    previous: Mapping[str, str] | None = None,
    progress: Report | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> tuple[Dataset, tuple[Photo, ...]]:
    """Import a ZIP archive or a folder as ``datasets/<dataset_id>``; after an error nothing remains on disk.

    Args:
        source: one folder of photos per class, optionally below ``train``, ``validation`` and ``test``.
        name: of the dataset; None for that of the archive or folder.
        version: of the dataset under its name, from 1.
        seed: of the split that Graft draws.
        layout: id of the way to read the upload (``Layout.id``); None for the certain one.
        previous: ``{photo digest: split}`` of the version before; these photos keep their split.
        progress: called about ten times a second. cancelled: called as often; True stops the import.

    Returns:
        The dataset and its photos, ordered by split, class and digest.

    Raises:
        InvalidInput: no dataset can be made of it. Ambiguous: the user has to choose a layout. Refused: the archive
            breaks the policy. NoSpace: the disk is too full. Cancelled: ``cancelled`` returned True.
            Conflict: ``dataset_id`` exists. Unavailable: no decoder starts.
    """
    identity = {"id": dataset_id, "name": dataset_name(name, Path(source)), "version": version, "started": time.time()}
    tracker = _Progress(progress, cancelled)
    tracker.report("Reading the upload")
    upload = open_upload(Path(source))
    chosen = read_layouts(upload.files, upload.empty_folders).chosen(layout)
    sweep(settings)
    with staging(settings, dataset_id) as stage:
        _check_space(settings, chosen.candidates)
        decoded, refused = _decode(chosen.candidates, Path(source), stage, tracker)
        tracker.report("Storing")
        refused += [*upload.rejections, *chosen.rejections]
        dataset, photos = _assemble(decoded, refused, chosen, seed, previous or {}, identity)
        _store(stage.path, dataset, photos)
        tracker.check()
        stage.publish()
    return dataset, photos


def _assemble(
    decoded: list[Photo],
    refused: list[Rejection],
    layout: Layout,
    seed: int,
    previous: Mapping[str, str],
    identity: dict[str, Any],
) -> tuple[Dataset, tuple[Photo, ...]]:
    """Remove copies, check the classes and draw the split."""
    unique, copies = without_copies(decoded)
    rejections = tuple(sorted([*refused, *copies], key=lambda rejection: rejection.file))
    check_suitable(unique, layout, rejections)
    photos, notes = with_split(unique, layout.given, seed, previous)
    split_given = bool(layout.given)
    return dataset_of(
        photos, seed=seed, split_given=split_given, rejections=rejections, notes=notes, **identity
    ), photos


class _Progress:
    """Reports progress and checks for cancellation, at most about ten times a second."""

    def __init__(self, progress: Report | None, cancelled: Callable[[], bool] | None) -> None:
        self._progress, self._cancelled = progress, cancelled
        self._started = self._last = time.monotonic()

    def report(self, stage: str, done: int = 0, total: int = 0, rejected: int = 0) -> None:
        self.check()
        self._last = time.monotonic()
        if self._progress:
            eta = (self._last - self._started) / done * (total - done) if done else None
            counts = {"done": done, "total": total, "accepted": done - rejected, "rejected": rejected}
            self._progress(ImportProgress(stage=stage, eta_seconds=eta, **counts))

    def check(self) -> None:
        if self._cancelled and self._cancelled():
            raise Cancelled("The import was cancelled; nothing was kept.")

    @property
    def due(self) -> bool:
        return time.monotonic() - self._last >= _REPORT_SECONDS


def _check_space(settings: Settings, candidates: Sequence[Candidate]) -> None:
    needed = RESERVE_BYTES + sum(min(2 * candidate.file.size, _STORED_ESTIMATE) for candidate in candidates)
    free = shutil.disk_usage(datasets_folder(settings)).free
    if free < needed:
        raise NoSpace(
            f"The import needs about {needed / 1e6:,.0f} MB and the disk of {str(settings.home)!r} has "
            f"{free / 1e6:,.0f} MB left. Free some space and import again; nothing was changed."
        )


def _decode(
    candidates: Sequence[Candidate], source: Path, stage: Staging, tracker: _Progress
) -> tuple[list[Photo], list[Rejection]]:
    """Decode every candidate into ``stage/photos``: the photos in the order of their paths, and the rejections."""
    folder = stage.path / "photos"
    folder.mkdir()
    results: dict[int, Decoded | Failed] = {}
    rejected = 0
    tracker.report("Decoding photos", 0, len(candidates))
    with closing(decode_all(_tasks(candidates, source), folder, keep_open=(stage.lock.descriptor,))) as decoding:
        for result in decoding:
            if result is not None:
                results[result.index] = result
                rejected += isinstance(result, Failed)
            if tracker.due:
                tracker.report("Decoding photos", len(results), len(candidates), rejected)
    tracker.report("Decoding photos", len(results), len(candidates), rejected)
    accepted: list[Photo] = []
    refused: list[Rejection] = []
    for index, candidate in enumerate(candidates):
        result = results[index]
        if isinstance(result, Failed):
            refused.append(Rejection(file=candidate.file.name, reason=result.reason))
        else:
            accepted.append(_photo(candidate, result))
    return accepted, refused


def _tasks(candidates: Sequence[Candidate], source: Path) -> list[Task]:
    """Ordered by the offset in the archive, so that the disk is read sequentially."""
    source = source.resolve()
    tasks = []
    for index, candidate in enumerate(candidates):
        source_of = candidate.file.source
        if isinstance(source_of, Path):
            tasks.append(Task(index=index, path=source_of.absolute()))
        else:
            tasks.append(Task(index=index, path=source, member=source_of))
    return sorted(tasks, key=lambda task: (task.member.offset if task.member else 0, task.index))


def _photo(candidate: Candidate, result: Decoded) -> Photo:
    return Photo(
        digest=result.digest,
        file=candidate.file.name,
        class_name=candidate.class_name,
        split=candidate.split,
        width=result.width,
        height=result.height,
        stored_bytes=result.stored_bytes,
    )


def _store(folder: Path, dataset: Dataset, photos: Sequence[Photo]) -> None:
    """Write the manifest and delete stored files without a photo in the dataset (photos in two classes)."""
    wanted = {f"{photo.digest}.jpg" for photo in photos}
    for file in (folder / "photos").iterdir():
        if file.name not in wanted:
            file.unlink()
    write_manifest(folder, dataset, photos)
