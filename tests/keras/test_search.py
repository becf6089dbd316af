"""A search over recipes from end to end: tiny networks that are trained for real, a kill -9, and going on."""

import os
import signal
import subprocess
import sys

import pytest

from core.comparison.race import validation_accuracies
from core.files.home import search_job
from core.runs.values import Status
from core.searching.search_process import search_status, start_search
from core.searching.values import SearchQuestion, TrialState
from core.settings import REPOSITORY
from tests.jobs_home import eventually
from tests.keras.training_bench import OTHER, TRAINED

pytestmark = pytest.mark.keras

SEARCH = """
import sys
import pytest
from core import jobs
from core.files.home import search_job
from core.files.locks import acquire
from core.searching import search_process
from core.searching.search import RecipeSearch
from core.settings import Settings
from pathlib import Path
from tests.keras.training_bench import OTHER, TRAINED
from tests.tiny import use_tiny

settings, dataset = Settings(home=Path(sys.argv[1])), sys.argv[2]
with pytest.MonkeyPatch.context() as patch:
    for backbone in (TRAINED, OTHER):
        use_tiny(patch, backbone, keras=False)
    patch.setattr(RecipeSearch, "_usable", lambda self: [TRAINED.name, OTHER.name])
    patch.setattr(jobs, "ensure_supervisor", lambda settings: None)
    with acquire(search_job(settings, dataset).alive_lock):
        print("ready", flush=True)
        search_process._background(dataset, settings)
"""
"""The process of a search whose catalogue has the tests' networks. The test is the supervisor: it trains what waits."""


def begin(bench, question, monkeypatch, *, go_on=False):
    """A process of its own, which can be killed."""
    monkeypatch.setattr("core.jobs.background.start_process", lambda *arguments: None)
    start_search(bench.dataset.id, question, settings=bench.settings, registry=bench.registry, go_on=go_on)
    process = subprocess.Popen(
        [sys.executable, "-c", SEARCH, str(bench.settings.home), bench.dataset.id],
        cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout.readline() == "ready\n", process.stderr.read()[-3000:]
    return process


def train_until(bench, process, condition):
    """Train whatever waits in the queue, until the condition holds or the search has ended."""

    def step():
        if bench.registry.queue():
            bench.attempt()
        return condition() or process.poll() is not None

    eventually(step, timeout=300)


def status_of(bench):
    return search_status(bench.dataset.id, settings=bench.settings)


def test_four_trials_with_a_kill_and_going_on(full_bench, monkeypatch):
    bench = full_bench
    process = begin(bench, SearchQuestion(minutes=60, trials=4), monkeypatch)
    train_until(bench, process, lambda: sum(one.state.ended for one in status_of(bench).trials) >= 2)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    killed = status_of(bench)
    assert killed.state == "stopped" and "killed before it was done" in killed.message

    left = 4 - len(killed.trials)
    process = begin(bench, SearchQuestion(minutes=60, trials=max(1, left)), monkeypatch, go_on=True)
    train_until(bench, process, lambda: False)
    assert process.communicate()[1] == ""
    found = status_of(bench)
    runs = {run.id: run for run in bench.registry.runs(bench.dataset.id)}
    assert found.state == "ready" and len(found.trials) == len(runs) == max(4, len(killed.trials) + 1)
    assert [one.state for one in found.trials] == [TrialState.FINISHED] * len(runs)
    assert all(run.status is Status.FINISHED and run.attempt == 1 for run in runs.values())
    assert {run.recipe.backbone for run in runs.values()} <= {TRAINED.name, OTHER.name}
    assert found.spent == pytest.approx(sum(run.wall_seconds for run in runs.values()), abs=0.1 * len(runs))
    known = validation_accuracies(runs.values(), bench.settings)
    known |= bench.registry.validation_accuracies(runs)
    assert {one.run_id: one.accuracy for one in found.trials} == pytest.approx(known)
    assert found.best.accuracy == max(known.values())
    assert search_job(bench.settings, bench.dataset.id).study.exists()
