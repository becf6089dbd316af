"""Datasets and photos in the registry."""

from dataclasses import replace

import pytest

from core.datasets.values import Photo, UnlabelledPhoto
from core.errors import Conflict, InvalidInput, NotFound
from core.runs.values import Status
from tests.factories import fill, make_dataset, make_photos, make_run


def add(registry, **changes):
    dataset = make_dataset(**changes)
    registry.add_dataset(dataset, make_photos())
    return dataset


def test_a_dataset_comes_back_as_it_was_given(registry):
    dataset = add(registry)
    assert registry.dataset(dataset.id) == dataset


def test_photos_come_back_as_they_were_given_by_split_then_class_then_digest(registry):
    add(registry)
    order = {"train": 0, "validation": 1, "test": 2}
    expected = sorted(make_photos(), key=lambda p: (order[p.split], p.class_name, p.digest))
    assert registry.photos("d-flowers1") == expected


def test_photos_can_be_asked_for_by_split_class_and_page(registry):
    add(registry)
    of_class = registry.photos("d-flowers1", split="train", class_name="rose")
    assert {(p.split, p.class_name) for p in of_class} == {("train", "rose")}
    assert registry.photos("d-flowers1", split="train", class_name="rose", limit=5, offset=3) == of_class[3:8]
    assert registry.photos("d-flowers1", split="train", class_name="rose", offset=3) == of_class[3:]


def test_a_photo_is_found_by_the_beginning_of_its_digest(registry):
    dataset = add(registry)
    photo = registry.photos(dataset.id)[2]
    assert registry.photo(dataset.id, photo.digest) == registry.photo(dataset.id, photo.digest[:8]) == photo
    for wrong in ("", photo.digest[:7], "%" * 8, "0" * 64, photo.digest + "0"):
        with pytest.raises(NotFound, match="has no photo with the digest"):
            registry.photo(dataset.id, wrong)


def test_names_may_be_anything_a_person_can_type(registry):
    name = "<b>'\"; DROP TABLE runs; --\u202e🌷\n"
    dataset = add(registry, name=name)
    assert registry.dataset(name) == dataset
    assert registry.datasets()[0].name == name


def test_a_name_means_its_newest_version(registry):
    first = add(registry, id="d-1", version=1, created_at=20.0)
    second = add(registry, id="d-2", version=2, created_at=10.0)
    assert registry.dataset("flowers") == second
    assert registry.dataset("flowers:1") == first
    assert registry.dataset("flowers:2") == second


def test_an_id_goes_before_a_name_and_a_name_with_a_colon_before_a_version(registry):
    by_id = add(registry, id="d-1", name="a")
    add(registry, id="d-2", name="d-1")
    with_colon = add(registry, id="d-3", name="a:1")
    assert registry.dataset("d-1") == by_id
    assert registry.dataset("a:1") == with_colon


@pytest.mark.parametrize("ref", ["", "d-none", "flowers:2", "flowers:", ":1", "flowers:99999999999999999999", "../etc"])
def test_an_unknown_dataset_is_named_in_one_sentence(registry, ref):
    add(registry)
    with pytest.raises(NotFound, match="There is no dataset") as caught:
        registry.dataset(ref)
    assert repr(ref) in str(caught.value)


def test_text_that_no_file_can_hold_is_refused_in_one_sentence(registry):
    with pytest.raises(InvalidInput, match="valid Unicode"):
        registry.dataset("\udcff")
    with pytest.raises(InvalidInput, match="too large"):
        registry.photos("d", limit=2**70)


def test_versions_count_up_per_name(registry):
    assert registry.next_version("flowers") == 1
    add(registry, version=1)
    assert registry.next_version("flowers") == 2
    assert registry.next_version("birds") == 1


def test_the_same_content_is_found_by_its_digest(registry):
    assert registry.find_dataset(make_dataset().digest) is None
    dataset = add(registry)
    assert registry.find_dataset(dataset.digest) == dataset


def test_newest_datasets_come_first(registry):
    for number, created_at in enumerate([5.0, 9.0, 9.0, 1.0]):
        add(registry, id=f"d-{number}", version=number + 1, created_at=created_at)
    assert [dataset.id for dataset in registry.datasets()] == ["d-2", "d-1", "d-0", "d-3"]


def test_a_version_can_be_taken_only_once(registry):
    add(registry)
    with pytest.raises(Conflict, match="'flowers' version 1"):
        add(registry, id="d-another")
    assert len(registry.datasets()) == 1


def test_a_photo_is_in_a_dataset_only_once_and_then_nothing_is_added(registry):
    photos = make_photos()
    with pytest.raises(Conflict, match="A photo is twice"):
        registry.add_dataset(make_dataset(), [*photos, replace(photos[0], split="test")])
    assert registry.datasets() == []


def test_a_photo_cannot_be_in_an_unknown_split(registry):
    odd = replace(make_photos()[0], split="holdout")
    with pytest.raises(Conflict):
        registry.add_dataset(make_dataset(), [odd])
    assert registry.datasets() == []


def test_the_same_photo_may_be_in_two_datasets(registry):
    add(registry)
    add(registry, id="d-2", version=2)
    assert registry.photos("d-flowers1") == registry.photos("d-2")
    registry.delete_dataset("d-2")
    assert len(registry.photos("d-flowers1")) == len(make_photos())


def test_deleting_a_dataset_deletes_its_runs_and_all_they_left(registry):
    filled = fill(registry)
    other = fill(registry)
    for run in filled.with_status(Status.RUNNING):
        registry.end(run.id, run.attempt, Status.KILLED)
    registry.delete_dataset(filled.dataset.id)
    assert registry.datasets() == [other.dataset]
    assert registry.photos(filled.dataset.id) == []
    assert registry.runs() == list(reversed(other.runs))
    assert {model.dataset_id for model in registry.models()} == {other.dataset.id}
    for run in filled.runs:
        assert (registry.epochs(run.id), registry.attempts(run.id), registry.evaluation(run.id)) == ([], [], None)
    assert registry.costs([run.id for run in filled.runs]) == {}
    assert registry.integrity_check() == "ok"


def test_a_dataset_in_use_by_a_running_run_is_not_deleted(registry):
    filled = fill(registry)
    (running,) = filled.with_status(Status.RUNNING)
    with pytest.raises(Conflict, match=running.id):
        registry.delete_dataset(filled.dataset.id)
    assert len(registry.runs()) == 6


def test_deleting_an_unknown_dataset_is_told(registry):
    with pytest.raises(NotFound, match="'d-none'"):
        registry.delete_dataset("d-none")


def test_a_dataset_of_ten_thousand_photos_is_stored_and_paged(registry):
    photos = [
        Photo(
            digest=f"{number:064x}", file=f"{number}.jpg", class_name="rose" if number % 2 else "daisy",
            split="train", width=10, height=20, stored_bytes=30,
        )
        for number in range(10_000)
    ]  # fmt: skip
    registry.add_dataset(make_dataset(photos), photos)
    assert len(registry.photos("d-flowers1")) == 10_000
    assert registry.photos("d-flowers1", class_name="rose", limit=1, offset=4999)[0].digest == f"{9999:064x}"


def test_a_run_needs_a_dataset_that_is_there(registry):
    with pytest.raises(NotFound, match="There is no dataset 'd-flowers1'"):
        registry.add_run(make_run())


def test_unlabelled_photos_are_kept_apart_paged_and_deleted_with_their_dataset(registry):
    dataset = make_dataset(unlabelled=5)
    aside = [
        UnlabelledPhoto(digest=str(number) * 64, file=f"test/{9 - number}.jpg", width=3, height=2, stored_bytes=9)
        for number in range(5)
    ]
    registry.add_dataset(dataset, make_photos(), aside)
    assert registry.dataset(dataset.id).unlabelled == 5
    assert len(registry.photos(dataset.id)) == len(make_photos())
    in_order = list(reversed(aside))
    assert registry.unlabelled_photos(dataset.id) == in_order
    assert registry.unlabelled_photos(dataset.id, limit=2, offset=2) == in_order[2:4]
    registry.delete_dataset(dataset.id)
    assert registry.unlabelled_photos(dataset.id) == []


def test_a_dataset_of_an_earlier_version_has_photos_whose_pixels_are_unknown(registry):
    photos = make_photos()
    registry.add_dataset(make_dataset(), [replace(photo, pixels=photo.digest) for photo in photos])
    assert registry.has_recorded_pixels("d-flowers1")
    registry.add_dataset(
        make_dataset(id="d-2", name="older", digest="2" * 64), [replace(p, pixels=None) for p in photos]
    )
    assert not registry.has_recorded_pixels("d-2")
