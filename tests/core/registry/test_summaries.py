"""What is said of thousands of runs is what counting them one by one would say."""

from collections import Counter

from core.runs.values import Status
from tests.core.registry.databases import ON_SQLITE, plans_of
from tests.factories import fill, make_run


def test_every_dataset_has_its_number_of_runs_in_each_status(registry):
    one, other = fill(registry, runs=9), fill(registry, name="fruit", runs=2)
    assert registry.run_counts() == {
        one.dataset.id: Counter(run.status for run in one.runs),
        other.dataset.id: {Status.FINISHED: 2},
    }


def test_the_values_there_are_come_with_their_number_the_most_common_first(registry):
    filled = fill(registry, runs=12)
    registry.retag([filled.runs[2].id, filled.runs[3].id], ["night"])
    other = fill(registry, runs=1, name="fruit")
    assert registry.value_counts("tags") == {"baseline": 2, "night": 2}
    assert list(registry.value_counts("tags", filled.dataset.id).items()) == [("night", 2), ("baseline", 1)]
    expected = Counter(run.recipe.backbone for run in filled.runs)
    counts = registry.value_counts("backbone", filled.dataset.id)
    assert counts == expected and list(counts.values()) == sorted(counts.values(), reverse=True)
    assert registry.value_counts("pattern", other.dataset.id) == {str(other.runs[0].recipe.pattern): 1}


def test_datasets_with_runs_come_with_the_newest_run_first(registry):
    filled = fill(registry, runs=2)
    newer = fill(registry, runs=1, name="fruit")
    assert registry.datasets_with_runs() == [newer.dataset.id, filled.dataset.id]


def test_a_dataset_whose_runs_all_wait_has_none_that_ended(registry):
    filled = fill(registry, runs=0)
    registry.add_run(make_run(1, dataset=filled.dataset))
    assert registry.datasets_with_runs() == []


@ON_SQLITE
def test_datasets_with_runs_are_found_without_reading_the_runs(registry):
    plans = plans_of(registry, registry.datasets_with_runs)
    of_runs = [line for line in plans if " runs " in line]
    assert of_runs == ["SEARCH runs USING COVERING INDEX runs_by_status (dataset_id=? AND status=?)"] * len(of_runs)
    assert of_runs
