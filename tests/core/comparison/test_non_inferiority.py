"""Non-inferiority: a loss beyond the limit must be excluded; not finding a difference is not enough."""

import numpy as np
import pytest

from core.comparison.non_inferiority import Replacement, non_inferiority, replacement_sentence
from core.errors import InvalidInput
from core.runs.predictions import Predictions


def predictions(run_id: str, right: list[bool] | np.ndarray) -> Predictions:
    right = np.asarray(right)
    labels = np.zeros(len(right), np.int64)
    probabilities = np.where(right[:, None], [0.9, 0.1], [0.1, 0.9])
    digests = tuple(f"{number:06}" for number in range(len(right)))
    return Predictions(run_id=run_id, digests=digests, labels=labels, probabilities=probabilities)


def pair(n: int, only_candidate: int, only_reference: int):
    """A candidate and a reference that disagree on so many of n photos."""
    both = n - only_candidate - only_reference
    candidate = [True] * both + [True] * only_candidate + [False] * only_reference
    reference = [True] * both + [False] * only_candidate + [True] * only_reference
    return predictions("small", candidate), predictions("large", reference)


def test_equal_predictions_on_many_photos_are_not_worse():
    found = non_inferiority(*pair(2000, 0, 0))
    assert found.outcome is Replacement.NOT_WORSE and found.low > -0.01 and found.difference == 0


def test_equal_predictions_on_few_photos_prove_nothing():
    found = non_inferiority(*pair(30, 0, 0))
    assert found.outcome is Replacement.OPEN and found.low < -0.01
    assert found.photos_needed is not None and found.photos_needed > 30
    assert non_inferiority(*pair(found.photos_needed * 3, 0, 0)).outcome is Replacement.NOT_WORSE


def test_a_difference_that_is_not_significant_is_not_called_not_worse():
    found = non_inferiority(*pair(200, 3, 6))
    assert found.low < 0 < found.high and found.outcome is Replacement.OPEN


def test_a_loss_beyond_the_limit_is_worse_and_no_number_of_photos_would_help():
    found = non_inferiority(*pair(400, 2, 40))
    assert found.outcome is Replacement.WORSE and found.high < 0 and found.photos_needed is None


def test_a_loss_that_is_certain_but_within_the_limit_is_allowed():
    found = non_inferiority(*pair(20_000, 10, 60), most_loss=0.01)
    assert found.high < 0 and found.outcome is Replacement.NOT_WORSE


def test_several_candidates_are_held_to_a_wider_interval():
    alone, several = (non_inferiority(*pair(1000, 4, 7), comparisons=number) for number in (1, 3))
    assert several.low < alone.low and several.high > alone.high


def test_wrongly_called_not_worse_at_most_in_one_of_forty_cases():
    """A candidate that loses exactly the limit: the lower end of a 95 % interval is above it in at most 2.5 %."""
    rng, wrong, rounds, n = np.random.default_rng(0), 0, 800, 500
    for _ in range(rounds):
        only = rng.multinomial(n, [0.02, 0.05, 0.93])
        wrong += non_inferiority(*pair(n, only[0], only[1]), most_loss=0.03).outcome is Replacement.NOT_WORSE
    assert wrong / rounds < 0.04


@pytest.mark.parametrize("loss", [0.0, 1.0, -0.1])
def test_a_limit_that_is_no_loss_is_refused(loss):
    with pytest.raises(InvalidInput, match="above 0 and below 100 points"):
        non_inferiority(*pair(30, 0, 0), most_loss=loss)


def test_sentences_name_both_models_the_limit_and_the_interval():
    names = {"small": "int8", "large": "Lite0"}
    told = [
        replacement_sentence(non_inferiority(*pair(*counts)), names)
        for counts in ((2000, 0, 0), (400, 2, 40), (300, 3, 4))
    ]
    assert told[0].startswith("int8 is not worse than Lite0 by more than 1 point: -0.")
    assert told[1].startswith("int8 is worse than Lite0: it loses 9.5 points")
    assert told[2].startswith("300 test photos cannot show that int8 loses at most 1 point of Lite0")
    assert "could show it" in told[2]
