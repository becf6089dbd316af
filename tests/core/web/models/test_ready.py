"""The models that can predict, and their order."""

import pytest

from core.registry.search import RunQuery
from core.runs.values import Status
from core.web.models.ready import most_accurate, ready_runs
from tests.factories import fill


@pytest.fixture
def many(bench):
    return fill(bench.registry, bench.settings, runs=20)


def test_models_come_in_pages_the_most_accurate_first_as_a_search_would_find_them(bench, many):
    finished = many.with_status(Status.FINISHED)
    bench.archive([finished[1].id])
    bench.delete_weights([finished[2].id])
    for archived in (False, True):
        query = RunQuery(
            dataset_id=many.dataset.id, statuses=(Status.FINISHED,), with_model=True, archived=archived,
            sort="most accurate",
        )  # fmt: skip
        expected, total = bench.registry.search(query)
        pages = [
            most_accurate(bench, many.dataset.id, limit=3, offset=n, archived=archived) for n in range(0, total, 3)
        ]
        assert [run for page, _ in pages for run in page] == expected and {number for _, number in pages} == {total}


def test_a_finished_model_joins_them_and_a_deleted_one_leaves(bench, many):
    before, total = most_accurate(bench, many.dataset.id, limit=100)
    bench.delete_weights([before[0].id])
    assert most_accurate(bench, many.dataset.id, limit=100) == (before[1:], total - 1)


def test_models_to_predict_with_begin_with_the_champion_and_the_recommended_one(bench, many):
    champion = most_accurate(bench, many.dataset.id, limit=100)[0][-1]
    bench.set_alias(champion.id, "champion", "", "me")
    recommended = bench.verdict(many.dataset.id).recommended.run_id
    assert [run.id for run in ready_runs(bench)][:2] == [champion.id, recommended]
