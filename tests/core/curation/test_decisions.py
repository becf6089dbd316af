"""Decisions of one and of several people."""

import threading

import pytest

from core.curation.decisions import PhotoAction, decide, decisions_on, standing, undo
from core.errors import Forbidden, InvalidInput, NotFound
from core.people.acting import Person, Role, acting_as


@pytest.fixture
def photos(dataset, registry):
    return registry.photos(dataset.id)


@pytest.fixture
def say(dataset, registry, settings):
    def say(digests, action, target=""):
        decide(dataset, digests, action, target, registry=registry, settings=settings)

    return say


def test_the_last_decision_on_a_photo_counts(dataset, settings, photos, say):
    say([photos[0].digest], PhotoAction.KEEP)
    say([photos[0].digest, photos[1].digest], PhotoAction.RELABEL, "tulip")
    found = standing(decisions_on(dataset, settings))
    assert {digest: (one.action, one.target) for digest, one in found.items()} == {
        photos[0].digest: ("relabel", "tulip"),
        photos[1].digest: ("relabel", "tulip"),
    }
    assert len(decisions_on(dataset, settings)) == 3


def test_a_class_that_does_not_exist_is_refused(dataset, settings, photos, say):
    with pytest.raises(InvalidInput, match="has no class 'tulp'. Did you mean 'tulip'"):
        say([photos[0].digest], PhotoAction.RELABEL, "tulp")
    with pytest.raises(InvalidInput, match="The split must be one of"):
        say([photos[0].digest], PhotoAction.MOVE, "holdout")
    with pytest.raises(NotFound):
        say(["0" * 64], PhotoAction.EXCLUDE)
    assert decisions_on(dataset, settings) == ()


def test_undo_takes_back_one_click(dataset, settings, photos, say, monkeypatch):
    times = iter([1.0] * 2 + [9.0] * 3)
    monkeypatch.setattr("core.curation.decisions.time.time", times.__next__)
    say([one.digest for one in photos[:2]], PhotoAction.EXCLUDE)
    say([one.digest for one in photos[2:5]], PhotoAction.EXCLUDE)
    assert undo(dataset, settings=settings).action is PhotoAction.EXCLUDE
    assert [one.digest for one in decisions_on(dataset, settings)] == [one.digest for one in photos[:2]]
    undo(dataset, settings=settings)
    assert decisions_on(dataset, settings) == () and undo(dataset, settings=settings) is None


def test_undo_leaves_the_decisions_of_others(dataset, settings, photos, say):
    with acting_as(Person(name="ann", role=Role.TRAINER)):
        say([photos[0].digest], PhotoAction.EXCLUDE)
    with acting_as(Person(name="bob", role=Role.TRAINER)):
        assert undo(dataset, settings=settings) is None
    (one,) = decisions_on(dataset, settings)
    assert one.by == "ann"


def test_two_people_at_once_lose_nothing(dataset, settings, registry, photos):
    def work(own):
        for photo in own:
            decide(dataset, [photo.digest], PhotoAction.KEEP, registry=registry, settings=settings)

    people = [threading.Thread(target=work, args=(photos[number::4],)) for number in range(4)]
    for one in people:
        one.start()
    for one in people:
        one.join()
    assert set(standing(decisions_on(dataset, settings))) == {photo.digest for photo in photos}


def test_a_viewer_decides_nothing(dataset, photos, say):
    with acting_as(Person(name="eve", role=Role.VIEWER)), pytest.raises(Forbidden, match="needs the role trainer"):
        say([photos[0].digest], PhotoAction.KEEP)


def test_a_deleted_dataset(dataset, settings, registry, photos, say):
    import shutil

    from core.files.home import dataset_folder

    shutil.rmtree(dataset_folder(settings, dataset.id).path)
    with pytest.raises(NotFound, match="may have been deleted"):
        say([photos[0].digest], PhotoAction.KEEP)
