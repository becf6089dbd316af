"""A part of the photos is collected on the page of the dataset."""

import pytest

from core.web.datasets.collection_panel import EXPANDER
from tests.core.web.compare.conftest import bench, components_known, no_autodiscovery, settings, started
from tests.factories import fill
from tests.findings import store_findings
from tests.pages.conftest import text_of, visit

__all__ = ["bench", "components_known", "no_autodiscovery", "settings", "started"]


@pytest.fixture
def dataset(bench):
    return fill(bench.registry, bench.settings, runs=0).dataset


@pytest.fixture
def opened(dataset):
    at = visit("datasets", dataset=dataset.id)
    at.session_state[EXPANDER] = True
    return at.run()


def test_two_classes_become_a_dataset_that_is_shown(bench, dataset, opened):
    at = opened
    assert not at.exception and not [one for one in at.button if one.key == "collection.make"]
    at.multiselect(key="collection.classes").set_value(["rose", "tulip"]).run()
    assert "It would have **40 photos** in 2 classes: 28 train, 6 validation and 6 test" in text_of(at)
    at.text_input(key=f"collection.name.{dataset.id}").set_value("two").run()
    at.button(key="collection.make").click().run()
    assert not at.exception
    made = bench.registry.dataset("two")
    assert made.class_names == ("rose", "tulip") and len(bench.registry.datasets()) == 2


def test_a_filter_that_leaves_too_little_is_a_sentence_and_no_button(opened):
    at = opened
    at.multiselect(key="collection.classes").set_value(["rose"]).run()
    assert "needs two classes or more" in at.warning[0].value and not at.exception
    assert not [one for one in at.button if one.key == "collection.make"]


def test_what_a_check_found_can_be_left_out_once_there_was_one(bench, dataset, opened):
    assert not [one for one in opened.get("button_group") if one.key == "collection.without"]
    store_findings(dataset, bench.settings, suspects=bench.registry.photos(dataset.id)[:3])
    at = opened.run()
    (pills,) = [one for one in at.get("button_group") if one.key == "collection.without"]
    pills.set_value(["suspects"]).run()
    assert "It would have **77 photos** in 4 classes" in text_of(at)
