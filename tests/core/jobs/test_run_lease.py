"""The lease of a run: its token is the attempt, and its trainer ends when it is lost."""

import os
import subprocess
import sys
import textwrap

import pytest

from core.errors import Conflict
from core.jobs.exit_policy import ExitCode
from core.jobs.run_lease import hold_run
from core.registry.leases import lease_of_run
from core.settings import REPOSITORY


def test_an_attempt_holds_its_run_and_an_earlier_one_does_not_get_it(settings, registry):
    kept = hold_run("r-1", 2, settings, registry)
    assert registry.lease(lease_of_run("r-1")).token == 2
    with pytest.raises(Conflict, match="Attempt 1 of run r-1 has been given to another process"):
        hold_run("r-1", 1, settings, registry)
    kept.release()
    assert registry.lease(lease_of_run("r-1")) is None
    hold_run("r-1", 3, settings, registry).release()


TRAINER = """
    import sys, time
    from pathlib import Path
    from core.jobs.run_lease import hold_run
    from core.registry import Registry
    from core.settings import load_settings
    hold_run("r-1", 1, load_settings(), Registry.open(Path(sys.argv[1])))
    print("taken", flush=True)
    time.sleep(60)
"""


def test_a_trainer_whose_lease_was_taken_ends_by_itself(settings, registry):
    program = [sys.executable, "-c", textwrap.dedent(TRAINER), str(registry.database.path)]
    environ = os.environ | {"GRAFT_LEASE_SECONDS": "1", "GRAFT_HOME": str(settings.home)}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(program, cwd=REPOSITORY, env=environ, **pipes) as process:
        assert process.stdout.readline() == "taken\n"
        registry.take(lease_of_run("r-1"), "the next attempt", token=2)
        assert process.wait(30) == ExitCode.LOST
        assert "Attempt 1 of run r-1 ends: another process has taken its lease" in process.stderr.read()
