"""Shortlists in the registry."""

import pytest

from core.errors import Forbidden, NotFound
from core.people.acting import Person, Role, acting_as
from core.registry import Registry
from tests.factories import make_dataset


def test_the_newest_shortlist_comes_first_with_who_asked_and_what_was_answered(registry: Registry):
    dataset = make_dataset()
    registry.add_dataset(dataset, ())
    with acting_as(Person(name="ada", role=Role.TRAINER)):
        first = registry.add_shortlist(dataset.id, {"minutes": 5}, {"candidates": [{"score": 0.5}]}, 3.25)
    second = registry.add_shortlist(dataset.id, {"minutes": None}, {"candidates": []}, 1.0)
    newest, oldest = registry.shortlists(dataset.id)
    assert (newest.number, oldest.number) == (second, first)
    assert oldest.question == {"minutes": 5} and oldest.answer == {"candidates": [{"score": 0.5}]}
    assert (oldest.who, oldest.seconds) == ("ada", 3.25) and oldest.created_at <= newest.created_at
    assert [one.number for one in registry.shortlists(dataset.id, limit=1)] == [second]


def test_a_shortlist_goes_with_its_dataset(registry: Registry):
    dataset = make_dataset()
    registry.add_dataset(dataset, ())
    registry.add_shortlist(dataset.id, {}, {}, 1.0)
    registry.delete_dataset(dataset.id)
    assert registry.shortlists(dataset.id) == []
    with pytest.raises(NotFound):
        registry.add_shortlist(dataset.id, {}, {}, 1.0)


def test_a_viewer_adds_none(registry: Registry):
    dataset = make_dataset()
    registry.add_dataset(dataset, ())
    with acting_as(Person(name="eve", role=Role.VIEWER)), pytest.raises(Forbidden):
        registry.add_shortlist(dataset.id, {}, {}, 1.0)
