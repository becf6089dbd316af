"""Rows of older Grafts get the figures that lists are sorted by; what cannot be known stays unknown."""

import pytest

from core.files.home import run_folder
from core.registry import Registry
from core.registry.search import RunQuery
from core.workbench import Workbench
from tests.core.registry.databases import ON_SQLITE
from tests.factories import board_of, fill


@pytest.fixture
def older(registry, settings):
    """A home as the migration leaves it: nobody has looked into recipes and files yet."""
    filled = fill(registry, settings)
    with registry.writing() as connection:
        connection.exec_driver_sql("UPDATE runs SET family = '', pattern = '', backbone = '', search = ''")
        connection.exec_driver_sql(
            'UPDATE evaluations SET balanced_accuracy = NULL, macro_f1 = NULL, ece = NULL, "right" = NULL, '
            "hardest = NULL"
        )
    return filled


def test_opening_a_home_fills_in_what_older_runs_lack(registry, settings, older):
    before = board_of(registry, older.dataset.id)
    Workbench.open(settings)
    after = board_of(registry, older.dataset.id)
    fresh = Registry.open(settings.home / "other" / "registry.db")
    expected = board_of(fresh, fill(fresh).dataset.id)
    query = RunQuery(text="LITE1", statuses=())
    assert sorted(registry.matching_numbers(query)) == sorted(fresh.matching_numbers(query)) != []
    for name in ("family", "pattern", "backbone", "balanced_accuracy", "macro_f1"):
        assert after[name] == expected[name] != before[name], name
    cells = registry.board_cells(after["run_id"])
    for run_id, photos, ece, right in zip(*(after[name] for name in ("run_id", "n", "ece", "right")), strict=True):
        hardest = cells[run_id]["hardest"]
        assert (ece is None) is (right is None) is (hardest == ()) is (photos is None), run_id


def test_the_figures_are_those_a_new_run_would_have_got(registry, settings):
    filled = fill(registry, settings)
    run_id = filled.runs[0].id
    new = registry.evaluation(run_id)
    with registry.writing() as connection:
        connection.exec_driver_sql('UPDATE evaluations SET macro_f1 = NULL, ece = NULL, "right" = NULL, hardest = NULL')
    assert registry.backfill(settings) == 2
    assert registry.evaluation(run_id) == new


def test_the_recipe_itself_is_left_as_it_was(registry, settings, older):
    before = [run.recipe for run in registry.runs()]
    registry.backfill(settings)
    assert [run.recipe for run in registry.runs()] == before


@pytest.mark.parametrize("damage", [None, b"", b"no archive"])
def test_a_missing_or_damaged_file_leaves_what_only_it_could_tell_unknown(registry, settings, older, damage):
    run = older.runs[0]
    file = run_folder(settings, run.id).path / "test.npz"
    file.unlink() if damage is None else file.write_bytes(damage)
    registry.backfill(settings)
    found = registry.evaluation(run.id)
    assert (found.ece, found.right, found.hardest) == (None, None, ())
    assert found.balanced_accuracy is not None and found.macro_f1 is not None  # the confusions tell them
    assert registry.evaluation(older.runs[1].id).right is not None


def test_answers_of_another_measurement_are_not_believed(registry, settings, older):
    one, other = (run_folder(settings, run.id).path / "test.npz" for run in older.runs[:2])
    one.write_bytes(other.read_bytes())
    registry.backfill(settings)
    assert registry.evaluation(older.runs[0].id).right is None


def test_a_second_start_changes_nothing_and_reads_no_file(registry, settings, older, monkeypatch):
    (run_folder(settings, older.runs[0].id).path / "test.npz").unlink()
    assert registry.backfill(settings) == len(older.runs) + 2
    monkeypatch.setattr("core.runs.predictions.read_predictions", None)
    before = registry.change_counter()
    assert registry.backfill(settings) == 0
    assert registry.change_counter() == before


@ON_SQLITE
def test_looking_for_older_rows_reads_no_table(registry):
    with registry.reading() as connection:
        for query in ("SELECT id FROM runs WHERE search = ''", "SELECT run_id FROM evaluations WHERE hardest IS NULL"):
            (plan,) = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}").all()
            assert "_to_fill_in" in plan[3]
