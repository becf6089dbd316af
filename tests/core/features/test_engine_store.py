"""Exported engine files beyond the limit go, the longest unused first, and never one that a process still needs."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from core.features import engines
from core.features.engine_store import engines_folder, evict_engines, notes_of, stored_engines, use_lock
from core.features.engines import engine_file, engine_path, is_exported, open_engine
from core.files.atomic import digest_of
from core.files.locks import acquire
from core.runs.costs import Spent
from core.settings import REPOSITORY, Settings
from tests import tiny_tokens
from tests.tiny_lite import write_dense_network

WEIGHTS = np.ones((12, 1))


def keep(settings: Settings, path: Path, used_at: float) -> Path:
    """As an export leaves it; the network adds up 12 pixels."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_dense_network(path, WEIGHTS, np.zeros(1), side=2)
    notes = {"digest": digest_of(path), "cost": vars(Spent()), "error": 0.0, "refused": ""}
    notes_of(path).write_text(json.dumps(notes))
    os.utime(notes_of(path), (used_at, used_at))
    return path


def named(settings: Settings, name: str) -> Path:
    return engines_folder(settings) / f"{name}.tflite"


@pytest.fixture
def size(tmp_path):
    write_dense_network(tmp_path / "a.tflite", WEIGHTS, np.zeros(1), side=2)
    return (tmp_path / "a.tflite").stat().st_size


@pytest.fixture
def two(tmp_path, size):
    return Settings(home=tmp_path / "home", engines_limit_bytes=2 * size)


def names(settings: Settings) -> list[str]:
    return sorted(path.name for path in engines_folder(settings).iterdir())


def test_only_the_longest_unused_file_goes_and_its_notes_with_it(two, size):
    for age, name in enumerate("abc"):
        keep(two, named(two, name), used_at=1000 - age)
    assert evict_engines(two) == size
    assert names(two) == ["a.json", "a.tflite", "b.json", "b.tflite"]
    assert evict_engines(two) == 0, "within the limit"


def test_a_file_that_a_model_has_linked_takes_no_space_and_stays_until_the_model_is_deleted(two, size, tmp_path):
    settings = Settings(home=two.home, engines_limit_bytes=0)
    path = keep(settings, named(settings, "a"), used_at=1)
    os.link(path, tmp_path / "prefix.tflite")
    assert (stored_engines(settings), evict_engines(settings)) == ((), 0) and path.exists()
    (tmp_path / "prefix.tflite").unlink()
    assert evict_engines(settings) == size and not path.exists()


def test_what_is_in_use_stays(two, size):
    settings = Settings(home=two.home, engines_limit_bytes=0)
    path = keep(settings, named(settings, "a"), used_at=1)
    reader = acquire(use_lock(path, settings), shared=True)
    assert evict_engines(settings) == 0 and path.exists()
    reader.release()
    assert evict_engines(settings) == size and not path.exists()


def test_a_killed_eviction_leaves_a_file_that_is_not_believed_and_goes_first(two):
    keep(two, named(two, "old"), used_at=1)
    notes_of(keep(two, named(two, "half"), used_at=2)).unlink()
    keep(two, named(two, "new"), used_at=3)
    evict_engines(two)
    assert names(two) == ["new.json", "new.tflite", "old.json", "old.tflite"]


def test_that_a_network_cannot_be_exported_is_kept_known(two):
    settings = Settings(home=two.home, engines_limit_bytes=0)
    engines_folder(settings).mkdir(parents=True)
    notes_of(named(settings, "a")).write_text(json.dumps({"refused": "LiteRT cannot run it."}))
    evict_engines(settings)
    assert names(settings) == ["a.json"]


def test_using_a_file_saves_it_from_eviction_and_an_evicted_one_has_to_be_exported_again(two, monkeypatch):
    backbone = tiny_tokens.added(two, "vit")
    old = keep(two, engine_path(backbone, two), used_at=1)
    for name in "bc":
        keep(two, named(two, name), used_at=2)
    used = engine_file(backbone, two)
    evict_engines(two)
    assert used.path == old and old.exists() and len(stored_engines(two)) == 2
    del used
    os.utime(notes_of(old), (0, 0))
    keep(two, named(two, "d"), used_at=3)
    evict_engines(two)
    assert not is_exported(backbone, two), "the plan of the next run has the time of the export in it"
    monkeypatch.setattr(engines, "_export", lambda backbone, settings, cut, path: _write(path))
    assert engine_file(backbone, two).path.exists(), "the new one is in use, whatever the limit is"
    assert len(stored_engines(two)) == 2, "an export makes room for itself"


def _write(path: Path) -> float:
    write_dense_network(path, WEIGHTS, np.zeros(1), side=2)
    return 0.0


_READER = """
import sys
import numpy as np
from core.features.engines import engine_file, open_engine
from core.settings import Settings
from tests import tiny_tokens
from pathlib import Path

settings = Settings(home=Path(sys.argv[1]), engines_limit_bytes=0)
file = engine_file(tiny_tokens.added(settings, "vit"), settings)
print("ready", flush=True)
for line in sys.stdin:  # opened anew each time, as ONNX Runtime's process and the link into a model do
    print(float(open_engine(file.path)(np.full((1, 2, 2, 3), float(line), np.float32))[0, 0]), flush=True)
"""


def test_an_eviction_breaks_no_reader_in_another_process(two):
    settings = Settings(home=two.home, engines_limit_bytes=0)
    backbone = tiny_tokens.added(settings, "vit")
    path = keep(settings, engine_path(backbone, settings), used_at=1)
    reader = subprocess.Popen(
        [sys.executable, "-c", _READER, str(settings.home)],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert reader.stdin is not None and reader.stdout is not None
    with reader:
        assert reader.stdout.readline() == "ready\n"
        for pixel, total in ((1, 12.0), (2, 24.0)):
            assert evict_engines(settings) == 0 and path.exists()
            print(pixel, file=reader.stdin, flush=True)
            assert float(reader.stdout.readline()) == total
        reader.stdin.close()
    assert reader.returncode == 0
    mapped = open_engine(path)
    assert evict_engines(settings) > 0 and not path.exists()
    assert float(mapped(np.full((1, 2, 2, 3), 3.0, np.float32))[0, 0]) == 36.0, "LiteRT has the file mapped"
