"""A home with finished and unfinished runs, opened as a workbench that starts no supervisor."""

import pytest

from core import jobs
from core.runs.values import Status
from core.workbench import Workbench
from tests.factories import fill


@pytest.fixture
def filled(settings, registry, monkeypatch):
    monkeypatch.setattr(jobs, "ensure_supervisor", lambda settings: None)
    return fill(registry, settings, runs=8, per_class=12)


@pytest.fixture
def bench(settings, filled):
    return Workbench.open(settings)


@pytest.fixture
def dataset(filled):
    return filled.dataset.id


@pytest.fixture
def finished_runs(filled):
    return filled.with_status(Status.FINISHED)
