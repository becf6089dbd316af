"""Engines that adapt to how many photos come at once; exported files are tried in tests/keras."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from core.features import engines
from core.features.engines import SIDE_BY_SIDE_BYTES, AdaptiveEngine, memory_of, open_engine
from tests.tiny_lite import write_dense_network


class Slow:
    """An engine whose calls wait until they may go on."""

    name = "slow"
    made: list["Slow"] = []

    def __init__(self, path, threads=None, workers=1):
        self.threads, self.workers, self.calls = threads, workers, 0
        self.entered, self.go_on = threading.Semaphore(0), threading.Event()
        Slow.made.append(self)

    def __call__(self, photos):
        self.calls += 1
        self.entered.release()
        self.go_on.wait(10)
        return photos + 1


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.setattr(engines, "LiteRTEngine", Slow)
    monkeypatch.setattr(engines, "cores", lambda: 4)
    Slow.made = []
    path = tmp_path / "a.tflite"
    path.write_bytes(b"0" * 1000)
    return path


def test_a_photo_alone_has_all_cores_and_further_ones_at_the_same_time_have_one_each(file, monkeypatch):
    monkeypatch.setattr(engines, "CROWD_SECONDS", 60.0)
    engine = AdaptiveEngine(file)
    (alone,) = Slow.made
    assert alone.threads is None and engine.workers == 4
    found = []
    threads = [threading.Thread(target=lambda: found.append(engine(np.zeros(1)))) for _ in range(3)]
    threads[0].start()
    assert alone.entered.acquire(timeout=10)
    for thread in threads[1:]:
        thread.start()
    for _ in range(1000):
        if len(Slow.made) == 2:
            break
        threading.Event().wait(0.01)
    many = Slow.made[1]
    assert (many.threads, many.workers) == (1, 4)
    alone.go_on.set(), many.go_on.set()
    for thread in threads:
        thread.join()
    assert [one.tolist() for one in found] == [[1.0]] * 3
    assert alone.calls + many.calls == 3 and many.calls >= 1
    calls = alone.calls
    engine(np.zeros(1))
    assert alone.calls == calls, "others are expected"
    monkeypatch.setattr(engines.time, "monotonic", lambda now=time.monotonic: now() + 61)
    engine(np.zeros(1))
    assert alone.calls == calls + 1 and len(Slow.made) == 2, "alone again: with all cores"


def test_one_after_the_other_needs_no_second_engine(file):
    engine = open_engine(file)
    Slow.made[0].go_on.set()
    for _ in range(3):
        engine(np.zeros(1))
    assert len(Slow.made) == 1


def test_a_large_network_has_fewer_copies_or_none(file):
    with file.open("wb") as large:
        large.truncate(SIDE_BY_SIDE_BYTES // 5)
    assert AdaptiveEngine(file).workers == 2
    with file.open("wb") as larger:
        larger.truncate(SIDE_BY_SIDE_BYTES // 2)
    assert AdaptiveEngine(file).workers == 1
    assert memory_of(file) == pytest.approx(SIDE_BY_SIDE_BYTES, rel=0.05), "one interpreter"


def test_engines_of_a_fixed_number_of_workers_have_one_thread_each(file):
    open_engine(file, workers=3)
    assert [(one.threads, one.workers) for one in Slow.made] == [(1, 3)]


def test_a_file_that_was_deleted_with_one_of_its_runs_still_predicts_for_the_others(tmp_path):
    """Models with the same network share its engine, which was opened from the folder of one of them."""
    path = tmp_path / "prefix.tflite"
    write_dense_network(path, np.ones((12, 1)), np.zeros(1), side=2)
    engine, pixels = AdaptiveEngine(path), np.full((1, 2, 2, 3), 2.0, np.float32)
    path.unlink()
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: float(engine(pixels)[0, 0]), range(200)))
    assert found == [24.0] * 200
    engine._running = 1  # as if another photo were being computed now
    assert float(engine(pixels)[0, 0]) == 24.0
