"""What both databases can do alike."""

import pickle

import pytest

from core.errors import Unavailable
from core.registry.database import ConnectionLost
from core.registry.registry import database_at
from tests.factories import fill


def test_an_address_opens_the_same_database(registry):
    registry.set_preference("a", 1)
    again = database_at(registry.database.address)
    assert type(again) is type(registry.database) and again.has_registry()
    again.close()


def test_a_copy_for_another_process_has_connections_of_its_own(registry):
    copy = pickle.loads(pickle.dumps(registry.database))  # noqa: TID251
    assert copy.address == registry.database.address and copy._engine is not registry.database._engine
    copy.close()


def test_nothing_is_wrong_with_what_was_just_stored(registry):
    fill(registry)
    assert registry.database.damage() == [] and registry.database.size() > 50_000


def test_a_lost_connection_is_something_from_outside():
    with pytest.raises(Unavailable):
        raise ConnectionLost("The registry is unreachable.")


def test_leases_and_costs_so_far_are_quiet_where_the_database_can_tell(running):
    before = running.change_counter()
    lease = running.take("run/r-1", "me")
    running.renew(lease)
    running.record_spent("r-1", 1, {"wall_seconds": 1.0})
    quiet = running.database.product.startswith("PostgreSQL")
    assert (running.change_counter() == before) is quiet
    running.set_preference("a", 1)
    assert running.change_counter() != before
