"""Runs for the tests of reports."""

import pytest

from core.runs.values import Status
from tests.pattern_home import fill_patterns


@pytest.fixture
def runs(bench):
    return fill_patterns(bench)


@pytest.fixture
def finished(filled):
    return filled.with_status(Status.FINISHED)
