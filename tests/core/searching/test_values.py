"""A search as values."""

import json

import pytest

from core.errors import InvalidInput
from core.searching.values import SearchStatus, SearchTrial, TrialState, checked_search


def trial(number=1, **changes):
    values = {"run_id": f"r-{number:08d}", "name": f"Recipe {number}", "proposed": "Optuna", "forecast": 10.0}
    return SearchTrial(number=number, **({"state": TrialState.FINISHED, "accuracy": 0.8} | values | changes))


def test_the_best_is_the_highest_on_validation_then_the_cheapest_then_the_first():
    trials = (trial(1), trial(2, accuracy=0.9, forecast=60.0), trial(3, accuracy=0.9), trial(4, accuracy=0.9))
    unfinished = trial(5, accuracy=0.99, state=TrialState.PRUNED)
    assert SearchStatus(state="ready", trials=(*trials, unfinished)).best == trials[2]
    assert SearchStatus(state="ready", trials=(unfinished,)).best is None


def test_a_status_survives_its_file():
    status = SearchStatus(state="running", stage="Training", spent=3.5, minutes=5.0, trials=(trial(), trial(2)))
    assert SearchStatus.from_json(json.loads(json.dumps(status.to_json()))) == status


def test_only_trials_with_an_accuracy_were_chosen_among():
    failed = trial(2, accuracy=None, state=TrialState.FAILED)
    assert SearchStatus(state="ready", trials=(trial(), failed)).judged == 1


@pytest.mark.parametrize("minutes", [0, -1, float("nan"), float("inf"), 1e9])
def test_minutes_that_cannot_be_spent(minutes):
    with pytest.raises(InvalidInput, match="A search needs a positive number of minutes.*Received: --minutes="):
        checked_search(minutes, None, ("--minutes", "--trials"))


@pytest.mark.parametrize("trials", [0, -3, 1001])
def test_trials_that_cannot_be_done(trials):
    with pytest.raises(InvalidInput, match=f"1 to 1,000 trials. Received: trials={trials}"):
        checked_search(5, trials)
