"""An import: list the upload, decode, accept, split, store."""

import shutil
import time
from collections.abc import Callable, Mapping, Sequence, Set
from pathlib import Path
from typing import Any

from core.datasets.acceptance import check_suitable, without_copies
from core.datasets.archives.unpacking import unpacked
from core.datasets.decoding.passes import DecodedFiles, scale_together
from core.datasets.decoding.sandbox import Decoded
from core.datasets.layout import Candidate, Layout, UploadFile
from core.datasets.layouts.readings import read_upload
from core.datasets.manifest import dataset_of, write_manifest
from core.datasets.names import dataset_name
from core.datasets.progress import ProgressTracker, Report
from core.datasets.splits import with_split
from core.datasets.staging import staging, sweep
from core.datasets.values import Dataset, Photo, Rejection, UnlabelledPhoto
from core.errors import NoSpace
from core.files.home import datasets_folder
from core.settings import Settings

RESERVE_BYTES = 100 * 10**6
_STORED_ESTIMATE = 200_000


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
        previous: ``{digest or pixels of a photo: split}`` of the version before; these photos keep their split.
        progress: called about ten times a second. cancelled: called as often; True stops the import.

    Returns:
        The dataset and its photos, ordered by split, class and digest.

    Raises:
        InvalidInput: no dataset can be made of it. Ambiguous: the user has to choose a layout. Refused: the archive
            breaks the policy. NoSpace: the disk is too full. Cancelled: ``cancelled`` returned True.
            Conflict: ``dataset_id`` exists. Unavailable: no decoder starts.
    """
    identity = {"id": dataset_id, "name": dataset_name(name, Path(source)), "version": version, "started": time.time()}
    tracker = ProgressTracker(progress, cancelled)
    tracker.report("Reading the upload")
    sweep(settings)
    with unpacked(Path(source), settings, check=tracker.check) as plain:
        chosen = read_upload(plain, encoding=encoding).chosen(layout)
        with staging(settings, dataset_id) as stage:
            check_space(settings, [*(candidate.file for candidate in chosen.candidates), *chosen.unlabelled])
            files = [candidate.file for candidate in chosen.candidates]
            decoded = DecodedFiles(files, plain, stage=stage, folder="photos", tracker=tracker, label="Decoding photos")
            aside = DecodedFiles(
                chosen.unlabelled,
                plain,
                stage=stage,
                folder="unlabelled",
                tracker=tracker,
                label="Decoding unlabelled photos",
            )
            dataset, photos, unlabelled = _assemble(chosen, decoded, aside, seed, previous or {}, identity, tracker)
            _store(stage.path, dataset, photos, unlabelled)
            tracker.check()
            stage.publish()
    return dataset, photos


def _assemble(
    layout: Layout,
    decoded: DecodedFiles,
    aside: DecodedFiles,
    seed: int,
    previous: Mapping[str, str],
    identity: dict[str, Any],
    tracker: ProgressTracker,
) -> tuple[Dataset, tuple[Photo, ...], list[UnlabelledPhoto]]:
    """Scale 16-bit grey, remove copies, check the classes and draw the split."""
    grey_bits, grey_notes = scale_together((decoded, aside))
    alike = decoded.alike(grey_bits)
    tracker.report("Storing")
    photos = [_photo(layout.candidates[result.index], result) for result in decoded.decoded]
    unique = without_copies(photos, alike=alike, known=previous)
    unlabelled, copies = _unlabelled(aside, {photo.pixels for photo in photos if photo.pixels})
    rejections = [*decoded.rejections, *aside.rejections, *copies, *layout.rejections, *unique.rejections]
    rejections.sort(key=lambda rejection: rejection.file)
    check_suitable(unique.photos, layout, rejections)
    split, notes = with_split(unique.photos, layout.given, seed, previous)
    dataset = dataset_of(
        split,
        unlabelled=unlabelled,
        seed=seed,
        split_given=bool(layout.given),
        rejections=tuple(rejections),
        notes=(*layout.notes, *grey_notes, *unique.notes, *notes),
        grey_bits=grey_bits,
        **identity,
    )
    return dataset, split, unlabelled


def check_space(settings: Settings, files: Sequence[UploadFile]) -> None:
    """Raises NoSpace where the disk cannot hold these photos as they would be stored."""
    needed = RESERVE_BYTES + sum(min(2 * file.size, _STORED_ESTIMATE) for file in files)
    free = shutil.disk_usage(datasets_folder(settings)).free
    if free < needed:
        raise NoSpace(
            f"The import needs about {needed / 1e6:,.0f} MB and the disk of {str(settings.home)!r} has "
            f"{free / 1e6:,.0f} MB left. Free some space and import again; nothing was changed."
        )


def _unlabelled(decoded: DecodedFiles, labelled: Set[str]) -> tuple[list[UnlabelledPhoto], list[Rejection]]:
    """Photos without a class; copies of each other and of the ``labelled`` pixels are rejected."""
    kept: dict[str, UnlabelledPhoto] = {}
    refused: list[Rejection] = []
    for result in decoded.decoded:
        file = decoded.files[result.index].name
        if result.pixels in labelled:
            refused.append(Rejection(file=file, reason="is a copy of a photo that has a class"))
        elif result.pixels in kept:
            reason = f"is a copy of {kept[result.pixels].file}, which is kept"
            refused.append(Rejection(file=file, reason=reason))
        else:
            kept[result.pixels] = UnlabelledPhoto(
                digest=result.digest,
                file=file,
                width=result.width,
                height=result.height,
                stored_bytes=result.stored_bytes,
            )
    return list(kept.values()), refused


def _photo(candidate: Candidate, result: Decoded) -> Photo:
    return Photo(
        digest=result.digest,
        file=candidate.file.name,
        class_name=candidate.class_name,
        split=candidate.split,
        width=result.width,
        height=result.height,
        stored_bytes=result.stored_bytes,
        pixels=result.pixels,
    )


def _store(folder: Path, dataset: Dataset, photos: Sequence[Photo], unlabelled: Sequence[UnlabelledPhoto]) -> None:
    """Write the manifest and delete stored files that are not of the dataset (photos in two classes)."""
    for name, wanted in (("photos", photos), ("unlabelled", unlabelled)):
        names = {f"{photo.digest}.jpg" for photo in wanted}
        for file in (folder / name).glob("*"):
            if file.name not in names:
                file.unlink()
    write_manifest(folder, dataset, photos, unlabelled)
