"""The pool of a dataset: its photos without a class, which a person may label.

They are those of its import, which lie in ``unlabelled/`` and belong to the dataset, and those that were added later.
An addition is a folder of its own below the dataset, which appears by one rename and does not change; it is decoded
by the same sandbox as an import. Nothing is trained on the photos of a pool or measured with them.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from core.datasets.acceptance import none_usable
from core.datasets.archives.unpacking import unpacked
from core.datasets.archives.uploads import open_upload
from core.datasets.decoding.modes import FULL_GREY
from core.datasets.decoding.passes import DecodedFiles
from core.datasets.decoding.sandbox import Decoded
from core.datasets.importing import check_space
from core.datasets.layout import UploadFile
from core.datasets.manifest import INGEST_VERSION, read_unlabelled
from core.datasets.names import quoted, quoted_list
from core.datasets.progress import ProgressTracker, Report
from core.datasets.staging import staging, sweep
from core.datasets.values import Dataset, Rejection, UnlabelledPhoto
from core.errors import GraftError, InvalidInput, NotFound
from core.files.folders import DatasetFolder, PoolFolder
from core.files.home import deletion_lock
from core.files.locks import acquire
from core.settings import Settings
from core.text.units import count


@dataclass(frozen=True, kw_only=True)
class PoolPart:
    """Photos without a class that lie in one folder.

    Args:
        folder: of the stored JPEGs, ``<digest>.jpg``. photos: in the order of their paths.
        rejections: files of the addition that were left out, with reasons; () of the photos of the import, whose
            rejections are those of the dataset.
    """

    folder: Path
    photos: tuple[UnlabelledPhoto, ...]
    rejections: tuple[Rejection, ...] = ()

    @property
    def digest(self) -> str:
        """SHA-256 over ingest version and photos: their features are stored under it."""
        content = ["pool", INGEST_VERSION, sorted(photo.digest for photo in self.photos)]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()

    def path(self, digest: str) -> Path:
        """The stored JPEG of one of its photos."""
        return self.folder / f"{digest}.jpg"


class FoldersAsked(GraftError):
    """The upload has folders that may be classes, and the user has to say that they mean nothing."""


LeftOut = Callable[[Path, Sequence[UnlabelledPhoto]], Mapping[str, str]]
"""From the folder of decoded photos and the photos: why some of them are left out, by digest, as sentence fragments."""


def pool_of(folder: DatasetFolder) -> tuple[PoolPart, ...]:
    """The parts of a dataset's pool that have photos, that of the import first.

    Raises:
        NotFound: there is no such dataset on this disk.
    """
    own = PoolPart(folder=folder.unlabelled, photos=read_unlabelled(folder.path))
    parts = [own, *filter(None, map(_read, folder.pool_additions()))]
    return tuple(part for part in parts if part.photos)


def pool_photos(folder: DatasetFolder) -> dict[str, UnlabelledPhoto]:
    """All photos of a pool by their digest."""
    return {photo.digest: photo for part in pool_of(folder) for photo in part.photos}


def pool_path(folder: DatasetFolder, digest: str) -> Path:
    """The stored JPEG of a photo of the pool, whichever part it is in; it may be gone."""
    places = [folder.unlabelled, *(one.photos for one in folder.pool_additions())]
    return next((path for place in places if (path := place / f"{digest}.jpg").is_file()), places[0] / f"{digest}.jpg")


def _read(addition: PoolFolder) -> PoolPart | None:
    """None of a folder that is being deleted."""
    try:
        content = json.loads(addition.record.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return PoolPart(
        folder=addition.photos,
        photos=tuple(UnlabelledPhoto(**one) for one in content["photos"]),
        rejections=tuple(Rejection(**one) for one in content["rejections"]),
    )


def add_to_pool(
    source: Path,
    folder: DatasetFolder,
    dataset: Dataset,
    *,
    settings: Settings,
    addition_id: str,
    known: Mapping[str, str],
    left_out: LeftOut,
    flat: bool = False,
    progress: Report | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> PoolPart:
    """Add the photos of a folder or an archive; after an error nothing remains on disk.

    Args:
        folder, dataset: the dataset they are added to.
        known: names of the photos that are here already, by digest and by pixels (SHA-256 of the stored JPEG).
        left_out: finds further photos that are left out, as near-copies are.
        flat: the folders of the upload mean nothing.
        progress, cancelled: as of ``import_photos``.

    Raises:
        FoldersAsked: the upload has folders, and ``flat`` was not said. InvalidInput: there is no photo, or none that
            is not here already. Refused: the archive breaks the policy. NoSpace: the disk is too full.
        Cancelled: ``cancelled`` returned True. NotFound: the dataset was deleted.
    """
    tracker = ProgressTracker(progress, cancelled)
    tracker.report("Reading the upload")
    sweep(settings)
    with unpacked(source, settings, check=tracker.check) as plain:
        upload = open_upload(plain)
        if not upload.files:
            raise InvalidInput(f"There are no files in {quoted(str(source))}. Choose a folder or an archive of photos.")
        if not flat:
            _ask_about_folders(upload.files, dataset)
        target = PoolFolder(folder.pool / addition_id)
        with staging(settings, addition_id, target.path) as stage:
            check_space(settings, upload.files)
            draft = PoolFolder(stage.path)
            decoded = DecodedFiles(
                upload.files,
                plain,
                stage=stage,
                folder=draft.photos.name,
                tracker=tracker,
                label="Decoding photos",
            )
            part = _assembled(decoded, dataset, known, left_out, upload.rejections, tracker)
            _store(draft, part)
            tracker.check()
            with acquire(deletion_lock(settings), shared=True):
                if not folder.path.is_dir():
                    raise NotFound(f"{quoted(dataset.name)} was deleted while photos were added to it.")
                folder.pool.mkdir(exist_ok=True)
                stage.publish()
    return replace(part, folder=target.photos)


def _ask_about_folders(files: Sequence[UploadFile], dataset: Dataset) -> None:
    """Raises FoldersAsked where photos lie in several folders, or in one that is called like a class."""
    folders = sorted({file.parts[-2] for file in files if len(file.parts) > 1})
    classes = {name.casefold() for name in dataset.class_names}
    named = [name for name in folders if name.casefold() in classes]
    if not named and len({file.parts[:-1] for file in files}) < 2:
        return
    what = (
        f"folders that are called like classes: {quoted_list(named)}" if named else f"folders: {quoted_list(folders)}"
    )
    raise FoldersAsked(
        f"The photos lie in {what}. If the folders are classes, import the upload as the next version of "
        f"{quoted(dataset.name)}. If they mean nothing, add the photos without a class."
    )


def _assembled(
    decoded: DecodedFiles,
    dataset: Dataset,
    known: Mapping[str, str],
    left_out: LeftOut,
    refused: Sequence[Rejection],
    tracker: ProgressTracker,
) -> PoolPart:
    """Without copies of each other, of photos that are here already, and of what ``left_out`` finds."""
    bits = dataset.grey_bits
    if bits not in (None, FULL_GREY) and any(one.grey_max is not None for one in decoded.decoded):
        decoded.scale_grey(bits)
    tracker.report("Comparing photos")
    rejections = [*refused, *decoded.rejections]
    kept: dict[str, UnlabelledPhoto] = {}
    for one in decoded.decoded:
        file = decoded.files[one.index].name
        if reason := _unusable(one, dataset, known, kept):
            rejections.append(Rejection(file=file, reason=reason))
        else:
            kept[one.pixels] = _photo(one, file)
    if not kept:
        raise InvalidInput(_nothing_new(rejections))
    reasons = left_out(decoded.folder, list(kept.values()))
    rejections += [
        Rejection(file=one.file, reason=reasons[one.digest]) for one in kept.values() if one.digest in reasons
    ]
    photos = sorted((one for one in kept.values() if one.digest not in reasons), key=lambda one: (one.file, one.digest))
    if not photos:
        raise InvalidInput(_nothing_new(rejections))
    rejections.sort(key=lambda one: one.file)
    return PoolPart(folder=decoded.folder, photos=tuple(photos), rejections=tuple(rejections))


def _unusable(one: Decoded, dataset: Dataset, known: Mapping[str, str], kept: Mapping[str, UnlabelledPhoto]) -> str:
    """Why a decoded photo is left out, as a sentence fragment; else ""."""
    if here := known.get(one.digest) or known.get(one.pixels):
        return f"is a copy of {here}, which is here already"
    if one.pixels in kept:
        return f"is a copy of {kept[one.pixels].file}, which is kept"
    if one.grey_max is not None and dataset.grey_bits is None:
        return "is 16-bit grey, and no photo of the dataset is, so its scale is not known; save it with 8 bits"
    return ""


def _photo(one: Decoded, file: str) -> UnlabelledPhoto:
    size = {"width": one.width, "height": one.height, "stored_bytes": one.stored_bytes}
    return UnlabelledPhoto(digest=one.digest, file=file, **size)


def _nothing_new(rejections: Sequence[Rejection]) -> str:
    kinds = Counter("copy of" in one.reason for one in rejections)
    if kinds[False]:
        return none_usable(rejections)
    return (
        f"Nothing was added: {count(len(rejections), 'photo')} received, each a copy or near-copy of one that is here "
        f"already. {quoted(rejections[0].file)} {rejections[0].reason}."
    )


def _store(draft: PoolFolder, part: PoolPart) -> None:
    """Write the record and delete decoded photos that were left out."""
    names = {f"{photo.digest}.jpg" for photo in part.photos}
    for file in draft.photos.iterdir():
        if file.name not in names:
            file.unlink()
    content = {"photos": [asdict(one) for one in part.photos], "rejections": [asdict(one) for one in part.rejections]}
    draft.record.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
