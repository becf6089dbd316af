"""The mark of leaked test photos, on every page with accuracies."""

import pytest

from core.runs.values import Status
from tests.core.web.compare.conftest import bench, components_known, no_autodiscovery, settings, started
from tests.factories import fill
from tests.findings import store_findings
from tests.pages.conftest import text_of, visit

__all__ = ["bench", "components_known", "no_autodiscovery", "settings", "started"]

LEAK = "1 test photo has a near-copy in another split"


@pytest.fixture
def filled(bench):
    return fill(bench.registry, bench.settings, runs=9)


@pytest.fixture
def checked(bench, filled):
    train, test = (bench.registry.photos(filled.dataset.id, split=split) for split in ("train", "test"))
    return store_findings(filled.dataset, bench.settings, copies=[(train[0], test[2])])


def test_leaks_are_marked_once_on_every_page_with_accuracies(bench, filled, checked):
    run = filled.with_status(Status.FINISHED)[0]
    pages = (("overview", {}), ("runs", {}), ("runs", {"run": run.id}), ("models", {}), ("compare", {}))
    for name, query in pages:
        at = visit(name, **query)
        assert not at.exception
        assert text_of(at).count(LEAK) == 1, (name, query)


def test_train_says_that_nobody_has_looked_until_somebody_has(bench, filled, request):
    unseen = "Near-copies of test photos in other splits were not looked for."
    at = visit("train", dataset=filled.dataset.id)
    assert not at.exception and text_of(at).count(unseen) == 1
    request.getfixturevalue("checked")
    assert unseen not in text_of(visit("train", dataset=filled.dataset.id))
