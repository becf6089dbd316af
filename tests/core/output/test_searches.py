"""A search in sentences and as JSON."""

import pytest

from core.output.searches import best_run, optimism_sentence, search_json, search_sentence, trial_text
from core.runs.values import Status
from core.searching.values import SearchStatus, TrialState
from tests.core.searching.test_values import trial


@pytest.fixture
def status(filled):
    first, second, *_ = filled.with_status(Status.FINISHED)
    trials = (trial(1, run_id=first.id, accuracy=0.75), trial(2, run_id=second.id, accuracy=0.9))
    return SearchStatus(state="ready", message="The budget is spent.", spent=95.0, minutes=1.5, trials=trials)


def test_the_validation_figure_of_the_best_is_called_optimistic_beside_its_test_figure(status, filled, registry):
    run = best_run(status, registry)
    assert run.id == status.trials[1].run_id
    sentence = optimism_sentence(status, filled.dataset, run)
    assert "optimistic: the highest of 2 trials on the same 12 validation photos." in sentence
    assert f"measured once and not used by the search, is {100 * run.test_accuracy:.0f} %" in sentence


def test_one_trial_was_not_chosen_and_a_deleted_run_is_said(status, filled):
    only = SearchStatus(state="ready", trials=status.trials[:1])
    assert optimism_sentence(only, filled.dataset, None) == (
        "It is the only trial that was measured, on 12 validation photos. Its run was deleted."
    )
    assert optimism_sentence(SearchStatus(state="none"), filled.dataset, None) == ""


def test_json_has_the_test_figure_of_the_best_run_alone(status, filled, registry):
    found = search_json(filled.dataset, status, registry)
    assert found["best"] == 2 and found["best_run"] == status.trials[1].run_id
    assert found["summary"] == "2 trials, 1 min 35 s of 1 min 30 s of training time spent. The budget is spent."
    assert found["test_accuracy"] == best_run(status, registry).test_accuracy
    assert not any("test" in key for one in found["status"]["trials"] for key in one)


def test_before_there_is_one():
    assert search_sentence(SearchStatus(state="none")) == "There was no search yet."


def test_what_became_of_a_trial():
    assert trial_text(trial(reused=True)) == "an earlier run"
    assert trial_text(trial(state=TrialState.PRUNED, reason="It fell behind.")) == "pruned: It fell behind."
