"""A cluster that a server of the test plays."""

import pytest

from tests.fake_ray import FakeRay


@pytest.fixture
def ray():
    with FakeRay() as ray:
        yield ray
