"""What each account stores, known without a walk over the disk."""

from dataclasses import replace

import pytest

from core.people.acting import Person, Role, acting_as
from core.registry import Registry
from core.registry.stored_sizes import StoredByOwner
from core.runs.values import Cancel
from tests.factories import make_dataset, make_run

ANNA, TOM = (Person(name=name, role=Role.TRAINER) for name in ("anna", "tom"))


@pytest.fixture
def runs(registry: Registry):
    """Two ended runs of Anna on a dataset of Tom's, and one of Tom's that waits."""
    with acting_as(TOM):
        registry.add_dataset(replace(make_dataset(), size_bytes=5000), ())
        waiting = registry.add_run(make_run(1))
    with acting_as(ANNA):
        ended = [registry.add_run(make_run(number)) for number in (2, 3)]
    for run in ended:
        registry.request_cancel(run.id, Cancel.NOW)
    return [*ended, waiting]


def test_datasets_and_runs_count_for_the_account_that_owns_them(registry, runs):
    registry.record_sizes({runs[0].id: 300, runs[1].id: 40, runs[2].id: 1, "r-gone": 9})
    assert registry.stored_by("anna") == StoredByOwner(owner="anna", runs=340)
    assert registry.stored_by("tom") == StoredByOwner(owner="tom", datasets=5000, runs=1)
    assert registry.stored_by("tom").bytes == 5001 and registry.stored_by("nobody").bytes == 0
    assert registry.stored_by_all() == {name: registry.stored_by(name) for name in ("anna", "tom")}


def test_a_size_that_is_recorded_again_replaces_the_first_and_goes_with_its_run(registry, runs):
    registry.record_sizes({runs[0].id: 300})
    registry.record_sizes({runs[0].id: 100})
    assert registry.stored_by("anna").bytes == 100
    registry.delete_runs([runs[0].id])
    assert registry.stored_by("anna").bytes == 0
    registry.record_sizes({})


def test_photos_that_were_added_without_a_class_count_with_their_dataset_and_go_with_it(registry, runs):
    dataset = registry.datasets()[0]
    registry.record_pool_size(dataset.id, 100)
    registry.record_pool_size(dataset.id, 700)
    assert registry.stored_by("tom") == StoredByOwner(owner="tom", datasets=5700)
    assert registry.stored_by_all()["tom"].datasets == 5700 and registry.largest_of("tom")[0][1] == 5700
    registry.record_pool_size(dataset.id, 0)
    assert registry.stored_by("tom").datasets == 5000
    registry.record_pool_size("d-gone", 9)


def test_what_nobody_owns_counts_for_nobody(registry):
    registry.add_dataset(make_dataset(), ())
    assert registry.stored_by_all() == {}


def test_only_ended_runs_are_to_be_measured_and_again_after_they_ended_again(registry, runs):
    assert registry.unmeasured_runs() == [runs[0].id, runs[1].id]
    assert registry.unmeasured_runs(limit=1) == [runs[0].id]
    registry.record_sizes({runs[0].id: 300})
    assert registry.unmeasured_runs() == [runs[1].id]
    registry.requeue(runs[0].id)
    registry.request_cancel(runs[0].id, Cancel.NOW)
    assert registry.unmeasured_runs() == [runs[0].id, runs[1].id]


def test_the_largest_are_named_so_that_one_knows_what_to_delete(registry, runs):
    registry.record_sizes({runs[0].id: 300, runs[1].id: 400})
    assert registry.largest_of("anna") == [(f"run {runs[1].id}", 400), (f"run {runs[0].id}", 300)]
    assert registry.largest_of("anna", limit=1) == [(f"run {runs[1].id}", 400)]
    (largest,) = registry.largest_of("tom")
    assert largest == (f"dataset {make_dataset().name}:1", 5000)
