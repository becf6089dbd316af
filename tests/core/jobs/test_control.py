"""Starting and stopping the supervisor: started once, stopped cleanly, found again, replaced after an update."""

import os
import resource
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from core import jobs
from core.errors import Unavailable
from core.files.home import registry_file, supervisor_lock, supervisor_log, supervisor_state
from core.files.locks import is_held
from core.jobs import processes
from core.runs.values import Status
from tests.jobs_home import FAKE_DRIVER, eventually, is_running, kill


def supervisors(home) -> list[int]:
    return [process.pid for process in processes.processes_that_hold(supervisor_lock(home.settings))]


def test_a_started_supervisor_is_a_session_of_its_own_and_says_who_it_is(home):
    status = jobs.ensure_supervisor(home.settings)
    assert status.running and status.is_current and status.slots == ("CPU",)
    assert abs(status.started_at - time.time()) < 60
    assert os.getsid(status.process.pid) != os.getsid(0)
    assert os.readlink(f"/proc/{status.process.pid}/fd/0") == "/dev/null"
    assert os.readlink(f"/proc/{status.process.pid}/fd/2") == str(home.settings.home / "supervisor.log")


def test_a_supervisor_needs_no_tensorflow(home):
    pid = jobs.ensure_supervisor(home.settings).process.pid
    with open(f"/proc/{pid}/maps") as maps:
        assert not [line for line in maps if "tensorflow" in line or "streamlit" in line or "numpy" in line]


def test_a_process_with_very_many_open_files_can_start_it(home):
    """``select`` fails above descriptor 1,023; servers and test processes go beyond."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 4096)), hard))
    with ExitStack() as files:
        while files.enter_context(open(os.devnull)).fileno() < 1100:
            pass
        assert jobs.ensure_supervisor(home.settings).running
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_many_who_start_it_at_once_get_one_supervisor(home):
    found = []
    callers = [threading.Thread(target=lambda: found.append(jobs.ensure_supervisor(home.settings))) for _ in range(4)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert len({status.process.pid for status in found}) == 1
    assert len(found) == 4
    eventually(lambda: supervisors(home) == [found[0].process.pid])


def test_a_submitted_run_is_started_at_once(home):
    jobs.ensure_supervisor(home.settings)
    submitted = time.time()
    run = home.add()
    jobs.ensure_supervisor(home.settings)
    eventually(lambda: home.starts(run))
    print(f"submit -> trainer runs: {home.starts(run)[0]['at'] - submitted:.2f} s")


def test_two_gpus_train_two_runs_at_a_time(home, tmp_path, monkeypatch):
    (tmp_path / "driver").mkdir()
    (tmp_path / "driver" / "pynvml.py").write_text(FAKE_DRIVER)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "driver"))
    runs = [home.add(seconds=30) for _ in range(3)]
    assert jobs.ensure_supervisor(home.settings).slots == ("Fake GPU 0", "Fake GPU 1")
    eventually(lambda: home.starts(runs[0]) and home.starts(runs[1]))
    assert [home.starts(run)[0]["gpu"] for run in runs[:2]] == ["GPU-0", "GPU-1"]
    assert home.status(runs[2]) is Status.SCHEDULED


def test_a_stopped_supervisor_leaves_its_trainer_and_the_next_one_adopts_it(home):
    run = home.add(epochs=1000, seconds=0.05)
    jobs.ensure_supervisor(home.settings)
    eventually(lambda: home.registry.epochs(run.id))
    assert jobs.stop_supervisor(home.settings)
    assert not jobs.supervisor_status(home.settings).running
    assert not is_held(supervisor_lock(home.settings))
    assert is_running(home.starts(run)[0]["pid"]) and home.status(run) is Status.RUNNING
    jobs.ensure_supervisor(home.settings)
    eventually(lambda: "adopted attempt 1" in supervisor_log(home.settings).read_text())
    kill(home.starts(run)[0]["pid"])
    eventually(lambda: len(home.starts(run)) == 2)


def test_stop_now_puts_the_runs_back_into_the_queue(home):
    run, waiting = home.add(epochs=1000, seconds=0.05), home.add()
    jobs.ensure_supervisor(home.settings)
    eventually(lambda: home.registry.epochs(run.id))
    assert jobs.stop_supervisor(home.settings, now=True)
    assert [home.status(run), home.status(waiting)] == [Status.SCHEDULED] * 2
    assert not is_running(home.starts(run)[0]["pid"])
    assert home.registry.queue()[0].id == run.id


def test_a_run_launched_while_a_supervisor_stops_is_not_forgotten(home):
    home.add(seconds=30, deaf=True)
    jobs.ensure_supervisor(home.settings)
    eventually(lambda: home.starts(home.registry.runs()[0]))
    stopping = threading.Thread(target=jobs.stop_supervisor, args=(home.settings, True))
    stopping.start()
    eventually(lambda: not supervisor_state(home.settings).exists())
    late = home.add(priority=1)
    jobs.ensure_supervisor(home.settings)
    eventually(lambda: home.starts(late))
    stopping.join()


def test_stop_now_also_reaches_trainers_nobody_supervises(home):
    run = home.add(epochs=1000, seconds=0.05)
    jobs.ensure_supervisor(home.settings)
    eventually(lambda: home.registry.epochs(run.id))
    assert jobs.stop_supervisor(home.settings)
    assert jobs.stop_supervisor(home.settings, now=True)
    assert home.status(run) is Status.SCHEDULED
    assert not jobs.stop_supervisor(home.settings, now=True)


def damage(home) -> None:
    home.registry.close()
    for path in home.settings.home.glob("registry.db*"):
        path.unlink()
    registry_file(home.settings).write_bytes(b"not a database, " * 1000)


@pytest.mark.parametrize("now", [False, True])
def test_a_damaged_home_can_be_stopped(home, now):
    run = home.add(seconds=60)
    jobs.ensure_supervisor(home.settings)
    eventually(lambda: home.starts(run))
    damage(home)
    assert jobs.stop_supervisor(home.settings, now=now)
    assert not is_held(supervisor_lock(home.settings))
    assert is_running(home.starts(run)[0]["pid"]) is not now


def test_stop_now_stops_trainers_that_nobody_supervises_in_a_damaged_home(home):
    run = home.add(seconds=60)
    jobs.ensure_supervisor(home.settings)
    eventually(lambda: home.starts(run))
    assert jobs.stop_supervisor(home.settings)
    damage(home)
    assert jobs.stop_supervisor(home.settings, now=True)
    assert not is_running(home.starts(run)[0]["pid"])
    assert not jobs.stop_supervisor(home.settings, now=True)


@pytest.mark.parametrize("watched", [False, True])
def test_a_read_only_home_can_be_stopped(home, watched):
    run = home.add(seconds=60)
    jobs.ensure_supervisor(home.settings)
    eventually(lambda: home.starts(run))
    if not watched:
        assert jobs.stop_supervisor(home.settings)
    with read_only(home.settings.home):
        assert jobs.stop_supervisor(home.settings, now=True)
        assert not is_held(supervisor_lock(home.settings))
    assert not is_running(home.starts(run)[0]["pid"])


@contextmanager
def read_only(folder: Path):
    """A read-only mount, which also holds for root."""
    mount = ["mount", "-o", "bind", str(folder), str(folder)]
    if os.geteuid() or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("needs the right to mount")
    try:
        subprocess.run(["mount", "-o", "remount,ro,bind", str(folder)], check=True)
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_killed_supervisor_is_told_from_a_stopped_one(home):
    assert not jobs.was_killed(home.settings)
    first = jobs.ensure_supervisor(home.settings)
    assert not jobs.was_killed(home.settings)
    kill(first.process.pid)
    eventually(lambda: jobs.was_killed(home.settings))
    jobs.ensure_supervisor(home.settings)
    assert not jobs.was_killed(home.settings)
    assert jobs.stop_supervisor(home.settings)
    assert not jobs.was_killed(home.settings)


def test_a_killed_supervisor_that_was_stopped_afterwards_stays_stopped(home):
    kill(jobs.ensure_supervisor(home.settings).process.pid)
    eventually(lambda: jobs.was_killed(home.settings))
    assert not jobs.stop_supervisor(home.settings)
    assert not jobs.was_killed(home.settings)


def test_nothing_to_stop_is_no_error(home):
    assert not jobs.stop_supervisor(home.settings)
    assert not jobs.supervisor_status(home.settings).running


def test_a_supervisor_of_older_code_is_replaced_and_its_trainer_goes_on(home, monkeypatch):
    run = home.add(seconds=30)
    old = jobs.ensure_supervisor(home.settings)
    eventually(lambda: home.starts(run))
    state = supervisor_state(home.settings)
    state.write_text(state.read_text().replace(old.version, "old"))
    new = jobs.ensure_supervisor(home.settings)
    assert new.process != old.process and new.is_current
    eventually(lambda: len(supervisors(home)) == 1)
    assert len(home.starts(run)) == 1 and is_running(home.starts(run)[0]["pid"])


def test_a_supervisor_state_of_a_dead_supervisor_fools_nobody(home):
    first = jobs.ensure_supervisor(home.settings)
    kill(first.process.pid)
    eventually(lambda: not jobs.supervisor_status(home.settings).running)
    assert supervisor_state(home.settings).exists()
    assert jobs.ensure_supervisor(home.settings).process != first.process


def test_a_supervisor_that_cannot_start_says_why(home):
    home.registry.close()
    registry_file(home.settings).write_bytes(b"not a database, " * 1000)
    with pytest.raises(Unavailable, match=r"could not be started.*registry.*is damaged"):
        jobs.ensure_supervisor(home.settings)


def test_a_wrong_gpu_list_is_named(home, monkeypatch):
    monkeypatch.setenv("GRAFT_GPUS", "5")
    with pytest.raises(Unavailable, match="GRAFT_GPUS names a GPU that is not there: '5'"):
        jobs.ensure_supervisor(home.settings)


def test_the_jobs_package_is_light():
    code = "import sys, core.jobs, core.jobs.exit_policy, core.runs.progress; print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"sqlalchemy", "numpy", "tensorflow", "streamlit", "pynvml"} & set(modules)
