"""What is in a bundle, and what is not."""

import json
import zipfile

import pytest

from core.errors import Unavailable
from core.exports import bundle
from core.files.home import run_folder


def content(path) -> tuple[dict, list[str]]:
    with zipfile.ZipFile(path) as archive:
        return json.loads(archive.read("manifest.json")), archive.namelist()


def test_a_bundle_has_the_model_its_predictions_and_the_sha256_of_each(bundled, run, registry):
    manifest, names = content(bundled)
    assert set(names) == {
        "manifest.json", "model/card.json", "model/model.keras", "model/prefix.tflite", "model/head.npz",
        "validation.npz", "test.npz",
    }  # fmt: skip
    assert set(manifest["files"]) == set(names) - {"manifest.json"}
    assert manifest["files"]["model/model.keras"]["sha256"] == registry.model(run.id).sha256
    assert (manifest["kind"], manifest["version"], manifest["run"]["id"]) == ("graft-bundle", 1, run.id)


def test_a_bundle_has_neither_photos_nor_their_file_names(bundled, run, registry):
    manifest, _ = content(bundled)
    photos = registry.photos(run.dataset_id)
    assert [one["digest"] for one in manifest["photos"]] == [photo.digest for photo in photos]
    assert {one["file"] for one in manifest["photos"]}.isdisjoint(photo.file for photo in photos)
    assert manifest["dataset"]["notes"] == [bundle.NO_PHOTOS]


def test_a_damaged_model_is_not_packed(run, registry, settings, tmp_path):
    (run_folder(settings, run.id).model / "head.npz").write_bytes(b"other")
    with pytest.raises(Unavailable, match=r"head\.npz of the model of run .* was changed or damaged"):
        bundle.write_bundle(tmp_path / "bundle.zip", run, registry.model(run.id), registry, settings)
    assert not (tmp_path / "bundle.zip").exists()
