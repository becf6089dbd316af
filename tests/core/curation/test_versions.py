"""New versions by decisions."""

import json

import pytest

from core.curation.decisions import PhotoAction, decide, decisions_on
from core.curation.versions import apply_decisions
from core.datasets.manifest import read_manifest
from core.errors import InvalidInput
from core.files.home import dataset_folder


@pytest.fixture
def photos(dataset, registry):
    return registry.photos(dataset.id)


@pytest.fixture
def say(dataset, registry, settings):
    def say(photos, action, target=""):
        decide(dataset, [one.digest for one in photos], action, target, registry=registry, settings=settings)

    return say


@pytest.fixture
def apply(dataset, registry, settings):
    return lambda: apply_decisions(dataset, registry=registry, settings=settings)


def test_changed_photos_change_and_all_others_keep_class_and_split(dataset, registry, settings, photos, say, apply):
    wrong, gone, leak, kept = photos[0], photos[5], next(p for p in photos if p.split == "test"), photos[9]
    say([wrong], PhotoAction.RELABEL, "tulip")
    say([gone], PhotoAction.EXCLUDE)
    say([leak], PhotoAction.MOVE, "train")
    say([kept], PhotoAction.KEEP)
    made = apply()
    assert (made.name, made.version) == (dataset.name, 2)
    after = {photo.digest: photo for photo in registry.photos(made.id)}
    before = {photo.digest: photo for photo in photos}
    assert after[wrong.digest].class_name == "tulip" and after[wrong.digest].split == wrong.split
    assert gone.digest not in after and after[leak.digest].split == "train"
    untouched = set(before) - {wrong.digest, gone.digest, leak.digest}
    assert {digest: after[digest] for digest in untouched} == {digest: before[digest] for digest in untouched}
    assert made.photo_count == dataset.photo_count - 1
    for digest in after:
        stored = dataset_folder(settings, made.id).photo(digest)
        assert stored.read_bytes() == dataset_folder(settings, dataset.id).photo(digest).read_bytes()
    assert not dataset_folder(settings, made.id).photo(gone.digest).exists()


def test_the_version_before_stays_and_the_lineage_is_told(dataset, registry, settings, photos, say, apply):
    say(photos[:2], PhotoAction.EXCLUDE)
    made = apply()
    assert registry.photos(dataset.id) == photos and registry.dataset(dataset.id) == dataset
    note = f"Made from version 1 ({dataset.id}): 2 photos excluded. All other photos keep class and split."
    assert made.notes[-1] == note and registry.dataset(made.id).notes[-1] == note
    lineage = json.loads(dataset_folder(settings, made.id).lineage.read_text())
    assert lineage["dataset"] == dataset.id and len(lineage["decisions"]) == 2
    assert decisions_on(dataset, settings) == ()
    stored, own = read_manifest(dataset_folder(settings, made.id).path)
    assert stored.digest == made.digest and len(own) == 78


def test_what_was_decided_is_not_asked_again_on_the_new_version(dataset, settings, photos, say, apply):
    kept, wrong, leak, gone = photos[0], photos[1], next(p for p in photos if p.split == "test"), photos[2]
    say([kept], PhotoAction.KEEP)
    say([wrong], PhotoAction.RELABEL, "tulip")
    say([leak], PhotoAction.MOVE, "train")
    say([gone], PhotoAction.EXCLUDE)
    made = apply()
    there = decisions_on(made, settings)
    assert {one.digest for one in there} == {kept.digest, wrong.digest, leak.digest}
    assert {(one.action, one.target) for one in there} == {(PhotoAction.KEEP, "")}
    (stays,) = decisions_on(dataset, settings)
    assert (stays.digest, stays.action) == (kept.digest, PhotoAction.KEEP)


def test_of_two_people_who_make_a_version_at_once_one_makes_it(dataset, registry, photos, say, apply):
    say(photos[:2], PhotoAction.EXCLUDE)
    apply()
    with pytest.raises(InvalidInput, match=r"nothing to make a version of\. Version 2 of flowers is there already"):
        apply()
    assert [one.version for one in registry.datasets()] == [2, 1]


def test_without_changes_there_is_no_version(dataset, registry, photos, say, apply):
    for action, target in ((PhotoAction.KEEP, ""), (PhotoAction.RELABEL, photos[0].class_name)):
        say([photos[0]], action, target)
        with pytest.raises(InvalidInput, match=r"No photo was labelled, relabelled.* to make a version of\.$"):
            apply()
    assert len(registry.datasets()) == 1


def test_a_class_without_training_photos_is_refused_and_nothing_is_lost(
    dataset, registry, settings, photos, say, apply
):
    say([one for one in photos if one.class_name == "rose"], PhotoAction.EXCLUDE)
    with pytest.raises(InvalidInput, match="no training photo of 'rose'"):
        apply()
    assert len(registry.datasets()) == 1 and len(decisions_on(dataset, settings)) == 20


def test_the_photos_of_a_deleted_version_stay_in_the_other(bench, dataset, registry, settings, photos, say, apply):
    say(photos[:1], PhotoAction.EXCLUDE)
    made = apply()
    bench.delete_dataset(dataset.id)
    assert dataset_folder(settings, made.id).photo(photos[1].digest).exists()
