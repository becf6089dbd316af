"""The columns of the leaderboard say what the single values say."""

from dataclasses import asdict, replace

import pytest
from sqlalchemy import insert, update

from core.recipes.recipe import Pattern, Recipe
from core.registry import Registry
from core.registry.board import COST_NUMBERS
from core.registry.schema import epochs, runs
from core.runs.values import Status
from tests.factories import (
    fill,
    make_cost,
    make_dataset,
    make_epochs,
    make_evaluation,
    make_model,
    make_photos,
    make_run,
)


def test_every_run_is_there_once_with_what_is_known_of_it(registry, filled):
    board = registry.board(filled.dataset.id)
    assert board["run_id"] == [run.id for run in registry.runs(filled.dataset.id)]
    assert {len(column) for column in board.values()} == {8}
    for place, run_id in enumerate(board["run_id"]):
        row, run = {name: column[place] for name, column in board.items()}, registry.run(run_id)
        for name in ("name", "notes", "starred", "archived", "created_at", "epochs_done", "best_epoch"):
            assert row[name] == getattr(run, name), name
        assert (row["status"], tuple(row["tags"])) == (str(run.status), run.tags)
        assert (row["accuracy"], row["low"], row["high"]) == (run.test_accuracy, run.test_low, run.test_high)
        assert (row["pattern"], row["backbone"]) == (str(run.recipe.pattern), run.recipe.backbone)
        assert row["has_weights"] is (run.status is Status.FINISHED)


def test_figures_and_costs_are_those_of_the_evaluation_and_the_cost(registry, filled):
    board = registry.board(filled.dataset.id)
    for place, run_id in enumerate(board["run_id"]):
        evaluation, cost = registry.evaluation(run_id), registry.cost(run_id)
        for name in ("balanced_accuracy", "macro_f1", "ece", "n", "right"):
            assert board[name][place] == (evaluation and getattr(evaluation, name)), name
        assert board["log_loss"][place] == (evaluation and evaluation.loss)
        assert board["hardest"][place] == (evaluation.hardest if evaluation else ())
        for name in COST_NUMBERS:
            assert board[name][place] == (cost and getattr(cost, name)), name
    assert len(board["hardest"][-1]) == 6 and isinstance(board["right"][-1], bytes)


def test_repetitions_share_a_family_and_nothing_else_does(registry):
    dataset = make_dataset()
    registry.add_dataset(dataset, make_photos())
    recipe = Recipe(backbone="efficientnet_lite0")
    numbers = recipe.hyperparameters
    for number, changed in enumerate((replace(numbers, seed=4), replace(numbers, seed=9), replace(numbers, epochs=7))):
        registry.add_run(make_run(number, recipe=replace(recipe, hyperparameters=changed)))
    registry.add_run(make_run(3, recipe=Recipe(backbone="efficientnet_lite0", pattern=Pattern.CLASSIFIER)))
    classifier, longer, one, other = registry.board(dataset.id)["family"]
    assert one == other != "" and len({classifier, longer, one}) == 3


def test_a_dataset_without_runs_has_empty_columns(registry, filled):
    board = registry.board("d-nowhere")
    assert board.keys() == registry.board(filled.dataset.id).keys()
    assert set(map(tuple, board.values())) == {()}


def test_runs_of_other_datasets_stay_out(registry, filled):
    fill(registry, name="fruit")
    assert len(registry.board(filled.dataset.id)["run_id"]) == 8


def test_odd_tags_survive(registry, filled):
    odd = ('a "quoted", one', "[]", "ünïcode 🌷")
    registry.annotate(filled.runs[0].id, tags=odd)
    assert tuple(registry.board(filled.dataset.id)["tags"][-1]) == odd


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


def test_a_board_read_again_knows_what_happened_meanwhile(registry, filled):
    before = registry.board(filled.dataset.id)
    (waiting,) = filled.with_status(Status.SCHEDULED)
    finished, gone, light, *_ = filled.with_status(Status.FINISHED)
    run = registry.claim("cpu", "me")
    assert run.id == waiting.id
    results = {"evaluation": make_evaluation(), "cost": make_cost(), "model": make_model(run), "best_epoch": 1}
    registry.finish(run.id, run.attempt, **results)
    registry.mark([finished.id], archived=True)
    registry.delete_runs([gone.id])
    registry.delete_models_of([light.id])
    after = registry.board(filled.dataset.id)
    assert after == Registry.open(registry.path).board(filled.dataset.id) != before
    assert set(before["run_id"]) - set(after["run_id"]) == {gone.id}
    place = {run_id: place for place, run_id in enumerate(after["run_id"])}
    assert after["ece"][place[run.id]] == make_evaluation().ece
    assert after["archived"][place[finished.id]] and not after["has_weights"][place[light.id]]


def test_while_no_run_finishes_evaluations_are_not_read_again(registry, filled):
    before = registry.board(filled.dataset.id)
    (running,) = filled.with_status(Status.RUNNING)
    registry.record_epoch(running.id, running.attempt, make_epochs(1, first=7)[0])
    after = registry.board(filled.dataset.id)
    assert after["epochs_done"] != before["epochs_done"]
    assert after["right"] is before["right"]
