"""A whole check of a dataset."""

import numpy as np
import pytest

from core.curation import checking
from core.curation.checking import check_dataset, find, read_findings
from core.curation.folds import unit_rows
from core.curation.inputs import PhotoFeatures
from core.curation.pictures import read_pictures
from core.curation.values import METHOD
from core.errors import Cancelled, NotFound, Unavailable
from core.files.home import dataset_folder
from tests.core.curation.conftest import clustered, quiet
from tests.factories import make_dataset, make_photos


def checked(dataset, registry, settings, report=quiet):
    return check_dataset(dataset, registry=registry, settings=settings, report=report)


def test_a_wrong_label_is_found_with_what_it_rests_on(dataset, registry, settings, store):
    wrong = registry.photos(dataset.id, class_name="rose")[3]
    store(dataset, clustered(dataset, {wrong.digest: "tulip"}))
    found = checked(dataset, registry, settings)
    (label,) = found.labels
    assert (label.digest, label.class_name, label.suggested) == (wrong.digest, "rose", "tulip")
    assert label.confidence > 0.5 > label.given
    assert {one.class_name for one in label.nearest} == {"tulip"} and len(label.nearest) == 8
    assert next(iter(label.probabilities)) == "tulip"
    assert found.accuracy > 0.9 and found.title == "EfficientNet-Lite0"


def test_what_was_found_is_stored_and_not_found_again(dataset, registry, settings, store, monkeypatch):
    store(dataset, clustered(dataset))
    found = checked(dataset, registry, settings)
    assert read_findings(dataset, settings) == found
    monkeypatch.setattr(checking, "features_for", None)
    assert checked(dataset, registry, settings) == found


def test_damaged_findings_are_found_again(dataset, registry, settings, store):
    store(dataset, clustered(dataset))
    path = dataset_folder(settings, dataset.id).findings(METHOD)
    for text in ("", "{}", '{"labels": 1}', "[1"):
        path.write_text(text)
        assert read_findings(dataset, settings) is None
    checked(dataset, registry, settings)
    assert read_findings(dataset, settings)


def test_copies_across_splits_are_leaks(dataset, registry, settings, store):
    train, test = (registry.photos(dataset.id, split=split)[0] for split in ("train", "test"))
    folder = dataset_folder(settings, dataset.id)
    folder.photo(test.digest).write_bytes(folder.photo(train.digest).read_bytes())
    row = clustered(dataset)
    near = {photo.digest: row(photo) for photo in registry.photos(dataset.id)}
    near[test.digest] = near[train.digest]
    rows = unit_rows(np.array([near[photo.digest] for photo in registry.photos(dataset.id)]))
    photos = tuple(registry.photos(dataset.id))
    inputs = PhotoFeatures(photos=photos, backbone=None, rows=rows)
    found = find(dataset, inputs, read_pictures([folder.photo(photo.digest) for photo in photos]), quiet)
    group = next(group for group in found.copies if group.is_leak)
    assert {train.digest, test.digest} <= {photo.digest for photo in group.photos}
    assert test.digest in found.leaked and found.copies[0].is_leak


def test_a_class_without_features_is_told(dataset, registry, settings, store):
    row = clustered(dataset)
    store(dataset, lambda photo: np.zeros(32) if photo.class_name == "rose" else row(photo))
    found = checked(dataset, registry, settings)
    assert found.notes == ("20 photos of rose had no usable features: their labels were not checked.",)
    assert "rose" not in {one.class_name for one in found.labels}


def test_without_features_copies_and_odd_photos_are_found(dataset, registry, settings, monkeypatch):
    def refuse(*_, **__):
        raise Unavailable("There is no network.")

    monkeypatch.setattr("core.curation.inputs.features_of", refuse)
    found = checked(dataset, registry, settings)
    assert found.notes == ("Labels were not checked: There is no network.",)
    assert found.labels == () and found.accuracy is None and found.backbone == ""


def test_where_features_say_nothing_about_the_classes_no_label_is_called_wrong(dataset, registry, settings, store):
    store(dataset, lambda photo: np.random.default_rng(int(photo.digest[:8], 16)).normal(size=32))
    found = checked(dataset, registry, settings)
    assert found.labels == () and found.accuracy < 0.5
    assert found.notes[0].startswith("Labels were not checked: the linear head names the given class of ")
    assert found.notes[0].endswith("no more than guessing would, so no suggestion of it can be trusted.")


@pytest.mark.parametrize(
    ("right", "photos", "shares", "better"), [(45, 50, 2, True), (29, 50, 2, False), (9, 90, 30, True)]
)
def test_guessing_names_as_many_classes_as_there_are_photos_of_each(right, photos, shares, better):
    named = np.arange(photos) < right
    assert checking.better_than_guessing(named, np.arange(photos) % shares) is better


def test_everything_is_a_copy(settings):
    """One class of near-copies only: its labels cannot be checked, and that is said."""
    photos = make_photos(("a", "b"), 6)
    dataset = make_dataset(photos)
    from core.curation.pictures import picture_of
    from tests.core.curation.test_alignment import noise

    pictures = [picture_of(noise(0 if photo.class_name == "a" else 1)) for photo in photos]
    rows = unit_rows(np.array([[1, 0.0] if photo.class_name == "a" else [0.0, 1] for photo in photos]))
    found = find(dataset, PhotoFeatures(photos=photos, backbone=None, rows=rows), pictures, quiet)
    assert [len(group.photos) for group in found.copies] == [6, 6] and found.labels == ()
    assert found.notes == (
        "The labels of 12 photos were not checked: a and b have no other photo that is not a near-copy.",
    )


def test_a_thousand_classes_of_two_photos_without_test_photos(settings):
    from core.curation.pictures import picture_of
    from tests.core.curation.test_alignment import noise

    photos = make_photos(tuple(f"c{number:04}" for number in range(1000)), 2)
    photos = [photo for photo in photos if photo.split != "test"]
    dataset = make_dataset(tuple(photos))
    pictures = [picture_of(noise(0))] * 1  # one picture is enough: they differ by nothing that matters here
    rows = unit_rows(np.random.default_rng(0).normal(size=(len(photos), 16)))
    pictures = [pictures[0]] * len(photos)
    found = find(dataset, PhotoFeatures(photos=tuple(photos), backbone=None, rows=rows), pictures, quiet)
    assert found.leaked == frozenset()


def test_it_can_be_stopped_and_stores_nothing(dataset, registry, settings, store):
    store(dataset, clustered(dataset))

    def stop(stage, done, total):
        if stage == "Reading photos":
            raise Cancelled("The check was cancelled.")

    with pytest.raises(Cancelled):
        checked(dataset, registry, settings, stop)
    assert read_findings(dataset, settings) is None


def test_a_dataset_without_photos_is_refused(dataset, registry, settings):
    for path in dataset_folder(settings, dataset.id).photos.iterdir():
        path.unlink()
    with pytest.raises(NotFound, match="came with a model"):
        checked(dataset, registry, settings)
