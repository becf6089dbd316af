"""Decoder processes that stay after a photo."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from PIL import Image

from core.datasets import decode_untrusted
from core.datasets.archives.uploads import open_upload
from core.datasets.decoding import sandbox, warm
from core.datasets.decoding.photos import StoredPhoto, decode
from core.datasets.decoding.sandbox import task_of
from core.datasets.decoding.warm import WarmDecoders
from core.datasets.values import Rejection
from core.errors import Unavailable
from tests.other_decoder import decoder_that
from tests.photo_files import archive, encoded, jpeg

HEICS = Path(__file__).parents[3] / "cases" / "photos"


@pytest.fixture
def started(monkeypatch) -> list[subprocess.Popen]:
    """The processes that were started."""
    processes, real = [], subprocess.Popen
    monkeypatch.setattr(sandbox.subprocess, "Popen", lambda *a, **k: processes.append(real(*a, **k)) or processes[-1])
    return processes


@pytest.fixture
def pool():
    made = WarmDecoders()
    yield made
    made.end()


def test_a_visitors_photos_go_through_the_one_decoding_path():
    items = [("a.jpg", jpeg(1)), ("b.jpg", b"no photo"), ("c.jpg", jpeg(2, (900, 600))), ("a again.jpg", jpeg(1))]
    found = decode_untrusted(items)
    assert found == [
        decode(jpeg(1)),
        Rejection(file="b.jpg", reason="is a text file, not a photo"),
        *([decode(jpeg(2, (900, 600))), decode(jpeg(1))]),
    ]
    assert decode_untrusted([]) == []


def test_small_and_large_files_come_back_alike_whatever_way_they_go(pool, monkeypatch):
    large = encoded(Image.frombytes("RGB", (700, 900), random.Random(3).randbytes(700 * 900 * 3)), "PNG")
    assert len(large) > warm.PIPED_BYTES
    given = [jpeg(1), large, (HEICS / "plain.heic").read_bytes(), b"text", b"\xff\xd8\xff", b"", jpeg(4, (700, 500))]
    usual = [pool.decode("a", data) for data in given]
    monkeypatch.setattr(warm, "PIPED_BYTES", -1)
    assert [pool.decode("a", data) for data in given] == usual
    monkeypatch.setattr(warm, "PIPED_BYTES", 2**30)
    assert [pool.decode("a", data) for data in given] == usual
    assert [type(one) for one in usual] == [StoredPhoto] * 3 + [Rejection] * 3 + [StoredPhoto]


def test_the_process_stays_for_the_next_photo(pool, started):
    for number in range(5):
        assert pool.decode("a.jpg", jpeg(number)) == decode(jpeg(number))
    assert isinstance(pool.decode("b.jpg", b"text"), Rejection)
    assert len(started) == 1


def test_a_file_of_an_archive_is_read_in_the_child(pool, tmp_path):
    path = archive(tmp_path / "photos.zip", {"a/one.jpg": jpeg(1), "a/two.jpg": jpeg(2)})
    files = open_upload(path).files
    found = [pool.decode(file.parts[-1], task_of(0, file, path)) for file in files]
    assert [photo.jpeg for photo in found] == [decode(jpeg(number)).jpeg for number in (1, 2)]


@pytest.mark.parametrize(
    ("does", "why"),
    [
        ("os.kill(os.getpid(), signal.SIGSEGV)", "crash"),
        ("time.sleep(60)", "seconds"),
        ("os.write(1, b'{\"sent\": 99}\\nhalf\\na photo'); os.kill(os.getpid(), signal.SIGKILL)", "crash"),
    ],
)
def test_a_photo_that_kills_or_hangs_its_decoder_costs_only_itself(pool, tmp_path, monkeypatch, does, why):
    decoder_that(tmp_path, monkeypatch, does)
    bad = pool.decode("bad.jpg", b"BAD")
    assert isinstance(bad, Rejection) and why in bad.reason
    assert isinstance(pool.decode("a.jpg", jpeg(1)), StoredPhoto)


def test_a_decoder_that_was_killed_while_it_waited_is_no_fault_of_the_next_photo(pool, started):
    pool.decode("a.jpg", jpeg(1))
    os.killpg(started[0].pid, signal.SIGKILL)
    started[0].wait()
    assert isinstance(pool.decode("a.jpg", jpeg(2)), StoredPhoto)
    assert len(started) == 2


def test_a_decoder_that_cannot_start_is_said_so_and_not_blamed_on_the_photo(pool, monkeypatch):
    monkeypatch.setattr(sandbox.sys, "executable", "/bin/false")
    with pytest.raises(Unavailable, match="could not be started"):
        pool.decode("a.jpg", jpeg(1))


def test_as_many_photos_at_a_time_as_cores(pool, started):
    threads = [threading.Thread(target=pool.decode, args=("a.jpg", jpeg(number))) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 1 <= len(started) <= len(os.sched_getaffinity(0))


def test_a_decoder_without_work_ends_and_leaves_no_file(pool, started, monkeypatch, tmp_path):
    monkeypatch.setattr(warm, "IDLE_SECONDS", 0.2)
    monkeypatch.setattr(warm.tempfile, "mkdtemp", lambda prefix, dir: str(_made(tmp_path / prefix)))
    pool.decode("a.jpg", jpeg(1))
    assert list((tmp_path / "graft-").iterdir()) == []
    for _ in range(100):
        if started[0].poll() is not None and not (tmp_path / "graft-").exists():
            break
        time.sleep(0.05)
    assert started[0].returncode == -signal.SIGKILL and not (tmp_path / "graft-").exists()


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


@pytest.mark.parametrize("kind", [signal.SIGTERM, signal.SIGKILL])
def test_a_process_that_is_killed_leaves_no_decoder_and_no_folder(tmp_path, kind):
    script = (
        "import sys, time\nfrom core.datasets.decoding.warm import decoders\nfrom tests.photo_files import jpeg\n"
        "decoders.decode('a.jpg', jpeg(1))\nprint('ready', flush=True)\ntime.sleep(60)"
    )
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    process = subprocess.Popen(
        [sys.executable, "-c", script], cwd=sandbox.REPOSITORY, env=environment, stdout=subprocess.PIPE
    )
    assert process.stdout is not None and process.stdout.readline() == b"ready\n"
    assert len(list(tmp_path.glob("graft-*"))) == 1
    process.send_signal(kind)
    process.wait()
    for _ in range(100):
        if not list(tmp_path.iterdir()):
            break
        time.sleep(0.1)
    assert list(tmp_path.iterdir()) == []


def test_secrets_of_the_environment_do_not_reach_the_decoder(pool, monkeypatch):
    monkeypatch.setenv("GRAFT_SECRET", "token")
    seen = {}
    real = subprocess.Popen
    monkeypatch.setattr(sandbox.subprocess, "Popen", lambda *a, **k: seen.update(k["env"]) or real(*a, **k))
    assert isinstance(pool.decode("a.jpg", jpeg(1)), StoredPhoto)
    assert "GRAFT_SECRET" not in seen and "PATH" in seen


def test_photos_are_exchanged_in_memory_where_there_is_room(pool, monkeypatch, tmp_path):
    monkeypatch.delenv("TMPDIR", raising=False)
    monkeypatch.setattr(warm, "MEMORY_FOLDER", tmp_path / "shm")
    assert warm._in_memory() is None
    (tmp_path / "shm").mkdir()
    assert warm._in_memory() == tmp_path / "shm"
    assert pool.decode("a.jpg", jpeg(1)) == decode(jpeg(1))
    assert len(list((tmp_path / "shm").glob("graft-*"))) == 1
    monkeypatch.setattr(warm, "ROOM_BYTES", 2**60)
    assert warm._in_memory() is None
    monkeypatch.setattr(warm, "ROOM_BYTES", 0)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    assert warm._in_memory() is None
