"""The supervisor as a process: it keeps its state file, stops with its home, and outlives passing trouble."""

import os
import signal
import time

from core import jobs
from core.errors import NoSpace, Unavailable
from core.files.home import supervisor_lock, supervisor_state
from core.files.locks import try_acquire
from core.jobs import processes, protocol
from core.jobs.launchers import launcher_of
from core.jobs.service import Service
from core.runs.values import Status
from tests.jobs_home import eventually


def test_a_lost_supervisor_state_is_written_again(home):
    status = jobs.ensure_supervisor(home.settings)
    supervisor_state(home.settings).unlink()
    eventually(lambda: jobs.supervisor_status(home.settings).process == status.process)


def test_a_supervisor_deletes_at_its_start_what_killed_writers_left(home):
    run = home.add(epochs=1)
    draft, new = (home.folder(run) / f".progress.json.{token}.part" for token in ("11111111", "22222222"))
    for path in (draft, new):
        path.write_text("half")
    yesterday = time.time() - 24 * 3600
    os.utime(draft, (yesterday, yesterday))
    jobs.ensure_supervisor(home.settings)
    eventually(lambda: not draft.exists(), "the old draft is deleted")
    assert new.exists()


def test_a_supervisor_whose_home_is_gone_goes_too(home):
    status = jobs.ensure_supervisor(home.settings)
    home.settings.home.rename(home.settings.home.with_name("elsewhere"))
    eventually(lambda: not processes.is_alive(status.process))


def test_a_full_disk_or_a_locked_registry_does_not_end_the_supervisor(home, monkeypatch, caplog):
    run, errors = (
        home.add(epochs=1),
        [NoSpace("The disk is full."), Unavailable("Held."), OSError(24, "Too many files")],
    )
    claim = home.registry.claim

    def troubled(*values):
        if errors:
            raise errors.pop(0)
        return claim(*values)

    class UntilFinished:
        def wait(self, timeout):
            time.sleep(0.05)
            return {signal.SIGTERM} if home.status(run).ended else set()

    monkeypatch.setattr(home.registry, "claim", troubled)
    lock = try_acquire(supervisor_lock(home.settings))
    Service(home.settings, lock, UntilFinished(), home.registry, launcher_of(home.settings, home.registry), 1.0).run()
    lock.release()
    assert home.status(run) is Status.FINISHED
    assert [word in caplog.text for word in ("The disk is full", "Held", "Too many files")] == [True] * 3


def test_a_state_file_written_again_names_the_code_that_runs_not_the_code_on_the_disk(home, monkeypatch):
    with try_acquire(supervisor_lock(home.settings)) as lock:
        service = Service(home.settings, lock, None, home.registry, launcher_of(home.settings, home.registry), 1.0)
        service.write_state()
        assert jobs.supervisor_status(home.settings).is_current
        monkeypatch.setattr(protocol, "code_version", lambda: "of new code")
        supervisor_state(home.settings).unlink()
        service.write_state()
    status = jobs.supervisor_status(home.settings)
    assert status.running and not status.is_current and status.slots == ("CPU",)
