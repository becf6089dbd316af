"""Imports small uploads into a new home."""

import os
from pathlib import Path

import pytest

from core.datasets import import_photos
from core.errors import InvalidInput, Refused
from core.files.home import datasets_folder
from core.settings import Settings
from tests.photo_files import classes


def imported(source: Path, home: Settings, dataset_id: str = "d-1", **options):
    return import_photos(source, settings=home, dataset_id=dataset_id, **options)


def refusal(source: Path, home: Settings, **options) -> str:
    """The error's sentence; checks that nothing was stored."""
    with pytest.raises((InvalidInput, Refused)) as caught:
        imported(source, home, **options)
    assert leftovers(home) == []
    text = str(caught.value)
    assert "\n" not in text
    return text


def leftovers(home: Settings) -> list[str]:
    return sorted(os.listdir(datasets_folder(home))) if datasets_folder(home).exists() else []


def reasons(dataset) -> dict[str, str]:
    return {rejection.file: rejection.reason for rejection in dataset.rejections}


def splits(photos) -> dict[str, str]:
    return {photo.digest: photo.split for photo in photos}


def given_split(train: int = 5, **extra: int) -> dict[str, bytes]:
    files = classes("train/", cat=train, dog=train)
    for number, (split, count) in enumerate(extra.items(), 1):
        files |= classes(f"{split}/", first=1000 * number, cat=count, dog=count)
    return files
