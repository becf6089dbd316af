"""A home with a dataset and eight runs, a folder for its backups, and an empty home."""

from pathlib import Path

import pytest

from core.settings import Settings
from tests.core.registry.conftest import server  # noqa: F401


@pytest.fixture
def backups(tmp_path) -> Path:
    return tmp_path / "backups"


@pytest.fixture
def empty(tmp_path) -> Settings:
    return Settings(home=tmp_path / "restored")
