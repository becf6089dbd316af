"""The manifest holds the whole dataset; the digest says which content it has."""

import pytest

from core.datasets.manifest import dataset_digest, read_manifest
from core.errors import NotFound
from core.files.home import dataset_folder
from tests.core.datasets.imports import imported
from tests.photo_files import classes


def test_the_registry_could_be_rebuilt_from_the_manifest(zipped, home):
    found = imported(zipped(classes(cat=4, dog=4) | {"cat/x.jpg": b"none"}), home)
    assert read_manifest(dataset_folder(home, "d-1").path) == found
    with pytest.raises(NotFound):
        read_manifest(dataset_folder(home, "d-2").path)


def test_the_digest_tells_content_classes_and_split_but_not_file_names(zipped, home):
    files = classes(cat=5, dog=5)
    dataset, photos = imported(zipped(files), home)
    renamed = {name.replace(".jpg", ".jpeg"): data for name, data in files.items()}
    assert imported(zipped(renamed), home, "d-2", name="other", version=2)[0].digest == dataset.digest
    assert imported(zipped(files), home, "d-3", seed=1)[0].digest != dataset.digest
    swapped = {name.replace("cat", "cow"): data for name, data in files.items()}
    assert imported(zipped(swapped), home, "d-4")[0].digest != dataset.digest
    assert dataset_digest(reversed(photos)) == dataset.digest
