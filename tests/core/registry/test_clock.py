"""The clock of the database."""

import time

import pytest
from sqlalchemy import select

from core.registry.clock import now


def test_the_database_says_what_time_it_is(registry):
    with registry.reading() as connection:
        assert connection.scalar(select(now())) == pytest.approx(time.time(), abs=2)
