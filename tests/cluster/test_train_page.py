"""From the page Train in a browser to a model that predicts in another page, on two machines, one of which is killed.

The photos are those of the archive that ``GRAFT_TEST_PHOTOS`` names; without it the demo photos.
"""

import os
import re
import time
from pathlib import Path

import pytest
from playwright.sync_api import expect

from core import jobs
from core.datasets import DEMO_ARCHIVE
from core.registry.leases import lease_of_run
from core.runs.values import Status
from tests.browser.conftest import browser, context, end_server, start_server, visit_with  # noqa: F401 (fixtures)
from tests.browser.steps import STEPS
from tests.cluster.test_photos import graft
from tests.jobs_home import eventually

PATIENT, LONG = 120_000, 1800.0
"""Milliseconds for a page; seconds for the runs, which share two cores with the cluster."""
CHOSEN = "start=custom&try=efficientnet_lite0.sf~mobilenet_v1.s&f.epochs=4&f.head_epochs=2&f.views=1&s.views=1"
"""Logistic regression on two networks, and a short fine-tuning."""


def photos() -> Path:
    return Path(os.environ.get("GRAFT_TEST_PHOTOS", DEMO_ARCHIVE))


@pytest.mark.timeout(3600)
def test_people_train_on_two_machines_from_the_page_and_lose_one(both, settings, registry, monkeypatch, context):  # noqa: F811
    monkeypatch.delenv("GRAFT_TRAINER")
    began = time.monotonic()
    dataset = graft("import", str(photos()), "--name", "photos")["dataset"]
    say(began, f"{photos().name} is imported")
    server = start_server(settings.home, settings.home / "server.log")
    visit = visit_with(context, server)
    try:
        launch_three(visit, dataset)
        say(began, "three runs were launched on the page Train")

        def on_second():
            found = [run for run in registry.runs(status=Status.RUNNING) if (run.slot or "").startswith("second/")]
            return [run for run in found if registry.lease(lease_of_run(run.id))]

        eventually(on_second, "one trains on the second machine", LONG)
        [lost] = on_second()
        time.sleep(8)
        both.second.kill()
        say(
            began,
            f"the second machine was killed; it trained {lost.name} after {registry.run(lost.id).epochs_done} epochs",
        )
        eventually(lambda: all(run.status.ended for run in registry.runs()), log_of(settings), LONG)
        say(began, "all runs have ended")
        runs = [registry.run(run.id) for run in registry.runs()]
        assert [run.status for run in runs] == [Status.FINISHED] * 3, [run.reason for run in runs]
        for run in runs:
            numbers = [epoch.number for epoch in registry.epochs(run.id)]
            assert numbers == sorted(set(numbers))
            print(f"{run.name}: {run.test_accuracy:.1%}, attempts {run.attempt}, {run.slot}")
        predict(visit, lost.id)
        say(began, "the page Predict has predicted with the run of the machine that died")
        assert visit.outside == []
    finally:
        end_server(server)
        jobs.stop_supervisor(settings, now=True)


def launch_three(visit, dataset: str) -> None:
    page = visit.open(f"/train?dataset={dataset}&{CHOSEN}")
    launch = page.locator(".st-key-launch-bar").get_by_role("button", name="Launch")
    expect(launch).to_contain_text("Launch 3 runs", timeout=PATIENT)
    launch.click()
    expect(page).to_have_url(re.compile(r"/runs\?runs="), timeout=PATIENT)


def predict(visit, run: str) -> None:
    """A test photo on the machine of the pages, which has trained nothing."""
    visit.open(f"/predict?models={run}")
    visit.settle()
    STEPS["predict-photos"](visit)
    assert visit.page.get_by_test_id("stException").count() == 0


def log_of(settings) -> str:
    path = settings.home / "supervisor.log"
    return path.read_text()[-3000:] if path.exists() else ""


def say(began: float, what: str) -> None:
    print(f"\n{time.monotonic() - began:.0f} s: {what}", flush=True)
