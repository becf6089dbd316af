"""The columns of the leaderboard say what the single values say."""

from dataclasses import asdict, replace

import pytest
from sqlalchemy import insert, update

from core.recipes.patterns import Pattern
from core.recipes.recipe import Recipe
from core.registry.board import COST_NUMBERS, BoardRevision
from core.registry.schema import epochs, runs
from core.runs.values import Status
from tests.board_values import revision_of
from tests.factories import (
    board_of,
    fill,
    make_dataset,
    make_epochs,
    make_photos,
    make_run,
)


def test_every_run_is_there_once_with_what_is_known_of_it(registry, filled):
    board, cells = board_of(registry, filled.dataset.id), registry.board_cells([run.id for run in filled.runs])
    assert board["run_id"] == [run.id for run in registry.runs(filled.dataset.id)]
    assert {len(column) for column in board.values()} == {8}
    for place, run_id in enumerate(board["run_id"]):
        row, run = {name: column[place] for name, column in board.items()}, registry.run(run_id)
        for name in ("name", "starred", "archived", "created_at", "epochs_done", "best_epoch"):
            assert row[name] == getattr(run, name), name
        cell = cells[run_id]
        assert (cell["name"], cell["notes"], tuple(cell["tags"])) == (run.name, run.notes, run.tags)
        assert (cell["starred"], cell["archived"], cell["status"]) == (run.starred, run.archived, run.status)
        assert (row["accuracy"], cell["low"], cell["high"]) == (run.test_accuracy, run.test_low, run.test_high)
        for known in (row, cell):
            assert (known["pattern"], known["backbone"]) == (str(run.recipe.pattern), run.recipe.backbone)
        assert bool(row["has_weights"]) is (run.status is Status.FINISHED)


def test_figures_and_costs_are_those_of_the_evaluation_and_the_cost(registry, filled):
    board = board_of(registry, filled.dataset.id)
    cells = registry.board_cells(board["run_id"])
    for place, run_id in enumerate(board["run_id"]):
        evaluation, cost = registry.evaluation(run_id), registry.cost(run_id)
        for name in ("balanced_accuracy", "macro_f1", "ece", "n", "right"):
            assert board[name][place] == (evaluation and getattr(evaluation, name)), name
        assert board["log_loss"][place] == (evaluation and evaluation.loss)
        assert cells[run_id]["hardest"] == (evaluation.hardest if evaluation else ())
        assert cells[run_id]["n"] == (evaluation and evaluation.n)
        for name in COST_NUMBERS:
            assert board[name][place] == (cost and getattr(cost, name)), name
    assert len(cells[board["run_id"][-1]]["hardest"]) == 6 and isinstance(board["right"][-1], bytes)


def test_repetitions_share_a_family_and_nothing_else_does(registry):
    dataset = make_dataset()
    registry.add_dataset(dataset, make_photos())
    recipe = Recipe(backbone="efficientnet_lite0")
    numbers = recipe.hyperparameters
    for number, changed in enumerate((replace(numbers, seed=4), replace(numbers, seed=9), replace(numbers, epochs=7))):
        registry.add_run(make_run(number, recipe=replace(recipe, hyperparameters=changed)))
    registry.add_run(make_run(3, recipe=Recipe(backbone="efficientnet_lite0", pattern=Pattern.CLASSIFIER)))
    classifier, longer, one, other = board_of(registry, dataset.id)["family"]
    assert one == other != "" and len({classifier, longer, one}) == 3


def test_a_dataset_without_runs_has_empty_columns(registry, filled):
    assert set(map(tuple, board_of(registry, "d-nowhere").values())) == {()}
    assert revision_of(registry, "d-nowhere") == BoardRevision()


def test_runs_of_other_datasets_stay_out(registry, filled):
    fill(registry, name="fruit")
    assert len(board_of(registry, filled.dataset.id)["run_id"]) == 8


def test_odd_tags_survive(registry, filled):
    odd = ('a "quoted", one', "[]", "ünïcode 🌷")
    registry.annotate(filled.runs[0].id, tags=odd)
    assert tuple(registry.board_cells([filled.runs[0].id, "r-gone"])[filled.runs[0].id]["tags"]) == odd


@pytest.mark.parametrize("count", [1, 29, 30, 31, 100, 200])
def test_a_sparkline_has_even_steps_and_ends_at_the_last_epoch(registry, count):
    registry.add_dataset(make_dataset(), make_photos())
    run, curve = registry.add_run(make_run(1)), make_epochs(count)
    with registry.writing() as connection:
        connection.execute(insert(epochs), [{"run_id": run.id, **asdict(epoch)} for epoch in curve])
        connection.execute(update(runs).values(epochs_done=count))
    line = registry.sparklines([run.id])[run.id]
    step = -(-count // 30)
    assert line == tuple(epoch.val_accuracy for epoch in curve[::-1][::step][::-1])
    assert len(line) <= 30


def test_a_sparkline_leaves_out_what_is_no_number(registry):
    registry.add_dataset(make_dataset(), make_photos())
    run, other = registry.add_run(make_run(1)), registry.add_run(make_run(2))
    registry.claim("cpu", "me")
    first, second, third = make_epochs(3)
    for epoch in (first, replace(second, val_accuracy=float("nan")), replace(third, val_accuracy=float("inf"))):
        registry.record_epoch(run.id, 1, epoch)
    assert registry.sparklines([run.id, other.id, "r-nobody"]) == {run.id: (first.val_accuracy,)}


def test_thousands_of_runs_are_read_in_parts(registry, filled, monkeypatch):
    whole = board_of(registry, filled.dataset.id)
    monkeypatch.setattr("core.registry.board._PART", 3)
    with registry.board_changes(filled.dataset.id) as changes:
        assert [len(part["number"]) for part in changes.parts] == [3, 3, 2]
    assert board_of(registry, filled.dataset.id) == whole


def test_after_a_revision_there_is_only_what_was_written_since(registry, filled):
    before = revision_of(registry, filled.dataset.id)
    finished, gone, light, *_ = filled.with_status(Status.FINISHED)
    with registry.board_changes(filled.dataset.id, before) as changes:
        assert list(changes.parts) == [] and changes.numbers is None and changes.revision == before
    registry.mark([finished.id], archived=True)
    registry.delete_models_of([light.id])
    assert set(board_of(registry, filled.dataset.id, before)["run_id"]) == {finished.id, light.id}
    registry.delete_runs([gone.id])
    with registry.board_changes(filled.dataset.id, before) as changes:
        assert changes.numbers is not None and len(changes.numbers) == 7
        assert changes.revision == revision_of(registry, filled.dataset.id)
