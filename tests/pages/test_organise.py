"""The bar under ticked runs, on the page Runs."""

import pytest

from core.files.home import run_folder
from core.registry.search import RunQuery
from core.web.runs import ended_runs
from tests.factories import fill
from tests.pages.conftest import text_of, visit


@pytest.fixture
def filled(bench):
    return fill(bench.registry, bench.settings, runs=9)


@pytest.fixture
def finished(filled):
    return [run.id for run in filled.with_status("FINISHED")]


def ticked(bench, run_ids, at=None):
    """The page Runs with these runs ticked."""
    at = at or visit("runs")
    shown = [run.id for run in bench.registry.search(RunQuery(), limit=50)[0]]
    rows = [shown.index(run_id) for run_id in run_ids]
    at.session_state[ended_runs.table_key(shown)] = {"selection": {"rows": rows, "columns": [], "cells": []}}
    return at.run()


def press(at, name: str):
    return at.button(key=f"ended.organise.{name}").click().run()


def test_without_a_tick_nothing_can_be_done(bench, filled):
    at = visit("runs")
    assert "Select runs" in text_of(at) and not [b for b in at.button if (b.key or "").startswith("ended.organise")]


def test_several_runs_get_a_star_and_lose_it(bench, finished):
    at = press(ticked(bench, finished[:3]), "star")
    assert all(bench.registry.run(run_id).starred for run_id in finished[:3])
    assert at.button(key="ended.organise.star").label == "Remove star"
    press(at, "star")
    assert not any(bench.registry.run(run_id).starred for run_id in finished)


def test_a_tag_that_is_added_goes_to_all_and_one_taken_out_leaves_all(bench, finished):
    bench.tag(finished[:1], add=["old"])
    at = ticked(bench, finished[:2])
    box = next(box for box in at.multiselect if (box.key or "").startswith("ended.organise.tags"))
    box.set_value([*(value for value in box.value if value != "old"), "night"]).run()
    assert all("night" in bench.registry.run(run_id).tags for run_id in finished[:2])
    assert "old" not in bench.registry.run(finished[0]).tags and not at.exception


def test_archived_runs_leave_the_list_and_other_rows_are_not_ticked_instead(bench, finished):
    at = press(ticked(bench, finished[:2]), "archive")
    assert all(bench.registry.run(run_id).archived for run_id in finished[:2])
    assert "Select runs" in text_of(at) and len(at.dataframe[-1].value) == 5


def test_one_run_becomes_champion_and_several_do_not(bench, finished):
    at = ticked(bench, finished[:2])
    assert "ended.organise.champion" not in [button.key for button in at.button]
    at = press(ticked(bench, finished[:1], at), "champion")
    at.text_input(key="ended.organise.champion.why").input("steady")
    press(at, "champion-yes")
    assert bench.aliases("flowers")["champion"].why == "steady"


def test_deleting_several_says_exactly_what_goes_and_needs_a_second_click(bench, finished):
    bench.set_alias(finished[0])
    at = press(ticked(bench, finished[:3]), "delete")
    said = text_of(at).replace("\\", "")
    assert "3 runs and 3 models" in said and "MB on disk" in said or "kB on disk" in said
    assert "Among them is the champion of flowers version 1" in said and bench.registry.run(finished[0])
    press(at, "delete-yes")
    assert not at.exception and not set(finished[:3]) & {run.id for run in bench.registry.runs()}
    assert not any(run_folder(bench.settings, run_id).path.exists() for run_id in finished[:3])


def test_keeping_deletes_nothing(bench, finished):
    at = press(ticked(bench, finished), "delete")
    press(at, "delete-no")
    assert {run.id for run in bench.registry.runs()} >= set(finished)


def test_the_weights_of_several_go_and_the_runs_stay(bench, finished):
    at = press(ticked(bench, finished[:2]), "weights")
    assert "2 models" in text_of(at) and "are kept for comparisons" in text_of(at)
    press(at, "weights-yes")
    assert not at.exception and not any(bench.has_model(run_id) for run_id in finished[:2])
    assert all(bench.registry.run(run_id).test_accuracy for run_id in finished[:2])


def test_a_refusal_is_one_sentence_and_nothing_goes(bench, filled, finished, monkeypatch):
    at = press(ticked(bench, finished[:2]), "delete")
    waiting = filled.with_status("SCHEDULED")[0].id
    with bench.registry.writing() as connection:
        connection.exec_driver_sql("UPDATE runs SET extends = ? WHERE id = ?", (finished[0], waiting))
    press(at, "delete-yes")
    assert waiting in at.error[0].value.replace("\\", "") and bench.registry.run(finished[1])


def test_what_was_deleted_in_another_window_is_left_out(bench, finished):
    at = ticked(bench, finished[:2])
    bench.delete_runs(finished[:2])
    press(at, "star")
    assert not at.exception and "no run" in at.toast[0].value
