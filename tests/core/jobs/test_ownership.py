"""Two machines or containers on one home: the second one is refused, and told who has it."""

import json
import os
import shutil
import subprocess
import sys
import time

import pytest

from core import jobs
from core.errors import Conflict
from core.files.home import supervisor_lock
from core.files.locks import try_acquire
from core.jobs import ownership
from core.jobs.ownership import Owner, foreign_owner, note_owner, refuse_foreign_home
from core.settings import REPOSITORY
from tests.jobs_home import eventually


def of_another_container(settings) -> None:
    path = supervisor_lock(settings)
    elsewhere = {"host": "web-2", "place": "this boot, another namespace"}
    path.write_text(json.dumps(json.loads(path.read_text()) | elsewhere))


def test_a_supervisor_notes_who_it_is(home):
    status = jobs.ensure_supervisor(home.settings)
    owner = Owner(**json.loads(supervisor_lock(home.settings).read_text()))
    assert (owner.pid, owner.host) == (status.process.pid, os.uname().nodename)
    assert abs(owner.since - time.time()) < 60
    assert foreign_owner(home.settings) is None  # it is of this place


def test_a_home_that_another_container_has_is_refused_at_once_and_nothing_is_started(home):
    with try_acquire(supervisor_lock(home.settings)) as lock:
        note_owner(lock)
        refuse_foreign_home(home.settings)
        of_another_container(home.settings)
        started = time.monotonic()
        for refused in (jobs.ensure_supervisor, jobs.stop_supervisor, refuse_foreign_home):
            with pytest.raises(Conflict, match=rf"process {os.getpid()} of 'web-2', since 20.* GRAFT_HOME"):
                refused(home.settings)
        assert time.monotonic() - started < 10
    refuse_foreign_home(home.settings)  # it has ended
    assert jobs.ensure_supervisor(home.settings).running


def test_a_note_left_from_another_container_is_read_again_before_it_is_believed(home, monkeypatch):
    """Who has just taken the lock has not written its own note yet."""
    with try_acquire(supervisor_lock(home.settings)) as lock:
        note_owner(lock)
        of_another_container(home.settings)
        monkeypatch.setattr(ownership.time, "sleep", lambda seconds: note_owner(lock))
        assert foreign_owner(home.settings) is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": 1}'])
def test_a_lock_without_a_note_names_nobody(home, text):
    with try_acquire(supervisor_lock(home.settings)):
        supervisor_lock(home.settings).write_text(text)
        assert foreign_owner(home.settings) is None


def _unshare() -> list[str]:
    """Runs a command in a namespace of process ids of its own, as a container does."""
    command = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]
    works = shutil.which("unshare") and subprocess.run([*command, "true"], capture_output=True).returncode == 0
    return command if works else []


@pytest.mark.skipif(not _unshare(), reason="this user may not make namespaces of process ids")
def test_two_namespaces_of_process_ids_share_a_home_as_two_containers_do(home):
    environ = os.environ | {"GRAFT_HOME": str(home.settings.home)}
    inner = subprocess.Popen([*_unshare(), sys.executable, "-m", "core.jobs"], cwd=REPOSITORY, env=environ)
    try:
        eventually(lambda: foreign_owner(home.settings) is not None)
        assert foreign_owner(home.settings).pid == 1
        command = [sys.executable, "-m", "core", "stop"]
        stopped = subprocess.run(command, cwd=REPOSITORY, env=environ, capture_output=True, text=True, timeout=60)
        assert stopped.returncode == 1
        assert "Another Graft uses the home" in stopped.stderr
        with pytest.raises(Conflict, match="process 1 of"):
            jobs.ensure_supervisor(home.settings)
    finally:
        inner.kill()
        inner.wait()
    eventually(lambda: jobs.ensure_supervisor(home.settings).running)
