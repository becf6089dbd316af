"""The search over recipes, on the page Train."""

import json

import pytest

from core.files import atomic
from core.files.home import search_job
from core.files.locks import acquire
from core.runs.values import Status
from core.searching.values import SearchStatus, TrialState
from core.workbench import delete
from tests.core.searching.test_values import trial
from tests.pages.conftest import link_labels, text_of, visit


@pytest.fixture
def dataset(filled):
    return filled.dataset


@pytest.fixture
def folder(bench, dataset):
    folder = search_job(bench.settings, dataset.id)
    folder.path.mkdir(parents=True)
    atomic.write_json(folder.request, {"owner": ""})
    folder.study.touch()
    return folder


@pytest.fixture
def status(filled):
    first, second = filled.with_status(Status.FINISHED)
    trials = (
        trial(1, run_id=first.id, name=first.name, accuracy=0.75, seconds=20.0),
        trial(2, run_id=second.id, name="The best one", accuracy=0.9, seconds=60.0),
        trial(3, run_id="r-00000000", accuracy=None, state=TrialState.PRUNED, reason="It fell behind."),
    )
    return SearchStatus(
        state="ready", message="The budget is spent.", spent=95.0, minutes=1.5, left_out=4, trials=trials
    )


def said(at):
    return text_of(at).replace("\\", "")


def rows_of(at):
    return next(one.value for one in at.dataframe if "Result" in one.value)


def test_one_click_starts_it_with_minutes_and_trials(bench, dataset, monkeypatch):
    started = []
    monkeypatch.setattr("core.jobs.background.start_process", lambda *arguments: started.append(arguments))
    at = visit("train", dataset=dataset.id)
    assert "Test photos are not used." in said(at)
    at.number_input(key="search.minutes").set_value(5.0)
    at.number_input(key="search.trials").set_value(7).run()
    at.button(key="search.start").click().run()
    request = json.loads(search_job(bench.settings, dataset.id).request.read_text())
    assert len(started) == 1 and not at.exception
    assert request["question"] == {"minutes": 5.0, "trials": 7} and not request["go_on"]


def test_while_it_runs_stage_and_budget_are_shown_and_it_can_be_stopped(dataset, folder, status):
    running = SearchStatus(
        state="running", stage="Training", spent=60.0, minutes=5.0, most_trials=8, trials=status.trials[:1]
    )
    with acquire(folder.alive_lock):
        atomic.write_json(folder.status, running.to_json())
        at = visit("train", dataset=dataset.id)
        (bar,) = at.get("progress")
        assert bar.proto.text == "Training · 1 min 00 s of 5 min 00 s of training time spent · 1 of 8 trials"
        assert bar.proto.value == 20
        at.button(key="search.stop").click().run()
    assert folder.cancel.exists()


def test_the_best_is_named_by_validation_and_called_optimistic(bench, dataset, folder, status):
    atomic.write_json(folder.status, status.to_json())
    at = visit("train", dataset=dataset.id)
    test = bench.registry.run(status.trials[1].run_id).test_accuracy
    assert "Best by validation photos: The best one, 90 %" in said(at)
    assert "optimistic: the highest of 2 trials on the same 12 validation photos" in said(at)
    assert f"measured once and not used by the search, is {100 * test:.0f} %" in said(at)
    assert "4 proposals not launched" in said(at)
    rows = rows_of(at)
    assert list(rows["Result"]) == ["finished", "finished", "pruned: It fell behind."]
    assert not any("est accuracy" in name for name in rows.columns)
    assert "Compare 2 runs" in link_labels(at)


def test_a_run_that_was_deleted_since_is_said(bench, dataset, folder, status):
    atomic.write_json(folder.status, status.to_json())
    delete.delete_runs(bench.settings, bench.registry, [status.trials[1].run_id])
    at = visit("train", dataset=dataset.id)
    assert "Its run was deleted." in said(at) and not at.exception
    assert not any(label.startswith("Compare 2") for label in link_labels(at))


def test_a_killed_search_offers_to_go_on(bench, dataset, folder, status, monkeypatch):
    started = []
    monkeypatch.setattr("core.jobs.background.start_process", lambda *arguments: started.append(arguments))
    running = SearchStatus(state="running", stage="Training", spent=60.0, minutes=5.0, trials=status.trials[:1])
    atomic.write_json(folder.status, running.to_json())
    at = visit("train", dataset=dataset.id)
    assert "The search was killed before it was done; its trials are kept. Go on with it." in said(at)
    at.button(key="search.on").click().run()
    assert len(started) == 1 and json.loads(folder.request.read_text())["go_on"]


def test_why_a_search_failed_is_one_sentence(dataset, folder):
    failed = SearchStatus(state="failed", message="No recipe fits into 6 s of training.", minutes=0.1)
    atomic.write_json(folder.status, failed.to_json())
    at = visit("train", dataset=dataset.id)
    assert [one.value.replace("\\", "") for one in at.warning] == ["No recipe fits into 6 s of training."]
