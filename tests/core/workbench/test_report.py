"""Comparisons and leaderboards: computed once while nothing is written, and never outdated."""

import numpy as np
import pytest

from core.comparison.board import Board
from core.comparison.summary import outcome_sentence
from core.comparison.table import SeveralDatasets
from core.errors import NotFound
from core.files.home import run_folder
from core.registry.search import RunQuery
from core.runs.predictions import read_predictions
from core.workbench.report import FINISHED
from tests.board_values import rows_of
from tests.factories import fill, make_dataset, make_photos, make_run
from tests.pattern_home import fill_patterns


def test_the_same_question_is_answered_once(bench, finished):
    assert bench.comparison(finished) is bench.comparison(finished)
    assert bench.comparison(finished) is not bench.comparison(finished[:2])


def test_a_change_of_a_run_is_seen_at_once(bench, finished):
    before = bench.comparison(finished)
    bench.annotate(finished[0], name="Renamed", tags=["good"])
    after = bench.comparison(finished)
    assert before is not after and "Renamed" in after.names.values()
    assert next(row for row in after.rows if row.run.id == finished[0]).run.tags == ("good",)


def test_a_new_price_of_an_hour_is_seen_at_once(bench, finished):
    assert bench.comparison(finished).rows[0].value("money") is None
    bench.set_rate(36.0)
    assert bench.comparison(finished).rows[0].value("money") > 0


def test_answers_that_vanish_are_missed_at_once(bench, settings, finished):
    assert not bench.comparison(finished).missing
    (run_folder(settings, finished[0]).path / "test.npz").unlink()
    assert "test.npz is missing" in bench.comparison(finished).missing[finished[0]]


def test_answers_that_are_replaced_are_read_again(bench, settings, finished):
    assert not bench.comparison(finished).missing
    kept = read_predictions(finished[0], "test", settings)
    np.savez(
        run_folder(settings, finished[0]).path / "test.npz",
        digests=np.array(kept.digests),
        labels=kept.labels,
        probabilities=np.eye(kept.probabilities.shape[1])[kept.probabilities.argmax(axis=1)],
    )
    assert "not those that were measured: their log-loss" in bench.comparison(finished).missing[finished[0]]


def test_curves_are_made_once_and_anew_when_a_run_of_them_is_gone(bench, finished):
    made = bench.curves(finished, "val_accuracy")
    assert [curve.run_id for curve in made] == list(finished) and bench.curves(finished, "val_accuracy") is made
    assert bench.curves(finished, "loss")[0].values != made[0].values
    bench.delete_runs(finished[:1])
    assert [curve.run_id for curve in bench.curves(finished, "val_accuracy")] == list(finished[1:])


def test_the_board_stays_as_long_as_nothing_is_written_about_its_runs(bench, finished):
    dataset_id = bench.registry.run(finished[0]).dataset_id
    board = bench.board(dataset_id)
    bench.set_rate(36.0)
    other = make_dataset(id="d-other", name="garden")
    bench.registry.add_dataset(other, make_photos())
    bench.registry.add_run(make_run(9, dataset=other))
    assert bench.board(dataset_id) is board


@pytest.mark.parametrize("change", [{"name": "Renamed"}, {"notes": "good"}, {"tags": ["good"]}])
def test_whatever_is_said_of_a_run_is_on_the_board_at_once(bench, finished, change):
    dataset_id = bench.registry.run(finished[0]).dataset_id
    bench.board(dataset_id)
    bench.annotate(finished[0], **change)
    key, value = next(iter(change.items()))
    assert bench.registry.board_cells(finished[:1])[finished[0]][key] == value
    word = value if isinstance(value, str) else value[0]
    board, rows = bench.board_rows(dataset_id, RunQuery(text=word))
    assert list(board.run_ids[rows]) == finished[:1]


def marked(board: Board, run_id: str, name: str) -> bool:
    return bool(board.mark(name)[rows_of(board, [run_id])].item())


@pytest.mark.parametrize("on", [True, False])
def test_a_star_and_the_archive_are_on_the_board_at_once(bench, finished, on):
    dataset_id = bench.registry.run(finished[0]).dataset_id
    bench.board(dataset_id)
    bench.star(finished[:1], on)
    assert marked(bench.board(dataset_id), finished[0], "starred") is on
    bench.archive(finished[:1], on)
    assert marked(bench.board(dataset_id), finished[0], "archived") is on


def test_runs_that_come_and_go_are_on_the_board_and_off_it_at_once(bench, finished):
    dataset_id = bench.registry.run(finished[0]).dataset_id
    before = len(bench.board(dataset_id))
    bench.delete_runs(finished[:1])
    assert finished[0] not in bench.board(dataset_id) and len(bench.board(dataset_id)) == before - 1


def test_a_run_that_was_deleted_is_not_found(bench, finished):
    bench.comparison(finished)
    bench.delete_runs(finished[:1])
    with pytest.raises(NotFound, match=finished[0]):
        bench.comparison(finished)


def test_runs_of_two_datasets_are_named_by_their_datasets(bench, finished):
    other = fill(bench.registry, bench.settings, runs=2, name="garden")
    with pytest.raises(SeveralDatasets, match=r"flowers:1 \(4 runs\) and garden:1 \(1 run\)") as caught:
        bench.comparison([*finished, other.runs[0].id])
    assert set(next(iter(caught.value.groups.values()))) == set(finished)


def test_the_board_knows_every_run_of_its_dataset(bench, filled, finished):
    found = bench.board_page(filled.dataset.id, RunQuery(statuses=()), fold=False)
    assert {entry.run_id for entry in found.entries} == {run.id for run in filled.runs}
    assert {entry.run_id for entry in found.entries if entry.rank} == set(finished)
    assert bench.board(filled.dataset.id) is bench.board(filled.dataset.id)


def test_the_board_and_the_comparison_agree(bench, filled, finished):
    rows = {row.run.id: row for row in bench.comparison(finished).rows}
    for entry in bench.board_page(filled.dataset.id, fold=False).entries:
        row = rows[entry.run_id]
        assert entry.rank == row.rank
        assert all(entry.values[key] == row.value(key) for key in ("accuracy", "ece", "log_loss", "wall_seconds"))


def test_a_star_is_on_the_board_at_once(bench, filled, finished):
    bench.star(finished, on=False)
    assert not bench.board_page(filled.dataset.id, RunQuery(starred=True)).entries
    bench.star(finished[:1])
    assert [entry.run_id for entry in bench.board_page(filled.dataset.id, RunQuery(starred=True)).entries] == finished[
        :1
    ]


def test_runs_are_given_in_the_order_asked_for_and_lost_ones_left_out(bench, finished):
    assert [run.id for run in bench.registry.runs_of([finished[2], "r-nothing", finished[0]])] == [
        finished[2],
        finished[0],
    ]
    assert [len(epochs) for epochs in bench.registry.epochs_of(finished[:2]).values()] == [12, 12]


def test_the_verdict_on_the_best_runs_of_a_dataset_is_that_on_all_of_it(bench, finished):
    dataset = bench.registry.run(finished[0]).dataset_id
    whole = bench.verdict(dataset)
    few = bench.comparison(finished[:2], among=FINISHED)
    assert few.verdict is whole and bench.comparison(finished[:2]).verdict.comparisons == 1
    assert {run_id: few.verdict.standing(run_id) for run_id in finished} == {
        run_id: whole.standing(run_id) for run_id in finished
    }


def test_every_pattern_can_stand_beside_every_other_one(bench):
    runs = fill_patterns(bench)
    found = bench.comparison([run.id for run in runs.values()])
    assert len(found.rows) == len(runs) and not found.missing
    told = {one.name for one in found.differing}
    assert {"backbone", "pattern", "cascade", "members", "depth"} <= told
    assert outcome_sentence(found.rows, found.verdict)
