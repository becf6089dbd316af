"""A shortlist as JSON and as sentences."""

from dataclasses import replace

import pytest

from core.advising.background import AdviceState
from core.output.shortlists import neighbours_sentence, shortlist_json, shortlist_sentence
from tests.core.advising.test_values import make_shortlist
from tests.factories import fill


@pytest.fixture
def dataset(registry):
    return fill(registry, runs=0).dataset


def test_without_one_it_says_so(registry, dataset):
    found = shortlist_json(dataset, registry)
    assert found["shortlist"] is None and found["regret"] is None
    assert found["summary"] == "There is no shortlist yet."


def test_the_newest_one_with_its_regret_and_the_state(registry, dataset):
    registry.add_shortlist(dataset.id, {}, make_shortlist(dataset.id).to_json(), 1.0)
    found = shortlist_json(dataset, registry, AdviceState(state="running"))
    assert (found["state"], found["who"], found["dataset"]) == ("running", "local", dataset.id)
    assert found["shortlist"]["candidates"][0]["name"] == "Lite1"
    assert "not known" in found["regret"]["verdict"]


def test_it_says_what_to_train_in_which_order():
    assert shortlist_sentence(make_shortlist()) == "Train these 2, in this order, about 1 min: Lite1 and Lite2."
    one = make_shortlist(candidates=make_shortlist().candidates[:1])
    assert shortlist_sentence(one) == "Train this one, about 1 min: Lite1."


def test_too_few_photos_are_said_to_be_too_few():
    candidates = tuple(replace(one, same=True, validation=3) for one in make_shortlist().candidates)
    sentence = shortlist_sentence(make_shortlist(too_few=True, candidates=candidates))
    assert sentence.startswith("Too few photos to tell: on 3 validation photos no recipe is distinguishable")


def test_what_the_nearest_photos_say():
    assert "60 % (50–70) of 100 validation photos" in neighbours_sentence(make_shortlist())
    assert neighbours_sentence(make_shortlist(neighbours=None)) == ""
