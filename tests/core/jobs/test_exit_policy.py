"""What becomes of a run whose trainer is gone."""

import signal

import pytest

from core.jobs.exit_policy import (
    LOST_ATTEMPTS_ALLOWED,
    ExitCode,
    ExitRecord,
    TrainerExit,
    decide_outcome,
    read_exit_record,
    write_exit_record,
)
from core.jobs.supervisor import lost_attempts
from core.runs.values import Attempt, Cancel, Status


def record(code: int, reason: str = "") -> ExitRecord:
    return ExitRecord(attempt=1, code=code, outcome="ended", reason=reason)


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (ExitCode.CANCELLED, Status.KILLED),
        (ExitCode.FAILED, Status.FAILED),
        (ExitCode.INTERRUPTED, Status.SCHEDULED),
        (ExitCode.FINISHED, Status.FAILED),  # a finished trainer has ended its run itself; this one has not
        (77, Status.FAILED),
    ],
)
@pytest.mark.parametrize("watched", [True, False])
def test_the_exit_record_of_a_trainer_decides(code, status, watched):
    assert decide_outcome(TrainerExit(watched=watched, record=record(code))).status is status
    assert decide_outcome(TrainerExit(watched=watched, record=record(code), returncode=-9)).status is status


def test_the_exit_code_decides_where_there_is_no_record():
    assert decide_outcome(TrainerExit(watched=True, returncode=ExitCode.CANCELLED)).status is Status.KILLED
    assert decide_outcome(TrainerExit(watched=True, returncode=ExitCode.INTERRUPTED)).status is Status.SCHEDULED
    assert decide_outcome(TrainerExit(watched=True, returncode=0)).status is Status.FAILED


def test_the_reason_a_trainer_gives_is_the_reason_of_the_run():
    assert (
        decide_outcome(TrainerExit(watched=True, record=record(ExitCode.FAILED, "The loss became NaN."))).reason
        == "The loss became NaN."
    )


@pytest.mark.parametrize("watched", [True, False])
def test_a_killed_trainer_goes_on_whether_or_not_a_supervisor_saw_it(watched):
    code = -signal.SIGKILL if watched else None
    outcome = decide_outcome(TrainerExit(watched=watched, returncode=code, epochs_done=11))
    assert outcome.status is Status.SCHEDULED
    assert outcome.reason.endswith("It goes on at epoch 12.")
    assert ("perhaps because memory ran out" in outcome.reason) is watched


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_other_signals_from_outside_are_no_crash(number):
    assert decide_outcome(TrainerExit(watched=True, returncode=-number)).status is Status.SCHEDULED


def test_an_adopted_trainer_that_vanished_goes_on():
    assert decide_outcome(TrainerExit(watched=True, returncode=None)).status is Status.SCHEDULED


@pytest.mark.parametrize("returncode", [1, ExitCode.FAILED, None])
def test_a_full_disk_is_the_reason_of_a_trainer_that_could_not_write_its_own(returncode):
    outcome = decide_outcome(TrainerExit(watched=True, returncode=returncode, epochs_done=11, disk_full=True))
    assert outcome.status is Status.FAILED
    assert outcome.reason == "The disk was full. Free some space first. Resume to go on at epoch 12."


def test_a_crash_names_its_signal():
    outcome = decide_outcome(TrainerExit(watched=True, returncode=-signal.SIGSEGV))
    assert "signal 11, Segmentation fault" in outcome.reason
    assert outcome.reason.endswith("Resume to start again.")


def test_an_unknown_exit_code_quotes_the_log():
    outcome = decide_outcome(
        TrainerExit(watched=True, returncode=1, last_line="ModuleNotFoundError: No module named 'keras'")
    )
    assert "exit code 1" in outcome.reason
    assert "No module named 'keras'" in outcome.reason


def test_a_death_nobody_saw_puts_the_run_back_into_the_queue():
    outcome = decide_outcome(TrainerExit(watched=False, epochs_done=3))
    assert (outcome.status, outcome.reason) == (
        Status.SCHEDULED,
        "The trainer was cut off. It goes on at epoch 4.",
    )


@pytest.mark.parametrize(("watched", "returncode"), [(False, None), (True, -signal.SIGKILL), (True, None)])
def test_a_run_that_is_killed_again_and_again_without_an_epoch_is_given_up(watched, returncode):
    def outcome(lost: int):
        return decide_outcome(TrainerExit(watched=watched, returncode=returncode, lost_attempts=lost))

    assert outcome(LOST_ATTEMPTS_ALLOWED - 1).status is Status.SCHEDULED
    assert outcome(LOST_ATTEMPTS_ALLOWED).status is Status.FAILED
    assert "4 times in a row" in outcome(LOST_ATTEMPTS_ALLOWED).reason


def test_an_interrupted_run_waits_again_however_it_died():
    for returncode in (None, -signal.SIGTERM, -signal.SIGKILL, ExitCode.INTERRUPTED):
        assert (
            decide_outcome(TrainerExit(watched=True, returncode=returncode, interrupted=True)).status
            is Status.SCHEDULED
        )


@pytest.mark.parametrize("returncode", [None, -signal.SIGTERM, -signal.SIGKILL, ExitCode.INTERRUPTED])
def test_a_run_cancelled_now_is_killed_however_it_died(returncode):
    assert decide_outcome(TrainerExit(watched=True, returncode=returncode, cancel=Cancel.NOW)).status is Status.KILLED


def test_a_cancelled_run_that_died_unseen_is_not_started_again():
    assert decide_outcome(TrainerExit(watched=False, cancel=Cancel.AFTER_EPOCH)).status is Status.KILLED
    assert (
        decide_outcome(TrainerExit(watched=False, record=record(ExitCode.INTERRUPTED), cancel=Cancel.NOW)).status
        is Status.KILLED
    )


def test_a_run_killed_before_the_epoch_to_stop_after_is_not_started_again():
    ended = TrainerExit(watched=True, returncode=-signal.SIGKILL, cancel=Cancel.AFTER_EPOCH)
    assert decide_outcome(ended).status is Status.KILLED


def test_a_crash_before_the_epoch_to_stop_after_is_still_a_crash():
    ended = TrainerExit(watched=True, returncode=-signal.SIGSEGV, cancel=Cancel.AFTER_EPOCH)
    assert decide_outcome(ended).status is Status.FAILED


def attempts(*rows: tuple[str, int]) -> list[Attempt]:
    return [
        Attempt(run_id="r", number=number, slot="cpu", started_at=0.0, outcome=outcome, first_epoch=first)
        for number, (outcome, first) in enumerate(rows, start=1)
    ]


def test_lost_attempts_are_counted_since_the_last_new_epoch_only():
    lost = ("INTERRUPTED", 3)
    assert lost_attempts(attempts(("", 3)), epochs_done=2) == 0
    assert lost_attempts(attempts(lost, lost, ("", 3)), epochs_done=2) == 2
    assert lost_attempts(attempts(("INTERRUPTED", 1), lost, ("", 3)), epochs_done=2) == 1
    assert lost_attempts(attempts(lost, lost, ("", 3)), epochs_done=5) == 0
    assert lost_attempts(attempts(lost, ("FAILED", 3), lost, ("", 3)), epochs_done=2) == 1


def test_an_exit_record_is_read_by_its_own_attempt_only(tmp_path):
    write_exit_record(tmp_path / "exit.json", 2, ExitCode.FAILED, "failed", "No space.")
    assert read_exit_record(tmp_path / "exit.json", 2) == ExitRecord(
        attempt=2, code=4, outcome="failed", reason="No space."
    )
    assert read_exit_record(tmp_path / "exit.json", 3) is None
    assert [path.name for path in tmp_path.iterdir()] == ["exit.json"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"attempt": 1}', '{"attempt": 1, "code": null, "outcome": ""}'])
def test_a_torn_exit_record_is_none(tmp_path, text):
    (tmp_path / "exit.json").write_text(text)
    assert read_exit_record(tmp_path / "exit.json", 1) is None


def test_a_limit_is_the_reason_however_the_trainer_ended_unless_it_says_more_or_is_cancelled():
    limit = "Ended by the time limit."
    for how in ({"record": record(ExitCode.INTERRUPTED)}, {"returncode": -signal.SIGKILL}, {"returncode": None}):
        outcome = decide_outcome(TrainerExit(watched=True, limit=limit, epochs_done=2, **how))
        assert outcome.status is Status.FAILED
        assert outcome.reason == "Ended by the time limit. Resume to go on at epoch 3."
    own = TrainerExit(watched=True, limit=limit, record=record(ExitCode.FAILED, "The loss became NaN."))
    assert decide_outcome(own).reason == "The loss became NaN."
    cancelled = TrainerExit(watched=True, limit=limit, returncode=-signal.SIGKILL, cancel=Cancel.NOW)
    assert decide_outcome(cancelled).status is Status.KILLED
