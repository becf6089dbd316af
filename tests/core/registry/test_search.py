"""Finding runs among many: what is asked for, and nothing else."""

import unicodedata

import pytest
from sqlalchemy import select

from core.errors import InvalidInput
from core.recipes.patterns import Cascade, Pattern
from core.recipes.recipe import Recipe
from core.registry.schema import runs
from core.registry.search import SORTS, RunQuery
from core.registry.search_text import search_text
from core.runs.values import Status
from tests.core.registry.databases import ON_SQLITE, plans_of
from tests.factories import fill, make_run


@pytest.fixture
def filled(registry):
    return fill(registry, runs=12)


def found(registry, **wanted) -> set[str]:
    """The ids that match, which are the same for a page of runs and for the leaderboard."""
    query = RunQuery(**wanted)
    page, total = registry.search(query)
    ids, numbers = {run.id for run in page}, registry.matching_numbers(query)
    with registry.reading() as connection:
        known = dict(connection.execute(select(runs.c.number, runs.c.id)).all())
    assert total == len(page) and ids == {known[number] for number in numbers} and len(ids) == len(numbers)
    return ids


def test_without_a_wish_all_that_ended_are_found(registry, filled):
    assert found(registry) == {run.id for run in filled.runs if run.status.ended}
    assert found(registry, statuses=()) == found(registry, statuses=tuple(Status)) == {run.id for run in filled.runs}
    assert found(registry, statuses=(Status.RUNNING,)) == {filled.with_status(Status.RUNNING)[0].id}


def test_archived_runs_are_left_out_until_somebody_asks(registry, filled):
    archived = filled.runs[0].id
    registry.mark([archived], archived=True)
    assert archived not in found(registry) and archived in found(registry, archived=True)


def test_stars_tags_and_datasets_narrow_what_is_found(registry, filled):
    starred, tagged = filled.runs[0].id, filled.runs[2].id
    registry.retag([tagged], ["night", "to show"])
    other = fill(registry, runs=1, name="fruit")
    assert found(registry, starred=True, dataset_id=filled.dataset.id) == {starred}
    assert found(registry, tags=("night", "to show")) == found(registry, tags=("to show",)) == {tagged}
    assert found(registry, tags=("night", "nothing")) == set()
    assert found(registry, dataset_id=other.dataset.id) == {other.runs[0].id}


def test_patterns_and_backbones_are_one_of_those_asked_for(registry, filled):
    def having(name, values):
        return {run.id for run in filled.runs if run.status.ended and getattr(run.recipe, name) in values}

    one, *others = dict.fromkeys(run.recipe.backbone for run in filled.runs)
    assert found(registry, backbones=(one,)) == having("backbone", (one,)) != set()
    assert found(registry, backbones=(one, others[0])) == having("backbone", (one, others[0]))
    pattern = filled.runs[0].recipe.pattern
    assert found(registry, patterns=(str(pattern),)) == having("pattern", (pattern,)) != set()


def test_runs_with_a_member_are_found_by_it(registry, filled):
    fused = Recipe(backbone="vgg19", pattern=Pattern.CASCADE, cascade=Cascade.FUSION, members=("vgg16",))
    run = registry.add_run(make_run(40, dataset=filled.dataset, recipe=fused))
    assert found(registry, statuses=(), member="vgg16") == {run.id}
    assert found(registry, statuses=(), member="vgg19") == found(registry, statuses=(), member="vgg1") == set()


@pytest.mark.parametrize("text", ["lite1", "LITE1", "integrated lite1", "lite1 integrated_extr"])
def test_every_word_must_be_somewhere_in_what_is_said_of_a_run(registry, filled, text):
    wanted = {run.id for run in filled.runs if run.status.ended and "lite1" in run.recipe.backbone}
    assert found(registry, text=text) == wanted != set()


WRITTEN = "Äpfel und Birnen: Straße"


@pytest.mark.parametrize("column", ["name", "notes", "tags"])
def test_words_are_found_in_any_case_and_any_unicode_form(registry, filled, column):
    run_id = filled.runs[0].id
    asked = [
        unicodedata.normalize(form, text)
        for text in ("äpfel", "ÄPFEL birn", "pfel", "STRASSE")
        for form in ("NFC", "NFD", "NFKC", "NFKD")
    ]
    for stored in ("NFC", "NFD"):
        words = unicodedata.normalize(stored, WRITTEN)
        registry.annotate(run_id, **{column: [words] if column == "tags" else words})
        assert [text for text in asked if found(registry, text=text) != {run_id}] == []
    assert found(registry, text="äpfel ananas") == set()


def test_what_was_renamed_or_untagged_is_not_found_by_its_old_words(registry, filled):
    run_id = filled.runs[0].id
    registry.annotate(run_id, name="Quince", tags=["orchard", "autumn"])
    registry.annotate(run_id, name="Medlar")
    registry.retag([run_id], add=["winter"], remove=["autumn"])
    assert found(registry, text="medlar orchard winter") == {run_id}
    assert found(registry, text="quince") == found(registry, text="autumn") == set()


def test_every_write_keeps_the_searched_text(registry, filled):
    """Runs were added, claimed, ended and finished by the fixture."""
    registry.annotate(filled.runs[1].id, name="Ä", notes="ß", tags=["x"])
    registry.retag([filled.runs[2].id], ["Ö"])
    with registry.reading() as connection:
        stored = dict(connection.execute(select(runs.c.id, runs.c.search)).all())
    assert stored == {run.id: search_text(run) for run in registry.runs()}


def test_a_text_too_long_to_search_for_is_refused():
    with pytest.raises(InvalidInput, match="up to 200 letters. Received: 201"):
        RunQuery(text="x" * 201)


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
    by_sort = {sort: registry.search(RunQuery(sort=sort))[0] for sort in SORTS}
    accuracies = [run.test_accuracy for run in by_sort["most accurate"] if run.test_accuracy is not None]
    assert accuracies == sorted(accuracies, reverse=True) and by_sort["most accurate"][-1].test_accuracy is None
    times = [run.wall_seconds for run in by_sort["fastest"] if run.wall_seconds is not None]
    assert times == sorted(times)
    assert by_sort["name"][0].name == "aardvark"
    registry.annotate(filled.runs[0].id, name="äh")
    registry.annotate(filled.runs[1].id, name="ÄG")
    names = [run.name for run in registry.search(RunQuery(sort="name"))[0]]
    assert names[-2:] == ["ÄG", "äh"], "by letters, whatever their case"
    with pytest.raises(InvalidInput, match="Runs can be sorted by"):
        RunQuery(sort="luck")


@ON_SQLITE
def test_a_page_of_the_newest_runs_is_found_in_an_index(registry):
    plans = plans_of(registry, lambda: registry.runs(status=Status.FINISHED, limit=3))
    assert "SEARCH runs USING COVERING INDEX runs_newest (status=?)" in plans
    for query in (RunQuery(), RunQuery(dataset_id="d-flowers"), RunQuery(archived=True)):
        plans = plans_of(registry, lambda query=query: registry.search(query, limit=3))
        assert not [line for line in plans if line.startswith("SCAN runs")]
        assert [line for line in plans if "COVERING INDEX" in line], plans
