"""Which models are in memory."""

import hashlib
import shutil
import threading
import time

import pytest

from core.errors import Unavailable
from core.serving.memory import ModelMemory
from tests.fake_engine import FakeEngine, a_model, hot, use_fake_engines


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    use_fake_engines(monkeypatch)


def test_a_model_is_loaded_and_hashed_once_and_the_least_used_leaves_memory(tmp_path, monkeypatch):
    folders = [
        a_model(tmp_path, f"r-{number}", prefix=f"prefix {number}", head=f"head {number}") for number in range(4)
    ]
    hashed = []
    monkeypatch.setattr(
        "core.files.atomic.file_digest", lambda file, kind: hashed.append(file.name) or hashlib.file_digest(file, kind)
    )
    one = ModelMemory().load(folders[0])
    memory = ModelMemory(limit_bytes=3 * sum(one.memory.values()))
    first = memory.load(folders[0])
    assert memory.load(folders[0]) is first and len(hashed) == 2
    second = memory.load(folders[1])
    memory.load(folders[2])
    assert memory.load(folders[0]) is first, "it is used again"
    memory.load(folders[3])
    assert len(memory) == 3 and memory.used_bytes <= memory.limit_bytes
    assert memory.load(folders[0]) is first
    assert memory.load(folders[1]) is not second
    assert len(hashed) == 8, "what left memory is not hashed again"


def test_a_model_that_is_larger_than_the_memory_is_kept_alone(tmp_path):
    memory = ModelMemory(limit_bytes=1)
    first = memory.load(a_model(tmp_path, "r-1", prefix="prefix one"))
    assert memory.load(tmp_path / "r-1" / "model") is first
    memory.load(a_model(tmp_path, "r-2", prefix="prefix two"))
    assert len(memory) == 1


def test_a_network_that_models_share_counts_once(tmp_path):
    memory = ModelMemory()
    alone = sum(memory.load(a_model(tmp_path, "r-1")).memory.values())
    memory.load(a_model(tmp_path, "r-2", head="head two"))
    assert memory.used_bytes == pytest.approx(1.5 * alone, rel=0.01), "one network and two heads"


def test_a_file_exchanged_while_its_model_is_in_memory_is_noticed(tmp_path):
    memory, folder = ModelMemory(), a_model(tmp_path)
    memory.load(folder)
    (folder / "prefix.tflite").write_text("prefix exchanged")
    with pytest.raises(Unavailable, match=r"prefix\.tflite of the model of run r-1 was changed"):
        memory.load(folder)


def test_a_card_that_changed_is_read_again_and_the_network_stays_in_memory(tmp_path):
    memory, folder = ModelMemory(), a_model(tmp_path)
    first = memory.load(folder)
    hot(folder, 2.0)
    second = memory.load(folder)
    assert (first.temperature, second.temperature) == (1.0, 2.0) and len(memory) == 1
    assert FakeEngine.made.count("prefix") == 1
    assert memory.load(folder) is second


def test_the_card_of_a_model_in_memory_is_not_read_again(tmp_path, monkeypatch):
    memory, folder = ModelMemory(), a_model(tmp_path)
    first = memory.load(folder)
    monkeypatch.setattr("core.serving.memory.read_model", lambda folder: pytest.fail("nothing changed"))
    assert memory.load(folder) is first


def test_a_model_that_was_deleted_meanwhile_is_said_and_leaves_memory(tmp_path):
    memory, folder = ModelMemory(), a_model(tmp_path)
    memory.load(folder)
    shutil.rmtree(folder)
    with pytest.raises(Unavailable, match=r"The files of the model of run r-1 are gone\. Train it again\."):
        memory.load(folder)
    assert len(memory) == 0


def test_many_threads_load_a_model_once(tmp_path):
    memory, folder, answers = ModelMemory(), a_model(tmp_path), []
    threads = [threading.Thread(target=lambda: answers.append(memory.load(folder))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 8 and len(set(map(id, answers))) == 1
    assert FakeEngine.made.count("prefix") == 1


def test_a_model_that_loads_slowly_delays_no_other(tmp_path, monkeypatch):
    memory = ModelMemory()
    fast, slow = a_model(tmp_path, "r-fast"), a_model(tmp_path, "r-slow", prefix="prefix slow")
    started, go_on = threading.Event(), threading.Event()
    honest = FakeEngine.__init__

    def waits(self, path, **options):
        if path.parent.parent.name == "r-slow":
            started.set()
            go_on.wait(10)
        honest(self, path, **options)

    monkeypatch.setattr(FakeEngine, "__init__", waits)
    loading = threading.Thread(target=memory.load, args=(slow,))
    loading.start()
    assert started.wait(10)
    begin = time.monotonic()
    assert memory.load(fast) and time.monotonic() - begin < 5 and len(memory) == 1
    go_on.set()
    loading.join()
    assert len(memory) == 2
