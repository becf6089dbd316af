"""A home of its own for every test."""

import signal

import pytest

from core.registry import Registry
from core.settings import Settings

signal.signal(signal.SIGINT, signal.default_int_handler)
"""A shell's background job ignores Ctrl-C, and so would every child the tests interrupt."""


@pytest.fixture
def settings(tmp_path) -> Settings:
    return Settings(home=tmp_path / "home")


@pytest.fixture
def registry(settings):
    registry = Registry.open(settings.registry_path)
    yield registry
    registry.close()
