"""The manifest holds the whole dataset; the digest says which content it has."""

import json

import pytest

from core.datasets.manifest import dataset_digest, read_manifest, read_unlabelled
from core.datasets.values import UnlabelledPhoto
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


def test_unlabelled_photos_are_part_of_the_digest_only_where_there_are_any(zipped, home):
    dataset, photos = imported(zipped(classes(cat=5, dog=5)), home)
    assert dataset_digest(photos) == dataset_digest(photos, ()) == dataset.digest
    aside = [UnlabelledPhoto(digest=digest * 64, file=digest, width=1, height=1, stored_bytes=1) for digest in "ab"]
    assert dataset_digest(photos, aside) == dataset_digest(photos, reversed(aside))
    assert len({dataset_digest(photos, some) for some in ((), aside[:1], aside[1:], aside)}) == 4


def test_a_manifest_of_an_older_version_has_no_unlabelled_photos(zipped, home):
    found = imported(zipped(classes(cat=4, dog=4)), home)
    file = dataset_folder(home, "d-1").path / "manifest.json"
    content = json.loads(file.read_text())
    del content["unlabelled"], content["dataset"]["unlabelled"]
    file.write_text(json.dumps(content))
    assert read_manifest(file.parent) == found and read_unlabelled(file.parent) == ()
