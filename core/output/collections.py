"""Collections as JSON: ``core collections``."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict

from core.curation.collection import PhotoFilter, filter_of
from core.datasets.values import SPLITS, Dataset, Photo
from core.output.datasets import dataset_row
from core.workbench import Workbench


def collections_json(bench: Workbench) -> dict:
    """All collections, the newest first."""
    datasets = bench.registry.datasets()
    return {"collections": [collection_json(bench, one) for one in datasets if filter_of(one, bench.settings)]}


def collection_json(bench: Workbench, made: Dataset) -> dict:
    """A dataset, and of which one it is a part by which filter; null where it was made otherwise."""
    chosen = filter_of(made, bench.settings)
    about = {"filter": None if chosen is None else asdict(chosen), "part_of": made.notes[-1] if chosen else ""}
    return dataset_row(bench, made) | about


def planned_json(dataset: Dataset, chosen: PhotoFilter, photos: Sequence[Photo]) -> dict:
    """What a collection would have."""
    splits = Counter(photo.split for photo in photos)
    return {
        "part_of": dataset.id,
        "filter": asdict(chosen),
        "classes": dict(sorted(Counter(photo.class_name for photo in photos).items())),
        "splits": {split: splits[split] for split in SPLITS},
    }
