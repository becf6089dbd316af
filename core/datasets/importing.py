"""An import: list the upload, decode, accept, split, store."""

import shutil
import time
from collections.abc import Callable, Mapping, Sequence, Set
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.datasets.acceptance import check_suitable, without_copies
from core.datasets.layout import Candidate, Layout, UploadFile
from core.datasets.manifest import dataset_of, write_manifest
from core.datasets.names import dataset_name
from core.datasets.readings import read_upload
from core.datasets.sandbox import Decoded, Failed, Task, decode_all, task_of
from core.datasets.splits import with_split
from core.datasets.staging import Staging, staging, sweep
from core.datasets.unpacking import unpacked
from core.datasets.values import Dataset, Photo, Rejection, UnlabelledPhoto
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
    encoding: str | None = None,
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
        encoding: of the names in an archive; None to find it out.
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
    sweep(settings)
    with unpacked(Path(source), settings) as plain:
        upload, choice = read_upload(plain, encoding=encoding)
        chosen = choice.chosen(layout)
        with staging(settings, dataset_id) as stage:
            _check_space(settings, [*(candidate.file for candidate in chosen.candidates), *chosen.unlabelled])
            decoded, refused = _decode_photos(chosen.candidates, plain, stage, tracker)
            aside, unusable = _decode_unlabelled(
                chosen.unlabelled, {photo.digest for photo in decoded}, plain, stage, tracker
            )
            tracker.report("Storing")
            refused += [*unusable, *upload.rejections, *chosen.rejections]
            dataset, photos = _assemble(decoded, aside, refused, chosen, seed, previous or {}, identity)
            _store(stage.path, dataset, photos, aside)
            tracker.check()
            stage.publish()
    return dataset, photos


def _assemble(
    decoded: list[Photo],
    unlabelled: list[UnlabelledPhoto],
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
    dataset = dataset_of(
        photos,
        unlabelled=unlabelled,
        seed=seed,
        split_given=bool(layout.given),
        rejections=rejections,
        notes=(*layout.notes, *notes),
        **identity,
    )
    return dataset, photos


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


def _check_space(settings: Settings, files: Sequence[UploadFile]) -> None:
    needed = RESERVE_BYTES + sum(min(2 * file.size, _STORED_ESTIMATE) for file in files)
    free = shutil.disk_usage(datasets_folder(settings)).free
    if free < needed:
        raise NoSpace(
            f"The import needs about {needed / 1e6:,.0f} MB and the disk of {str(settings.home)!r} has "
            f"{free / 1e6:,.0f} MB left. Free some space and import again; nothing was changed."
        )


def _decode_photos(
    candidates: Sequence[Candidate], source: Path, stage: Staging, tracker: _Progress
) -> tuple[list[Photo], list[Rejection]]:
    """Decode every candidate into ``stage/photos``: the photos in the order of their paths, and the rejections."""
    results, refused = _decode(
        [candidate.file for candidate in candidates], source, stage, "photos", tracker, "Decoding photos"
    )
    return [_photo(candidates[result.index], result) for result in results], refused


def _decode_unlabelled(
    files: Sequence[UploadFile], labelled: Set[str], source: Path, stage: Staging, tracker: _Progress
) -> tuple[list[UnlabelledPhoto], list[Rejection]]:
    """Decode photos without a class into ``stage/unlabelled``; copies of ``labelled`` digests are rejected."""
    if not files:
        return [], []
    results, refused = _decode(files, source, stage, "unlabelled", tracker, "Decoding unlabelled photos")
    kept: dict[str, UnlabelledPhoto] = {}
    for result in results:
        file = files[result.index].name
        if result.digest in labelled:
            refused.append(Rejection(file=file, reason="is a copy of a photo that has a class"))
        elif result.digest in kept:
            reason = f"is a copy of {kept[result.digest].file}, which is kept"
            refused.append(Rejection(file=file, reason=reason))
        else:
            kept[result.digest] = UnlabelledPhoto(
                digest=result.digest,
                file=file,
                width=result.width,
                height=result.height,
                stored_bytes=result.stored_bytes,
            )
    return list(kept.values()), refused


def _decode(
    files: Sequence[UploadFile], source: Path, stage: Staging, folder: str, tracker: _Progress, label: str
) -> tuple[list[Decoded], list[Rejection]]:
    """Decode files into ``stage/<folder>``: the decoded ones in the order of their paths, and the rejections."""
    target = stage.path / folder
    target.mkdir()
    results: dict[int, Decoded | Failed] = {}
    rejected = 0
    tracker.report(label, 0, len(files))
    with closing(decode_all(tasks_of(files, source), target, keep_open=(stage.lock.descriptor,))) as decoding:
        for result in decoding:
            if result is not None:
                results[result.index] = result
                rejected += isinstance(result, Failed)
            if tracker.due:
                tracker.report(label, len(results), len(files), rejected)
    tracker.report(label, len(results), len(files), rejected)
    in_order = [results[index] for index in range(len(files))]
    refused = [
        Rejection(file=files[each.index].name, reason=each.reason) for each in in_order if isinstance(each, Failed)
    ]
    return [each for each in in_order if isinstance(each, Decoded)], refused


def tasks_of(files: Sequence[UploadFile], source: Path) -> list[Task]:
    """Tasks of ``files``, numbered in their order and sorted by the offset in the archive, so that the disk is read
    sequentially."""
    source = source.resolve()
    tasks = [task_of(index, file, source) for index, file in enumerate(files)]
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


def _store(folder: Path, dataset: Dataset, photos: Sequence[Photo], unlabelled: Sequence[UnlabelledPhoto]) -> None:
    """Write the manifest and delete stored files that are not of the dataset (photos in two classes)."""
    for name, wanted in (("photos", photos), ("unlabelled", unlabelled)):
        names = {f"{photo.digest}.jpg" for photo in wanted}
        for file in (folder / name).glob("*"):
            if file.name not in names:
                file.unlink()
    write_manifest(folder, dataset, photos, unlabelled)
