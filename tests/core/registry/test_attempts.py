"""Attempts: who runs them and what they spent."""

import pytest

from core.errors import NotFound
from core.runs.values import Status


def test_what_attempts_spent_is_kept_and_summed_up_when_they_end(running):
    running.record_spent("r-1", 1, {"wall_seconds": 3.0, "cpu_seconds": 5.0})
    running.record_spent("r-1", 1, {"wall_seconds": 4.0, "cpu_seconds": 7.0, "stages": {"Training": 1.5}})
    assert running.spent("r-1") == []
    assert running.run("r-1").wall_seconds is None
    running.requeue("r-1", 1)
    assert running.spent("r-1") == [{"wall_seconds": 4.0, "cpu_seconds": 7.0, "stages": {"Training": 1.5}}]
    assert running.run("r-1").wall_seconds == 4.0
    running.claim("cpu", "me")
    running.record_spent("r-1", 2, {"wall_seconds": 2.5})
    assert len(running.spent("r-1")) == 1
    running.end("r-1", 2, Status.FAILED, "It broke.")
    assert running.run("r-1").wall_seconds == 6.5
    assert [spent["wall_seconds"] for spent in running.spent("r-1")] == [4.0, 2.5]


def test_an_attempt_that_said_nothing_about_its_cost_is_not_guessed(running):
    running.end("r-1", 1, Status.FAILED, "It broke.")
    assert running.run("r-1").wall_seconds is None
    assert running.spent("r-1") == []


def test_the_stages_of_a_run_are_summed_up_over_its_attempts_while_it_runs(running):
    assert running.stages_of(["r-1", "r-unknown"]) == {"r-1": {}, "r-unknown": {}}
    running.record_spent("r-1", 1, {"wall_seconds": 4.0, "stages": {"Loading": 2.0, "Training": 1.5}})
    assert running.stages_of(["r-1"]) == {"r-1": {"Loading": 2.0, "Training": 1.5}}
    running.requeue("r-1", 1)
    running.claim("cpu", "me")
    running.record_spent("r-1", 2, {"wall_seconds": 2.5})
    running.record_spent("r-1", 2, {"wall_seconds": 3.5, "stages": {"Loading": 3.0, "Computing features": 0.5}})
    assert list(running.stages_of(["r-1"])["r-1"].items()) == [
        ("Loading", 5.0), ("Computing features", 0.5), ("Training", 1.5),
    ]  # fmt: skip


def test_who_runs_an_attempt_is_remembered(running):
    assert running.process("r-1", 1) is None
    identity = {"pid": 123, "started": 456789, "boot": "0b5c"}
    running.record_process("r-1", 1, identity)
    assert running.process("r-1", 1) == identity
    assert running.process("r-1", 2) is None
    with pytest.raises(NotFound, match="no attempt 2"):
        running.record_process("r-1", 2, identity)


def test_the_running_attempts_are_those_of_running_runs_only(running):
    running.claim("GPU-1", "me")
    assert [(a.run_id, a.number, a.slot) for a in running.running_attempts()] == [
        ("r-1", 1, "cpu"),
        ("r-2", 1, "GPU-1"),
    ]
    running.requeue("r-1", 1)
    running.end("r-2", 1, Status.FAILED)
    running.claim("cpu", "me")
    assert [(a.run_id, a.number) for a in running.running_attempts()] == [("r-1", 2)]


def test_what_several_runs_spent_is_told_by_run(running):
    running.record_spent("r-1", 1, {"wall_seconds": 3.0})
    assert running.spent_by_run(["r-1", "r-2"]) == {}, "it runs still"
    running.requeue("r-1", 1)
    assert running.spent_by_run(["r-1", "r-2", "r-unknown"]) == {"r-1": [{"wall_seconds": 3.0}]}
