"""The cost of a running attempt is recorded while it runs."""

import time

from core.errors import Conflict, Unavailable
from core.training.recording import CostRecorder


def test_it_is_recorded_at_once_and_again_until_the_block_ends():
    times: list[float] = []
    with CostRecorder(lambda: times.append(time.monotonic()), every=0.02):
        while len(times) < 3:
            time.sleep(0.005)
    recorded = len(times)
    time.sleep(0.06)
    assert len(times) == recorded


def test_a_registry_that_cannot_be_written_now_is_tried_again_and_another_attempt_is_left_alone():
    calls: list[int] = []

    def record() -> None:
        calls.append(1)
        raise Unavailable("locked") if len(calls) < 3 else Conflict("over")

    with CostRecorder(record, every=0.01) as recorder:
        recorder._thread.join(timeout=5)
    assert len(calls) == 3
