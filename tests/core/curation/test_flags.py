"""Which test photos can be left out, and in which words."""

import pytest

from core.curation.decisions import PhotoAction, decide
from core.curation.flags import Flag, FlaggedPhotos, flag_words, flagged_photos, flags_of
from core.errors import InvalidInput
from tests.findings import store_findings

SUSPECTS, LEAKS = Flag


@pytest.fixture
def test_photos(dataset, registry):
    return registry.photos(dataset.id, split="test")


def test_only_test_photos_are_flagged(dataset, registry, settings, test_photos):
    train = registry.photos(dataset.id, split="train")
    assert flagged_photos(dataset, settings) is None, "nobody has checked"
    copies = [(train[0], test_photos[1]), (test_photos[2], test_photos[3]), (train[1], train[2])]
    store_findings(dataset, settings, suspects=[train[5], test_photos[0]], copies=copies)
    found = flagged_photos(dataset, settings)
    assert found.suspects == {test_photos[0].digest}
    assert found.leaked == {test_photos[1].digest}, "copies within the test photos are no leak"
    assert found.left_out(Flag) == {test_photos[0].digest, test_photos[1].digest} and found.left_out(()) == frozenset()


def test_a_suspect_that_a_person_keeps_is_none_but_a_leak_stays_one(dataset, registry, settings, test_photos):
    train = registry.photos(dataset.id, split="train")
    store_findings(dataset, settings, suspects=test_photos[:2], copies=[(train[0], test_photos[2])])
    kept = [test_photos[0].digest, test_photos[2].digest]
    decide(dataset, kept, PhotoAction.KEEP, registry=registry, settings=settings)
    decide(dataset, [test_photos[1].digest], PhotoAction.EXCLUDE, registry=registry, settings=settings)
    found = flagged_photos(dataset, settings)
    assert found == FlaggedPhotos(
        suspects=frozenset([test_photos[1].digest]), leaked=frozenset([test_photos[2].digest])
    )


def test_flags_are_named_in_any_order_and_nothing_else_is():
    assert flags_of("leaks, suspects,leaks") == (SUSPECTS, LEAKS) and flags_of("") == ()
    with pytest.raises(InvalidInput, match="by suspects and leaks. Received: 'leak'"):
        flags_of("suspects,leak")


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ({SUSPECTS: 3, LEAKS: 1}, "3 suspect and 1 leaked test photo"),
        ({SUSPECTS: 1, LEAKS: 1200}, "1 suspect and 1,200 leaked test photos"),
        ({LEAKS: 2, SUSPECTS: 0}, "2 leaked test photos"),
        ({}, ""),
    ],
)
def test_flagged_photos_in_words(numbers, words):
    assert flag_words(numbers) == words
