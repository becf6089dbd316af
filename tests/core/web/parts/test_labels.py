"""Sentences about runs, and the states of weights."""

from core.backbones.values import Availability
from core.runs.values import Status
from core.web.parts.labels import AVAILABILITY, run_sentence
from tests.factories import make_run


def test_every_state_of_weights_has_a_label():
    assert set(AVAILABILITY) == set(Availability)


def test_what_is_said_beside_the_badge_of_a_run_does_not_repeat_its_status():
    said = {
        Status.RUNNING: run_sentence(make_run(status=Status.RUNNING, epochs_done=3)),
        Status.SCHEDULED: run_sentence(make_run(status=Status.SCHEDULED)),
        Status.FAILED: run_sentence(make_run(status=Status.FAILED, epochs_done=3, reason="No space left.")),
        Status.KILLED: run_sentence(make_run(status=Status.KILLED, reason="Cancelled before it started.")),
    }
    assert said[Status.RUNNING].startswith("3 of ") and said[Status.SCHEDULED] == "It has not started yet."
    assert said[Status.FAILED].startswith("After 3 of 12 epochs. No space left")
    assert said[Status.KILLED].startswith("Cancelled before it started")
    assert not any(word in text for text in said.values() for word in ("Running", "Waiting", "Failed", "Stopped"))


def test_a_run_that_ended_early_says_so_and_why():
    run = make_run(
        status=Status.FINISHED, epochs_done=7, best_epoch=5, test_accuracy=0.9, test_low=0.8, test_high=0.95,
        wall_seconds=12.0, reason="Stopped after epoch 7 of 12.",
    )  # fmt: skip
    sentence = run_sentence(run)
    assert "; best epoch 5 of 7 (12 requested)." in sentence
    assert sentence.endswith("Stopped after epoch 7 of 12\\.")
