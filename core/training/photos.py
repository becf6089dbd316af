"""The photos of a dataset, by split."""

from core.datasets.values import SPLITS, Dataset, Photo
from core.errors import InvalidInput
from core.registry import Registry


def photos_by_split(registry: Registry, dataset: Dataset) -> dict[str, list[Photo]]:
    """All photos of the dataset by split.

    Raises:
        InvalidInput: a split is empty.
    """
    photos = {split: registry.photos(dataset.id, split=split) for split in SPLITS}
    for split, found in photos.items():
        if not found:
            raise InvalidInput(
                f"Dataset {dataset.name} has no {split} photos, and a run needs some of each split. "
                "Import it again with more photos per class."
            )
    return photos
