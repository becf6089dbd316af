"""A home whose supervisor is a real process and starts fake trainers."""

import pytest

from tests.jobs_home import FAKE_TRAINER, Home


@pytest.fixture
def home(settings, registry, monkeypatch):
    monkeypatch.setenv("GRAFT_TRAINER", " ".join(FAKE_TRAINER))
    monkeypatch.setenv("GRAFT_GRACE_SECONDS", "1")
    home = Home(settings, registry)
    yield home
    home.kill_everything()
