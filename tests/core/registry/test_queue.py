"""How runs wait, start and end."""

import pytest

from core.errors import Conflict, InvalidInput, NotFound
from core.registry.queue import INTERRUPTED
from core.runs.values import Cancel, Status
from tests.factories import make_cost, make_dataset, make_epochs, make_evaluation, make_model, make_photos, make_run


@pytest.fixture
def waiting(registry):
    """A registry with the runs r-1 to r-5 waiting."""
    registry.add_dataset(make_dataset(), make_photos())
    for number in range(1, 6):
        registry.add_run(make_run(number, id=f"r-{number}"))
    return registry


def order(registry) -> str:
    return "".join(run.id[-1] for run in registry.queue())


def test_runs_start_in_the_order_they_were_added(waiting):
    assert order(waiting) == "12345"
    assert [waiting.claim("cpu", "me").id for _ in range(5)] == ["r-1", "r-2", "r-3", "r-4", "r-5"]
    assert waiting.claim("cpu", "me") is None


def test_a_higher_priority_starts_first_and_within_one_the_order_stays(waiting):
    waiting.set_priority("r-4", 5)
    waiting.set_priority("r-2", 5)
    waiting.set_priority("r-1", -1)
    assert order(waiting) == "24351"
    assert waiting.claim("cpu", "me").id == "r-2"


@pytest.mark.parametrize(
    ("moved", "before", "expected"),
    [("r-5", "r-1", "51234"), ("r-1", "r-5", "23415"), ("r-2", None, "13452"), ("r-3", "r-2", "13245"),
     ("r-1", "r-2", "12345"), ("r-3", "r-3", "12345"), ("r-5", None, "12345")],
)  # fmt: skip
def test_a_waiting_run_can_be_moved(waiting, moved, before, expected):
    waiting.move(moved, before=before)
    assert order(waiting) == expected


def test_a_moved_run_takes_the_priority_of_its_new_place(waiting):
    waiting.set_priority("r-4", 5)
    waiting.set_priority("r-3", 5)
    waiting.move("r-1", before="r-4")
    assert order(waiting) == "31425"
    assert waiting.run("r-1").priority == 5
    waiting.move("r-3")
    assert order(waiting) == "14253"
    assert waiting.run("r-3").priority == 0


def test_many_moves_never_lose_the_order(waiting):
    expected = list("12345")
    for step in range(200):
        moved, before = expected[step % 5], expected[(step * 3 + 1) % 5]
        waiting.move(f"r-{moved}", before=f"r-{before}")
        if moved != before:
            expected.remove(moved)
            expected.insert(expected.index(before), moved)
    assert order(waiting) == "".join(expected)


def test_a_run_added_after_moves_is_the_last_one(waiting):
    waiting.move("r-1")
    waiting.add_run(make_run(6, id="r-6"))
    assert order(waiting) == "234516"


def test_only_waiting_runs_have_a_place_in_the_queue(waiting):
    waiting.claim("cpu", "me")
    for change in (
        lambda: waiting.move("r-1"),
        lambda: waiting.move("r-2", before="r-1"),
        lambda: waiting.set_priority("r-1", 2),
    ):
        with pytest.raises(Conflict, match=r"r-1 does not wait any more \(RUNNING\)"):
            change()
    with pytest.raises(NotFound):
        waiting.move("r-none")


def test_a_claimed_run_is_running_with_a_new_attempt(waiting):
    run = waiting.claim("GPU-7", "supervisor 1")
    assert (run.status, run.attempt, run.slot) == (Status.RUNNING, 1, "GPU-7")
    assert run.started_at is not None
    assert waiting.run(run.id) == run
    (attempt,) = waiting.attempts(run.id)
    assert (attempt.number, attempt.slot, attempt.first_epoch, attempt.outcome) == (1, "GPU-7", 1, "")
    assert (attempt.started_at, attempt.ended_at) == (run.started_at, None)
    assert waiting.running_attempts() == [attempt]


def test_the_first_ending_wins(waiting):
    waiting.claim("cpu", "me")
    assert waiting.end("r-1", 1, Status.FAILED, "It broke.")
    assert not waiting.end("r-1", 1, Status.KILLED, "Too late.")
    run = waiting.run("r-1")
    assert (run.status, run.reason) == (Status.FAILED, "It broke.")
    assert run.ended_at >= run.started_at
    assert [(a.outcome, a.ended_at) for a in waiting.attempts("r-1")] == [("FAILED", run.ended_at)]
    assert waiting.running_attempts() == []


def test_a_waiting_or_unknown_run_cannot_be_ended_by_an_attempt(waiting):
    assert not waiting.end("r-1", 0, Status.FAILED)
    assert not waiting.end("r-none", 1, Status.FAILED)
    assert waiting.run("r-1").status == Status.SCHEDULED


def test_a_run_ends_only_in_an_ending(waiting):
    waiting.claim("cpu", "me")
    with pytest.raises(InvalidInput, match="Received: RUNNING"):
        waiting.end("r-1", 1, Status.RUNNING)


def test_a_fenced_attempt_is_told_so_whatever_it_does(waiting):
    waiting.claim("cpu", "me")
    waiting.requeue("r-1", 1)
    assert waiting.claim("cpu", "me").attempt == 2
    assert not waiting.end("r-1", 1, Status.FAILED)
    assert not waiting.requeue("r-1", 1)
    run = waiting.run("r-1")
    results = {"evaluation": make_evaluation(), "cost": make_cost(), "model": make_model(run), "best_epoch": 1}
    for write in (
        lambda: waiting.record_epoch("r-1", 1, make_epochs(1)[0]),
        lambda: waiting.record_spent("r-1", 1, {"wall_seconds": 1.0}),
        lambda: waiting.finish("r-1", 1, **results),
    ):
        with pytest.raises(Conflict, match=r"Attempt 1 of run r-1 is over: the run is RUNNING \(attempt 2\)"):
            write()
    assert waiting.run("r-1") == run
    assert waiting.models() == []
    assert waiting.epochs("r-1") == []
    waiting.finish("r-1", 2, **results)
    assert waiting.run("r-1").status == Status.FINISHED


def test_a_trainer_whose_run_was_ended_is_told_so(waiting):
    waiting.claim("cpu", "me")
    waiting.end("r-1", 1, Status.KILLED)
    with pytest.raises(Conflict, match="KILLED"):
        waiting.record_epoch("r-1", 1, make_epochs(1)[0])
    with pytest.raises(NotFound):
        waiting.record_epoch("r-none", 1, make_epochs(1)[0])


def test_an_interrupted_run_goes_back_to_its_place_and_a_resumed_one_to_the_end(waiting):
    waiting.claim("cpu", "me")
    waiting.claim("cpu", "me")
    waiting.end("r-2", 1, Status.FAILED, "It broke.")
    assert waiting.requeue("r-1", 1, "The power went.")
    assert waiting.requeue("r-2")
    assert order(waiting) == "13452"
    run = waiting.run("r-1")
    assert (run.status, run.reason, run.slot, run.ended_at) == (Status.SCHEDULED, "The power went.", None, None)
    assert [attempt.outcome for attempt in waiting.attempts("r-1")] == [INTERRUPTED]
    assert waiting.attempts("r-1")[0].ended_at is not None
    assert [attempt.outcome for attempt in waiting.attempts("r-2")] == ["FAILED"]


def test_a_resumed_run_goes_on_at_its_next_epoch_and_forgets_that_it_was_cancelled(waiting):
    first_start = waiting.claim("cpu", "me").started_at
    for epoch in make_epochs(3):
        waiting.record_epoch("r-1", 1, epoch)
    waiting.request_cancel("r-1", Cancel.NOW)
    waiting.end("r-1", 1, Status.KILLED, "Cancelled.")
    assert waiting.requeue("r-1")
    for _ in range(4):
        waiting.claim("cpu", "me")
    run = waiting.claim("cpu", "me")
    assert (run.id, run.attempt, run.cancel, run.reason, run.started_at) == ("r-1", 2, None, "", first_start)
    assert waiting.end("r-1", 2, Status.FAILED, "It broke.")
    first, second = waiting.attempts("r-1")
    assert (first.first_epoch, first.outcome, second.first_epoch, second.outcome) == (1, "KILLED", 4, "FAILED")
    assert first.ended_at <= second.started_at


def test_finished_and_waiting_runs_do_not_go_back_into_the_queue(waiting):
    assert not waiting.requeue("r-2")
    run = waiting.claim("cpu", "me")
    waiting.finish("r-1", 1, evaluation=make_evaluation(), cost=make_cost(), model=make_model(run), best_epoch=1)
    assert not waiting.requeue("r-1")
    with pytest.raises(NotFound):
        waiting.requeue("r-none")


def test_a_waiting_run_is_killed_at_once_when_cancelled(waiting):
    run = waiting.request_cancel("r-3", Cancel.AFTER_EPOCH)
    assert (run.status, run.reason) == (Status.KILLED, "Cancelled before it started.")
    assert run.ended_at is not None
    assert order(waiting) == "1245"


def test_a_running_run_learns_what_was_asked_and_now_is_not_softened(waiting):
    waiting.claim("cpu", "me")
    assert waiting.cancel_requested("r-1") is None
    waiting.request_cancel("r-1", Cancel.AFTER_EPOCH)
    assert waiting.cancel_requested("r-1") is Cancel.AFTER_EPOCH
    waiting.request_cancel("r-1", Cancel.NOW)
    waiting.request_cancel("r-1", Cancel.AFTER_EPOCH)
    assert waiting.cancel_requested("r-1") is Cancel.NOW
    assert waiting.run("r-1").status == Status.RUNNING


def test_there_is_nothing_to_cancel_in_an_ended_or_unknown_run(waiting):
    waiting.request_cancel("r-1", Cancel.NOW)
    with pytest.raises(Conflict, match=r"already ended \(KILLED\)"):
        waiting.request_cancel("r-1", Cancel.NOW)
    with pytest.raises(NotFound):
        waiting.request_cancel("r-none", Cancel.NOW)
    with pytest.raises(NotFound):
        waiting.cancel_requested("r-none")


def test_a_trainer_that_goes_on_gets_the_next_run_only_if_nobody_else_took_it(waiting):
    process = {"pid": 7, "boot": "0b5c"}
    assert waiting.next_run("cpu").id == "r-1"
    assert waiting.claim_next("r-2", 0, "cpu", "me", process) is None, "it is not the next one"
    assert waiting.claim_next("r-1", 1, "cpu", "me", process) is None, "it was claimed meanwhile"
    assert waiting.claim_next("r-1", 0, "cpu", "me", process).attempt == 1
    assert waiting.next_run("cpu").id == "r-2"
    assert waiting.run_of_process({"pid": 7}) == ("r-1", 1)
    waiting.end("r-1", 1, Status.FAILED, "It broke.")
    assert waiting.run_of_process({"pid": 7}) is None
    for _ in range(4):
        waiting.claim("cpu", "me")
    assert waiting.next_run("cpu") is None
