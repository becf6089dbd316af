"""Collections: the part of the photos that meets a filter, with class and split as they were."""

import json
from collections import Counter

import pytest

from core.curation.collection import PhotoFilter, collected, filter_of, make_collection
from core.curation.decisions import PhotoAction, decide
from core.errors import Forbidden, InvalidInput
from core.files.home import dataset_folder
from core.people.acting import Person, Role, acting_as
from tests.findings import store_findings


@pytest.fixture
def photos(dataset, registry):
    return registry.photos(dataset.id)


@pytest.fixture
def make(dataset, registry, settings):
    def make(name="part", **chosen):
        return make_collection(dataset, name, PhotoFilter(**chosen), registry=registry, settings=settings)

    return make


@pytest.fixture
def collect(dataset, registry, settings):
    return lambda **chosen: collected(dataset, PhotoFilter(**chosen), registry=registry, settings=settings)


def test_the_photos_of_a_collection_keep_class_split_and_file(dataset, registry, settings, photos, make):
    made, new = make("two flowers", classes=("rose", "tulip"))
    assert new and (made.name, made.version, made.class_names) == ("two flowers", 1, ("rose", "tulip"))
    before = [photo for photo in photos if photo.class_name in ("rose", "tulip")]
    assert sorted(registry.photos(made.id), key=lambda one: one.digest) == sorted(before, key=lambda one: one.digest)
    for photo in before:
        stored, original = (dataset_folder(settings, one.id).photo(photo.digest) for one in (made, dataset))
        assert stored.stat().st_ino == original.stat().st_ino, "one file with two names"
    assert len(list(dataset_folder(settings, made.id).photos.iterdir())) == len(before)
    assert registry.photos(dataset.id) == photos and registry.dataset(dataset.id) == dataset


def test_a_disk_without_hard_links_gets_copies(dataset, registry, settings, make, monkeypatch):
    def refuse(*_):
        raise OSError("no links here")

    monkeypatch.setattr("core.curation.versions.os.link", refuse)
    made, _ = make(classes=("rose", "tulip"))
    digest = registry.photos(made.id)[0].digest
    stored, original = (dataset_folder(settings, one.id).photo(digest) for one in (made, dataset))
    assert stored.read_bytes() == original.read_bytes() and stored.stat().st_ino != original.stat().st_ino


def test_the_filter_and_its_source_are_stored_and_told(dataset, settings, make):
    made, _ = make(classes=("rose", "tulip"), most=10)
    lineage = json.loads(dataset_folder(settings, made.id).lineage.read_text())
    assert (lineage["dataset"], lineage["version"]) == (dataset.id, 1)
    assert filter_of(made, settings) == PhotoFilter(classes=("rose", "tulip"), most=10)
    assert filter_of(dataset, settings) is None
    assert made.notes == (
        f"Part of flowers version 1 ({dataset.id}): classes 'rose' and 'tulip'; at most 10 photos a class. "
        "Its photos keep class and split.",
    )


def test_at_most_so_many_photos_a_class_are_in_the_proportions_of_the_splits(photos, collect):
    found = collect(most=10)
    assert Counter(photo.class_name for photo in found) == dict.fromkeys(("daisy", "rose", "sunflower", "tulip"), 10)
    assert Counter(photo.split for photo in found if photo.class_name == "rose") == {
        "train": 7, "validation": 2, "test": 1,
    }  # fmt: skip
    assert collect(most=10) == found and set(found) < set(photos)


def test_files_are_chosen_by_pattern_in_any_case(photos, collect):
    found = collect(files="*1?.JPG")
    assert {photo.file.rpartition("/")[2][-6] for photo in found} == {"1"} and len(found) == 40


def test_small_photos_are_left_out(photos, collect):
    limit = sorted(min(photo.width, photo.height) for photo in photos)[8]
    found = collect(smallest=limit)
    assert set(found) == {photo for photo in photos if min(photo.width, photo.height) >= limit}


def test_what_a_check_found_is_left_out_unless_a_person_keeps_it(dataset, registry, settings, photos, collect):
    with pytest.raises(InvalidInput, match="have not been checked, .* core check flowers:1"):
        collect(without=("suspects",))
    store_findings(dataset, settings, suspects=photos[:3])
    decide(dataset, [photos[0].digest], PhotoAction.KEEP, registry=registry, settings=settings)
    assert set(photos) - set(collect(without=("suspects", "odd"))) == set(photos[1:3])


@pytest.mark.parametrize(
    ("chosen", "sentence"),
    [
        ({"classes": ("rose",)}, "needs two classes or more to tell apart. Received: 'rose' alone"),
        ({"classes": ("rose", "tulp")}, "has no class 'tulp'. Did you mean 'tulip'"),
        ({"files": "rose/*"}, "no training photo of 'daisy', 'sunflower' and 'tulip'"),
        ({"smallest": 10_000}, "no training photo of 'daisy', 'rose', 'sunflower' and 'tulip'"),
        ({}, "keeps all 80 photos of 'flowers'"),
        ({"most": 1}, "no validation and test photo"),
        ({"most": -1}, "cannot be below 0. Received: -1"),
        ({"without": ("leaks",)}, "can be without suspects and odd. Received: 'leaks'"),
    ],
)
def test_a_filter_that_leaves_too_little_is_refused_with_a_sentence(dataset, registry, make, chosen, sentence):
    with pytest.raises(InvalidInput) as refused:
        make(**chosen)
    assert sentence in str(refused.value)
    assert registry.datasets() == [dataset]


def test_the_same_photos_are_not_stored_twice(registry, make):
    made, _ = make(most=10)
    assert make("other", most=10) == (made, False) and len(registry.datasets()) == 2


def test_a_viewer_makes_none(make):
    with acting_as(Person(name="eve", role=Role.VIEWER)), pytest.raises(Forbidden, match="needs the role trainer"):
        make(most=10)
