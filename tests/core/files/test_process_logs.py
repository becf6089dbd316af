"""Logs of processes in the background stay short, also while a process and what it started write on."""

import os
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from core.files.home import import_folder
from core.files.locks import acquire
from core.files.process_logs import VARIABLE, begin_log, expire_logs, generations, limit_log
from core.jobs.background import start_process, why_it_ended
from core.settings import REPOSITORY, Settings
from tests.jobs_home import eventually


@pytest.fixture
def settings(settings):
    settings.home.mkdir(parents=True)
    return replace(settings, log_limit_bytes=1000, log_keep=2, log_days=30.0)


@pytest.fixture
def log(settings):
    return settings.home / "log.txt"


def begin(log, settings: Settings, text: str) -> None:
    descriptor = begin_log(log, settings)
    os.write(descriptor, text.encode())
    os.close(descriptor)


def contents(log) -> list[str]:
    return [path.read_text() for path in [log, *generations(log)]]


def test_each_process_begins_a_log_and_two_earlier_ones_stay(log, settings):
    for text in ("first", "second", "third", "fourth"):
        begin(log, settings, text)
    assert contents(log) == ["fourth", "third", "second"]
    assert [path.name for path in generations(log)] == ["log.1.txt", "log.2.txt"]
    begin(log, replace(settings, log_keep=0), "fifth")
    assert contents(log) == ["fifth"], "none is kept"


def test_a_log_beyond_the_limit_is_emptied_in_place_and_its_end_is_kept(log, settings):
    descriptor = begin_log(log, settings)
    os.write(descriptor, b"a" * 1000)
    assert not limit_log(log, settings), "within the limit"
    os.write(descriptor, b"b" * 600)
    assert limit_log(log, settings)
    os.write(descriptor, b"after")
    os.close(descriptor)
    assert contents(log) == ["after", "a" * 400 + "b" * 600], "a descriptor that appends leaves no hole"
    assert not limit_log(log, replace(settings, log_limit_bytes=0)) and not limit_log(log.with_name("none"), settings)


def test_what_is_too_old_goes_and_nothing_else(log, settings):
    begin(log, settings, "first"), begin(log, settings, "second"), begin(log, settings, "third")
    (log.parent / "log.x.txt").write_text("another")
    newer, older = generations(log)
    os.utime(older, (1, 1))
    os.utime(log, (1, 1))
    expire_logs(log, replace(settings, log_days=0.0))
    assert generations(log) == [newer, older]
    expire_logs(log, settings)
    assert generations(log) == [newer] and log.exists() and (log.parent / "log.x.txt").exists()


_WRITER = """
import os, subprocess, sys, time
from core.files.process_logs import watch_own_log
watch_own_log()
lines = "for _ in 1 2 3 4 5 6 7 8; do yes 'a line of a library in C' | head -c 1000000; sleep 0.5; done"
other = subprocess.Popen(["sh", "-c", lines])  # the same file, by another process
while other.poll() is None:
    print("x" * 99)
    time.sleep(0.0005)
sys.stdout.flush()
while os.path.getsize(os.environ["GRAFT_OWN_LOG"]) > 10**6:
    time.sleep(0.05)
print("the last line", flush=True)
"""


def test_a_process_that_writes_far_more_than_the_limit_leaves_a_short_log(log, settings):
    settings = replace(settings, log_limit_bytes=10**6)
    output = begin_log(log, settings)
    with subprocess.Popen(
        [sys.executable, "-c", _WRITER],
        cwd=REPOSITORY,
        env=os.environ | settings.variables() | {VARIABLE: str(log)},
        stdout=output,
        stderr=output,
    ) as process:
        written, before = 0, 0
        while process.poll() is None:
            now = log.stat().st_size
            written, before = written + max(0, now - before), now
            time.sleep(0.005)
    os.close(output)
    assert process.returncode == 0 and written > 5 * 10**6, "it wrote much more than the limit"
    assert log.read_text().endswith("the last line\n")
    assert log.stat().st_size <= 10**6 and len(generations(log)) == 2
    assert all(0 < path.stat().st_size <= 10**6 for path in generations(log))
    assert "\0" not in log.read_text(), "no hole where the file was emptied"


def test_the_process_of_a_job_is_started_with_a_log_of_its_own_and_the_one_before_stays(settings):
    folder = import_folder(settings, "a")
    folder.path.mkdir(parents=True)
    folder.log.write_text("what the process before wrote")
    with acquire(folder.alive_lock) as alive:
        start_process("core.jobs.no_such_module", folder, settings, alive)
    eventually(lambda: "No module named" in folder.log.read_text())
    assert generations(folder.log)[0].read_text() == "what the process before wrote"
    assert why_it_ended(folder, "import").startswith("The import was killed")
