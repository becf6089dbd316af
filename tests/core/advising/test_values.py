"""Shortlists as JSON."""

import json

import pytest

from core.advising.values import NeighbourScore, Shortlist, ShortlistCandidate, ShortlistQuestion, checked_question
from core.errors import InvalidInput


def make_candidate(place=None, **changes) -> ShortlistCandidate:
    values = {
        "name": "Lite0 · k",
        "backbone": "efficientnet_lite0",
        "title": "EfficientNet-Lite0",
        "pattern": "standalone_extractor",
        "size": 0,
        "depth": 0,
        "top1": 0.751,
        "parameters": 3_000_000,
        "accuracy": 0.9,
        "low": 0.85,
        "high": 0.94,
        "photos": 128,
        "validation": 128,
        "round": 1,
        "same": True,
        "minutes": 0.5,
        "place": place,
    }
    return ShortlistCandidate(**values | changes)


def make_shortlist(dataset_id="d-flowers1", **changes) -> Shortlist:
    values = {
        "dataset_id": dataset_id,
        "question": ShortlistQuestion(minutes=5.0),
        "candidates": (
            make_candidate(1, name="Lite1", backbone="efficientnet_lite1", size=352, depth=1),
            make_candidate(2, name="Lite2", backbone="efficientnet_lite2", favourite=True),
            make_candidate(None, name="MobileNet", backbone="mobilenet_v1", same=False),
        ),
        "neighbours": NeighbourScore(
            title="SqueezeNet", size=227, accuracy=0.6, low=0.5, high=0.7, photos=128, validation=100, seconds=2.5
        ),
        "too_few": False,
        "by_published": (("efficientnet_lite2", "standalone_extractor", 0, 0),),
        "by_parameters": (("mobilenet_v1", "standalone_extractor", 0, 0),),
        "minutes": 1.0,
        "photos": 768,
        "seconds": 40.0,
        "notes": ("A note.",),
    }
    return Shortlist(**values | changes)


def test_a_shortlist_is_the_same_after_json():
    found = make_shortlist()
    assert Shortlist.from_json(json.loads(json.dumps(found.to_json()))) == found
    without = make_shortlist(neighbours=None)
    assert Shortlist.from_json(json.loads(json.dumps(without.to_json()))) == without


def test_named_are_those_with_a_place():
    assert [one.name for one in make_shortlist().named] == ["Lite1", "Lite2"]


@pytest.mark.parametrize("minutes", [0, -1, float("nan"), float("inf")])
def test_minutes_must_be_a_positive_number(minutes):
    with pytest.raises(InvalidInput, match="minutes must be a positive number"):
        checked_question(minutes)


def test_no_minutes_are_any_time():
    assert checked_question(None).minutes is None and checked_question(2.5).minutes == 2.5
