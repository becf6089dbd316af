"""Untrusted bytes are decoded in processes of their own; what happens there costs one photo at most."""

import random
import signal
import subprocess
import time
from contextlib import closing
from pathlib import Path

import pytest

from core.datasets.decoding import sandbox
from core.datasets.decoding.sandbox import Decoded, Failed, Task, decode_all
from core.errors import NoSpace, Unavailable
from tests.other_decoder import decoder_that
from tests.photo_files import jpeg

HEICS = Path(__file__).parents[3] / "cases" / "photos"


def tasks_for(folder, datas: list[bytes]) -> list[Task]:
    for index, data in enumerate(datas):
        (folder / str(index)).write_bytes(data)
    return [Task(index=index, path=folder / str(index)) for index in range(len(datas))]


def decoded(tasks, folder, **options) -> dict[int, Decoded | Failed]:
    with closing(decode_all(tasks, folder, **options)) as answers:
        return {answer.index: answer for answer in answers if answer is not None}


@pytest.mark.parametrize(
    ("does", "why"),
    [
        ("os.kill(os.getpid(), signal.SIGSEGV)", "crash"),
        ("os._exit(0)", "crash"),
        ("time.sleep(60)", "seconds"),
        ("(b'x' * 3 * 2**30)", "memory"),
        ("raise AssertionError", "crash"),
    ],
)
def test_a_photo_that_kills_hangs_or_bloats_the_decoder_costs_only_itself(tmp_path, monkeypatch, does, why):
    decoder_that(tmp_path, monkeypatch, does)
    datas = [b"BAD 1", jpeg(1), jpeg(2), b"BAD 2", jpeg(3), jpeg(4), b"BAD 3"]
    answers = decoded(tasks_for(tmp_path, datas), tmp_path, workers=2)
    assert sorted(answers) == list(range(7))
    for index, answer in answers.items():
        if datas[index].startswith(b"BAD"):
            assert isinstance(answer, Failed) and why in answer.reason
        else:
            assert isinstance(answer, Decoded)


def test_damaged_heic_photos_cost_themselves_and_no_good_one(tmp_path):
    """In one process libheif's binding crashes sooner or later, at a photo that is not to blame."""
    good = (HEICS / "plain.heic").read_bytes()
    datas = []
    for number in range(40):
        chance, bad = random.Random(number), bytearray(good)
        for _ in range(chance.randint(1, 8)):
            bad[chance.randrange(12, len(bad))] = chance.randrange(256)
        datas += [bytes(bad), good + bytes([number])]  # what follows the boxes is no part of the picture
    found = decoded(tasks_for(tmp_path, datas), tmp_path, workers=2)
    assert len(found) == 80
    assert all(isinstance(found[index], Decoded) for index in range(1, 80, 2))
    refused = [result.reason for result in found.values() if isinstance(result, Failed)]
    assert refused and all("damaged" in reason or "cut off" in reason for reason in refused), refused


@pytest.mark.parametrize(
    ("does", "why"), [("os.kill(os.getpid(), signal.SIGSEGV)", "crash"), ("time.sleep(60)", "seconds")]
)
def test_a_heic_photo_that_crashes_or_hangs_costs_only_itself(tmp_path, monkeypatch, does, why):
    decoder_that(tmp_path, monkeypatch, does, bad=b"\0\0\0\x18ftyphevc")
    datas = [b"\0\0\0\x18ftyphevc" + bytes(12), jpeg(1), (HEICS / "plain.heic").read_bytes()]
    found = decoded(tasks_for(tmp_path, datas), tmp_path, workers=1)
    assert isinstance(found[0], Failed) and why in found[0].reason
    assert isinstance(found[1], Decoded) and isinstance(found[2], Decoded)


def test_a_decoder_that_cannot_start_is_said_so_and_not_blamed_on_the_photos(tmp_path, monkeypatch):
    monkeypatch.setattr(sandbox.sys, "executable", "/bin/false")
    with pytest.raises(Unavailable, match="could not be started"):
        decoded(tasks_for(tmp_path, [jpeg(1)]), tmp_path)


def test_a_disk_that_fills_up_stops_everything(tmp_path):
    folder = tmp_path / "full"
    folder.mkdir()
    # The decoder writes <its pid>.part: a folder of links to /dev/full stands for a full disk.
    real = subprocess.Popen
    started = []

    def start(command, **options):
        process = real(command, **options)
        (folder / f"{process.pid}.part").symlink_to("/dev/full")
        started.append(process)
        return process

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sandbox.subprocess, "Popen", start)
        with pytest.raises(NoSpace):
            decoded(tasks_for(tmp_path, [jpeg(1)]), folder)
    assert all(process.returncode is not None for process in started)


def test_stopping_early_leaves_no_process(tmp_path, monkeypatch):
    started = []
    real = subprocess.Popen
    monkeypatch.setattr(sandbox.subprocess, "Popen", lambda *a, **k: started.append(real(*a, **k)) or started[-1])
    with closing(decode_all(tasks_for(tmp_path, [jpeg(n) for n in range(9)]), tmp_path, workers=2)) as answers:
        next(answers)
    assert len(started) == 2
    for process in started:
        assert process.returncode == -signal.SIGKILL


def test_secrets_of_the_environment_do_not_reach_the_decoder(tmp_path, monkeypatch):
    monkeypatch.setenv("GRAFT_SECRET", "token")
    seen = {}
    real = subprocess.Popen
    monkeypatch.setattr(sandbox.subprocess, "Popen", lambda *a, **k: seen.update(k["env"]) or real(*a, **k))
    assert decoded(tasks_for(tmp_path, [jpeg(1)]), tmp_path)
    assert "GRAFT_SECRET" not in seen and "PATH" in seen


def test_the_answers_come_while_it_works_and_the_caller_is_asked_regularly(tmp_path):
    ticks = 0
    started = time.monotonic()
    with closing(decode_all(tasks_for(tmp_path, [jpeg(n) for n in range(5)]), tmp_path, workers=1)) as answers:
        ticks = sum(answer is None for answer in answers)
    assert ticks >= 2 and time.monotonic() - started < 60
