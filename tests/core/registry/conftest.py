"""Registries in the states that several tests start from."""

import pytest

from tests.factories import make_dataset, make_photos, make_run


@pytest.fixture
def flowers(registry):
    registry.add_dataset(make_dataset(), make_photos())
    return registry


@pytest.fixture
def running(registry):
    """A registry in which the run r-1 is running its first attempt and r-2 waits."""
    registry.add_dataset(make_dataset(), make_photos())
    registry.add_run(make_run(1, id="r-1"))
    registry.add_run(make_run(2, id="r-2"))
    registry.claim("cpu", "me")
    return registry
