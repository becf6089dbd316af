"""The supervisor evicts checkpoints beyond the limit, without waiting for that in its rounds."""

import os
from dataclasses import replace

from core import jobs
from core.files.home import run_folder
from core.jobs.upkeep import SupervisorUpkeep
from core.runs.values import Status
from tests.factories import fill
from tests.jobs_home import eventually


def finished_with_checkpoint(registry, settings):
    fill(registry, settings, runs=3)
    run = next(run for run in registry.runs() if run.status is Status.FINISHED)
    folder = run_folder(settings, run.id)
    (folder.checkpoints / "000012").mkdir(parents=True)
    (folder.checkpoints / "000012" / "state.npz").write_bytes(b"\0" * 1000)
    return folder


def test_it_is_done_in_the_background_by_the_server(settings, registry):
    folder = finished_with_checkpoint(registry, settings)
    SupervisorUpkeep(settings, registry).round()
    assert folder.has_checkpoint(), "without a limit"
    SupervisorUpkeep(replace(settings, checkpoints_limit_bytes=1), registry).round()
    eventually(lambda: not folder.has_checkpoint())
    eventually(lambda: [entry.action for entry in registry.log_entries(1)] == ["evict checkpoints"])
    assert registry.log_entries(1)[0].who == "server"


def test_logs_that_are_too_old_go(settings, registry):
    old, log = settings.home / "explaining.1.log", settings.home / "explaining.log"
    for path in (old, log):
        path.write_text("x")
        os.utime(path, (1, 1))
    SupervisorUpkeep(settings, registry).round()
    eventually(lambda: not old.exists())
    assert log.exists()


def test_a_supervisor_does_it(home):
    folder = finished_with_checkpoint(home.registry, home.settings)
    jobs.ensure_supervisor(replace(home.settings, checkpoints_limit_bytes=1))
    eventually(lambda: not folder.has_checkpoint())
