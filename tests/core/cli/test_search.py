"""``search``."""

import threading

import pytest

from core.__main__ import main
from core.cli import search as command
from core.files.home import search_job
from core.files.locks import acquire
from core.searching import search as module
from core.searching import search_process
from tests.core.searching.conftest import Trainer
from tests.factories import fill


@pytest.fixture
def dataset(registry, settings):
    return fill(registry, settings, runs=0).dataset


@pytest.fixture
def at_once(monkeypatch, home, registry, dataset):
    """The process of a search runs in the command, and its runs are trained by the tests."""
    monkeypatch.setattr(module, "pause", Trainer(registry, home, dataset))

    def run(name, folder, settings, alive, environment):
        search_process._background(folder.job_id, settings)

    monkeypatch.setattr("core.jobs.background.start_process", run)
    monkeypatch.setattr(command, "POLL_SECONDS", 0.01)


def test_a_search_as_data_and_as_text(call, at_once, dataset, capsys):
    found = call("search", "flowers", "--trials", "2")
    assert found["state"] == "ready" and len(found["status"]["trials"]) == 2
    assert found["status"]["minutes"] == 30.0 and "All 2 trials are done" in found["summary"]
    assert main(["search", "flowers", "--trials", "1", "--go-on"]) == 0
    printed = capsys.readouterr()
    assert len(printed.err.splitlines()) == 3  # one line for every trial
    assert "Best by validation photos: " in printed.out and "optimistic: the highest of 3 trials" in printed.out
    assert call("search", "flowers", "--last")["best_run"]


def test_before_there_is_one_and_what_is_refused(call, at_once, dataset, capsys):
    assert call("search", "flowers", "--last")["state"] == "none"
    assert main(["search", "flowers", "--last"]) == 0
    assert "Start it: python -m core search flowers --minutes 30" in capsys.readouterr().out
    assert "Received: --minutes=0" in call("search", "flowers", "--minutes", "0", code=1)
    assert "Received: --trials=0" in call("search", "flowers", "--trials", "0", code=1)
    assert "no search of flowers to go on with" in call("search", "flowers", "--go-on", code=1)
    assert "nothing to stop" in call("search", "flowers", "--stop", code=1)


def test_a_budget_that_is_too_small_is_said_and_is_no_success(at_once, dataset, capsys):
    assert main(["search", "flowers", "--minutes", "0.01"]) == 1
    assert "No recipe fits into 1 s of training" in capsys.readouterr().out


def test_one_that_runs_is_not_started_again_and_can_be_stopped(call, at_once, dataset, home):
    call("search", "flowers", "--trials", "1")
    folder = search_job(home, dataset.id)
    alive = acquire(folder.alive_lock)
    with alive:
        folder.status.unlink()
        assert "A search of flowers runs." in call("search", "flowers", code=1)
        stopping = threading.Timer(0.5, alive.release)
        stopping.start()
        assert call("search", "flowers", "--stop")["state"] == "stopped" and folder.cancel.exists()
        stopping.join()
