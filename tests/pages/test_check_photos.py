"""Check photos, on the page Datasets."""

from dataclasses import replace

import pytest

from core.curation.decisions import PhotoAction, decide, decisions_on, standing
from core.curation.values import METHOD, CopyGroup, Findings, GroupedPhoto, LabelError, OddPhoto
from core.files import atomic
from core.files.home import dataset_folder
from tests.factories import fill
from tests.pages.conftest import text_of, visit


@pytest.fixture
def dataset(bench):
    return fill(bench.registry, bench.settings, runs=0).dataset


@pytest.fixture
def photos(bench, dataset):
    return bench.registry.photos(dataset.id)


def grouped(photo):
    return GroupedPhoto(digest=photo.digest, file=photo.file, split=photo.split, class_name=photo.class_name)


@pytest.fixture
def found(bench, dataset, photos):
    """Two label errors, a leak and an odd photo, as a check would have stored them."""
    first, second, third, test = photos[0], photos[1], photos[2], photos[-1]
    label = LabelError(
        digest=first.digest,
        file=first.file,
        split=first.split,
        class_name=first.class_name,
        suggested="tulip",
        given=0.01,
        confidence=0.9,
        probabilities={"tulip": 0.9},
    )
    found = Findings(
        dataset_id=dataset.id,
        digest=dataset.digest,
        backbone="b",
        title="Lite0",
        accuracy=0.9,
        labels=(label, replace(label, digest=second.digest, file=second.file)),
        copies=(CopyGroup(photos=(grouped(third), grouped(test)), links=()),),
        odd=(OddPhoto(digest=third.digest, file=third.file, split="train", class_name="daisy", reasons={"dark": "1"}),),
        notes=(),
        at=1.0,
        seconds=1.0,
    )
    atomic.write_json(dataset_folder(bench.settings, dataset.id).findings(METHOD), found.to_json())
    return found


def open_view(dataset, kind="labels"):
    return visit("datasets", dataset=dataset.id, check=kind)


def decided(bench, dataset):
    return {digest: one.action for digest, one in standing(decisions_on(dataset, bench.settings)).items()}


def test_a_dataset_that_was_not_checked_offers_it(bench, dataset, monkeypatch):
    asked = []
    monkeypatch.setattr("core.web.datasets.check_panel.start_check", lambda one, **_: asked.append(one))
    at = visit("datasets", dataset=dataset.id)
    at.button(key="check.start").click().run()
    assert asked == [dataset.id] and not at.exception
    assert "have not been checked yet" in text_of(open_view(dataset))


def test_the_page_of_the_dataset_says_what_was_found(bench, dataset, found):
    at = visit("datasets", dataset=dataset.id)
    assert not at.exception
    text = text_of(at)
    assert "features of Lite0" in text and "90.0 %" in text


def test_leaks_are_told_on_datasets_and_train(bench, dataset, found):
    for at in (visit("datasets", dataset=dataset.id), visit("train", dataset=dataset.id)):
        assert "1 test photo has a near" in text_of(at) and not at.exception


def test_relabel_keep_and_undo(bench, dataset, photos, found):
    at = open_view(dataset)
    assert "the linear head predicts tulip" in text_of(at) and "4 items to decide on" in text_of(at)
    at.button(key="check.suggested").click().run()
    assert decided(bench, dataset) == {photos[0].digest: PhotoAction.RELABEL}
    assert "2 of 2" in text_of(at)
    at.button(key="check.keep").click().run()
    assert decided(bench, dataset)[photos[1].digest] is PhotoAction.KEEP
    at.button(key="check.undo").click().run()
    assert decided(bench, dataset) == {photos[0].digest: PhotoAction.RELABEL} and not at.exception


def test_undo_goes_back_to_the_photo_that_it_is_about(bench, dataset, photos, found):
    at = open_view(dataset)
    at.button(key="check.keep").click().run()
    assert "2 of 2" in text_of(at)
    at.button(key="check.undo").click().run()
    assert "1 of 2" in text_of(at) and decided(bench, dataset) == {} and not at.exception


def test_undo_opens_the_kind_that_the_photo_is_of(bench, dataset, photos, found):
    at = open_view(dataset)
    at.button(key="check.keep").click().run()
    at.segmented_control(key=f"check.kind.{dataset.id}").set_value("copies").run()
    assert "a leak" in text_of(at)
    at.button(key="check.undo").click().run()
    assert "the linear head predicts tulip" in text_of(at) and "1 of 2" in text_of(at) and not at.exception


def test_of_two_near_copies_the_second_can_be_kept(bench, dataset, photos, found):
    at = open_view(dataset, "copies")
    at.button(key="check.second").click().run()
    assert decided(bench, dataset) == {photos[2].digest: PhotoAction.EXCLUDE} and not at.exception


def test_a_leak_is_moved_to_one_side_and_a_version_is_made(bench, dataset, photos, found):
    at = open_view(dataset, "copies")
    assert "a leak" in text_of(at)
    at.button(key="check.move").click().run()
    assert "1 photo moved to another split" in text_of(at)
    at.button(key="check.apply").click().run()
    assert not at.exception
    newest = bench.registry.datasets()[0]
    assert newest.version == 2
    assert bench.registry.photo(newest.id, photos[-1].digest).split == "train"
    assert bench.registry.photo(dataset.id, photos[-1].digest).split == "test"


def test_odd_photos_can_be_excluded(bench, dataset, photos, found):
    at = open_view(dataset, "odd")
    assert "Dark" in text_of(at)
    at.button(key="check.exclude").click().run()
    assert decided(bench, dataset) == {photos[2].digest: PhotoAction.EXCLUDE}


def test_what_another_person_decided_is_shown(bench, dataset, photos, found):
    at = open_view(dataset)
    decide(dataset, [photos[0].digest], PhotoAction.EXCLUDE, registry=bench.registry, settings=bench.settings)
    at.button(key="check.next").click().run()
    at.button(key="check.previous").click().run()
    assert "excluded" in text_of(at)


@pytest.mark.parametrize("kind", ["nonsense", "../x"])
def test_an_unknown_view_shows_the_first(bench, dataset, found, kind):
    at = open_view(dataset, kind)
    assert not at.exception and "the linear head predicts tulip" in text_of(at)
