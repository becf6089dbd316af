"""What a check found, as it is stored; for tests that need suspects and leaks and no check."""

from collections.abc import Iterable, Sequence

from core.curation.values import METHOD, CopyGroup, Findings, GroupedPhoto, LabelError
from core.datasets.values import Dataset, Photo
from core.files import atomic
from core.files.home import dataset_folder
from core.settings import Settings


def store_findings(
    dataset: Dataset,
    settings: Settings,
    *,
    suspects: Iterable[Photo] = (),
    copies: Iterable[Sequence[Photo]] = (),
) -> Findings:
    """Writes the findings of a check.

    Args:
        suspects: photos that probably have another class. copies: groups of near-copies.
    """
    found = Findings(
        dataset_id=dataset.id,
        digest=dataset.digest,
        backbone="b",
        title="Lite0",
        accuracy=0.9,
        labels=tuple(_label_error(photo, dataset) for photo in suspects),
        copies=tuple(CopyGroup(photos=tuple(map(_grouped, group)), links=()) for group in copies),
        odd=(),
        notes=(),
        at=1.0,
        seconds=1.0,
    )
    atomic.write_json(dataset_folder(settings, dataset.id).findings(METHOD), found.to_json())
    return found


def _label_error(photo: Photo, dataset: Dataset) -> LabelError:
    other = next(name for name in dataset.class_names if name != photo.class_name)
    return LabelError(
        digest=photo.digest,
        file=photo.file,
        split=photo.split,
        class_name=photo.class_name,
        suggested=other,
        given=0.01,
        confidence=0.9,
        probabilities={other: 0.9},
    )


def _grouped(photo: Photo) -> GroupedPhoto:
    return GroupedPhoto(digest=photo.digest, file=photo.file, split=photo.split, class_name=photo.class_name)
