"""Finding runs among many: what is asked for, and nothing else."""

import pytest

from core.errors import InvalidInput
from core.registry.search import SORTS, RunQuery
from core.runs.values import Status
from tests.factories import fill


@pytest.fixture
def filled(registry):
    return fill(registry, runs=12)


def found(registry, **wanted) -> set[str]:
    runs, total = registry.search(RunQuery(**wanted))
    assert total == len(runs)
    return {run.id for run in runs}


def test_without_a_wish_all_that_ended_are_found(registry, filled):
    assert found(registry) == {run.id for run in filled.runs if run.status.ended}
    assert found(registry, statuses=tuple(Status)) == {run.id for run in filled.runs}
    assert found(registry, statuses=(Status.RUNNING,)) == {filled.with_status(Status.RUNNING)[0].id}


def test_archived_runs_are_left_out_until_somebody_asks(registry, filled):
    put_away = filled.runs[0].id
    registry.mark([put_away], archived=True)
    assert put_away not in found(registry) and put_away in found(registry, archived=True)


def test_stars_tags_and_datasets_narrow_what_is_found(registry, filled):
    starred, tagged = filled.runs[0].id, filled.runs[2].id
    registry.retag([tagged], ["night", "to show"])
    other = fill(registry, runs=1, name="fruit")
    assert found(registry, starred=True, dataset_id=filled.dataset.id) == {starred}
    assert found(registry, tags=("night", "to show")) == found(registry, tags=("to show",)) == {tagged}
    assert found(registry, tags=("night", "nothing")) == set()
    assert found(registry, dataset_id=other.dataset.id) == {other.runs[0].id}
    assert registry.tags()[0] == "baseline" and set(registry.tags()) == {"baseline", "night", "to show"}


@pytest.mark.parametrize("text", ["lite1", "LITE1", "integrated lite1", "lite1 integrated_extr"])
def test_every_word_must_be_somewhere_in_what_is_said_of_a_run(registry, filled, text):
    wanted = {run.id for run in filled.runs if run.status.ended and "lite1" in run.recipe.backbone}
    assert found(registry, text=text) == wanted != set()


@pytest.mark.parametrize("text", ["%", "_%_", "100%", "zebra", "' OR 1=1 --", "\\"])
def test_odd_words_are_looked_for_letter_by_letter(registry, filled, text):
    assert found(registry, text=text) == set()
    registry.annotate(filled.runs[0].id, notes=f"it says {text} here")
    assert found(registry, text=text) == {filled.runs[0].id}


def test_notes_tags_and_ids_are_searched_too(registry, filled):
    run = filled.runs[1]
    registry.annotate(run.id, notes="Blurred at night", tags=["keeper"])
    for text in ("blurred", "keep", run.id, run.id[2:7]):
        assert found(registry, text=text) == {run.id}


def test_only_those_with_a_model_are_found_when_asked(registry, filled):
    finished = [run.id for run in filled.with_status(Status.FINISHED)]
    registry.delete_models_of(finished[:1])
    assert found(registry, with_model=True) == set(finished[1:])


def test_pages_follow_each_other_without_gap_or_repeat(registry, filled):
    for sort in SORTS:
        wanted = RunQuery(sort=sort)
        everything, total = registry.search(wanted)
        pages = [registry.search(wanted, limit=4, offset=start) for start in range(0, total, 4)]
        assert [run for page, _ in pages for run in page] == everything
        assert {number for _, number in pages} == {total}


def test_runs_come_in_the_order_that_is_asked_for(registry, filled):
    registry.annotate(filled.runs[3].id, name="aardvark")
    runs = {sort: registry.search(RunQuery(sort=sort))[0] for sort in SORTS}
    accuracies = [run.test_accuracy for run in runs["most accurate"] if run.test_accuracy is not None]
    assert accuracies == sorted(accuracies, reverse=True) and runs["most accurate"][-1].test_accuracy is None
    times = [run.wall_seconds for run in runs["fastest"] if run.wall_seconds is not None]
    assert times == sorted(times)
    assert runs["name"][0].name == "aardvark"
    with pytest.raises(InvalidInput, match="Runs can be sorted by"):
        RunQuery(sort="luck")


def test_datasets_with_runs_come_with_the_newest_run_first(registry, filled):
    newer = fill(registry, runs=1, name="fruit")
    assert registry.datasets_with_runs() == [newer.dataset.id, filled.dataset.id]
