"""A home of its own for every test."""

import pytest

from core.registry import Registry
from core.settings import Settings


@pytest.fixture
def settings(tmp_path) -> Settings:
    return Settings(home=tmp_path / "home")


@pytest.fixture
def registry(settings):
    registry = Registry.open(settings.registry_path)
    yield registry
    registry.close()
