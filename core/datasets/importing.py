"""An import from the first look at the upload to the stored dataset."""

import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.datasets.acceptance import check_suitable, without_copies
from core.datasets.layout import Candidate, Layout, arrange
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
    """How far an import is.

    Args:
        stage: what it does now: "Reading the upload", "Decoding photos", "Storing".
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
    previous: Mapping[str, str] | None = None,
    progress: Report | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> tuple[Dataset, tuple[Photo, ...]]:
    """Imports a ZIP archive or a folder as ``datasets/<dataset_id>``; on any error nothing is left behind.

    Args:
        source: one folder of photos per class, optionally below ``train``, ``validation`` and ``test``.
        name: of the dataset; None takes the archive's or folder's.
        version: of the dataset under its name, from 1.
        seed: of the split that Graft draws.
        previous: ``{photo digest: split}`` of the version before; these photos keep their side.
        progress: called about ten times a second. cancelled: asked as often.

    Returns:
        The dataset and its photos, ordered by split, class and digest.

    Raises:
        InvalidInput: no dataset can be made of it. Refused: the archive breaks the policy. NoSpace: the disk is too
        full. Cancelled: ``cancelled`` said so. Conflict: ``dataset_id`` is taken. Unavailable: no decoder can start.
    """
    who = {"id": dataset_id, "name": dataset_name(name, Path(source)), "version": version, "started": time.time()}
    watch = _Watch(progress, cancelled)
    watch.say("Reading the upload")
    upload = open_upload(Path(source))
    layout = arrange(upload.files, upload.empty_folders)
    sweep(settings)
    with staging(settings, dataset_id) as stage:
        _check_space(settings, layout.candidates)
        decoded, refused = _decode(layout.candidates, Path(source), stage, watch)
        watch.say("Storing")
        refused += [*upload.rejections, *layout.rejections]
        dataset, photos = _settle(decoded, refused, layout, seed, previous or {}, who)
        _store(stage.path, dataset, photos)
        watch.check()
        stage.publish()
    return dataset, photos


def _settle(
    decoded: list[Photo],
    refused: list[Rejection],
    layout: Layout,
    seed: int,
    previous: Mapping[str, str],
    who: dict[str, Any],
) -> tuple[Dataset, tuple[Photo, ...]]:
    """What becomes of the decoded photos: copies out, classes checked, sides drawn."""
    unique, copies = without_copies(decoded)
    rejections = tuple(sorted([*refused, *copies], key=lambda rejection: rejection.file))
    check_suitable(unique, layout, rejections)
    photos, notes = with_split(unique, layout.given, seed, previous)
    split_given = bool(layout.given)
    return dataset_of(photos, seed=seed, split_given=split_given, rejections=rejections, notes=notes, **who), photos


class _Watch:
    """Reports progress and asks whether to stop, neither too often."""

    def __init__(self, progress: Report | None, cancelled: Callable[[], bool] | None) -> None:
        self._progress, self._cancelled = progress, cancelled
        self._started = self._last = time.monotonic()

    def say(self, stage: str, done: int = 0, total: int = 0, rejected: int = 0) -> None:
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
    candidates: Sequence[Candidate], source: Path, stage: Staging, watch: _Watch
) -> tuple[list[Photo], list[Rejection]]:
    """Decodes every candidate into ``stage/photos``: accepted ones in order of their paths, and the refused."""
    folder = stage.path / "photos"
    folder.mkdir()
    answers: dict[int, Decoded | Failed] = {}
    rejected = 0
    watch.say("Decoding photos", 0, len(candidates))
    with closing(decode_all(_tasks(candidates, source), folder, keep_open=(stage.lock.descriptor,))) as decoding:
        for answer in decoding:
            if answer is not None:
                answers[answer.index] = answer
                rejected += isinstance(answer, Failed)
            if watch.due:
                watch.say("Decoding photos", len(answers), len(candidates), rejected)
    watch.say("Decoding photos", len(answers), len(candidates), rejected)
    accepted: list[Photo] = []
    refused: list[Rejection] = []
    for index, candidate in enumerate(candidates):
        answer = answers[index]
        if isinstance(answer, Failed):
            refused.append(Rejection(file=candidate.file.name, reason=answer.reason))
        else:
            accepted.append(_photo(candidate, answer))
    return accepted, refused


def _tasks(candidates: Sequence[Candidate], source: Path) -> list[Task]:
    """In the order in which the content lies in the archive: reading forward is what disks do best."""
    source = source.resolve()
    tasks = []
    for index, candidate in enumerate(candidates):
        place = candidate.file.source
        if isinstance(place, Path):
            tasks.append(Task(index=index, path=place.absolute()))
        else:
            tasks.append(Task(index=index, path=source, member=place))
    return sorted(tasks, key=lambda task: (task.member.offset if task.member else 0, task.index))


def _photo(candidate: Candidate, answer: Decoded) -> Photo:
    return Photo(
        digest=answer.digest,
        file=candidate.file.name,
        class_name=candidate.class_name,
        split=candidate.split,
        width=answer.width,
        height=answer.height,
        stored_bytes=answer.stored_bytes,
    )


def _store(folder: Path, dataset: Dataset, photos: Sequence[Photo]) -> None:
    """Writes the manifest and drops stored files that no photo of the dataset needs (copies in two classes)."""
    wanted = {f"{photo.digest}.jpg" for photo in photos}
    for file in (folder / "photos").iterdir():
        if file.name not in wanted:
            file.unlink()
    write_manifest(folder, dataset, photos)
