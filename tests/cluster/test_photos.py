"""Real trainers on both machines: photos through the store of artifacts, a killed machine, and a model here."""

import json
import subprocess
import sys
import time

import pytest

from core import jobs
from core.files.home import run_folder
from core.registry.leases import lease_of_run
from core.runs.values import Status
from core.settings import REPOSITORY
from tests.jobs_home import eventually

LONG = 500.0


def graft(*command: str) -> dict:
    done = subprocess.run(
        [sys.executable, "-m", "core", *command, "--json"], cwd=REPOSITORY, capture_output=True, text=True, timeout=LONG
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.timeout(900)
def test_photos_are_trained_on_two_machines_with_a_killed_one_in_between(both, settings, registry, monkeypatch):
    monkeypatch.delenv("GRAFT_TRAINER")
    graft("import", "demo")
    began = time.monotonic()
    graft(
        "train", "--dataset", "demo-photos", "--backbone", "efficientnet_lite0", "efficientnet_lite1", "--epochs", "40"
    )
    try:
        log = settings.home / "supervisor.log"

        def on_second():
            found = [run for run in registry.runs(status=Status.RUNNING) if (run.slot or "").startswith("second/")]
            return [run for run in found if registry.lease(lease_of_run(run.id))]

        eventually(on_second, "one trains on the second machine", LONG)
        [lost] = on_second()
        time.sleep(10)
        both.second.kill()
        eventually(lambda: all(run.status.ended for run in registry.runs()), log.read_text()[-3000:], LONG)
        for run in registry.runs():
            assert run.status is Status.FINISHED, f"{run.reason}\n{log.read_text()[-3000:]}"
            epochs = [epoch.number for epoch in registry.epochs(run.id)]
            assert epochs == sorted(set(epochs)) and run.test_accuracy > 0.8
        assert registry.run(lost.id).attempt >= 2
        print(f"\nboth were trained after {time.monotonic() - began:.0f} s, one of them on a machine that died")
        photo = next((settings.home / "datasets").glob("*/photos/*.jpg"))
        found = graft("predict", "--model", lost.id, str(photo))
        assert found["photos"][0]["answers"][0]["predictions"] and not found["photos"][0]["problem"]
        assert run_folder(settings, lost.id).card.exists()
    finally:
        jobs.stop_supervisor(settings, now=True)
