"""A home without a registry, and archives to import into it."""

import pytest

from core.settings import Settings
from tests.photo_files import archive


@pytest.fixture
def home(tmp_path) -> Settings:
    return Settings(home=tmp_path / "home")


@pytest.fixture
def zipped(tmp_path):
    return lambda files: archive(tmp_path / "photos.zip", files)
