"""Leases: one holder at a time, a growing token, and the database's clock."""

import threading

from core.people.acting import NOBODY, acting_as
from core.registry import Registry
from core.registry.registry import database_at
from core.registry.schema import leases


def lapse(registry, name):
    with registry.writing() as connection:
        connection.execute(leases.update().where(leases.c.name == name).values(expires_at=1.0))


def test_a_lease_has_one_holder(registry):
    first = registry.take("supervisor", "a")
    assert first and first.token == 1
    assert registry.take("supervisor", "b") is None
    assert registry.lease("supervisor") == first


def test_who_has_it_may_take_it_again_and_keeps_the_token(registry):
    assert registry.take("supervisor", "a").token == registry.take("supervisor", "a").token == 1


def test_a_lease_that_has_lapsed_goes_to_another_holder_with_a_larger_token(registry):
    first = registry.take("supervisor", "a")
    lapse(registry, "supervisor")
    assert registry.lease("supervisor") is None
    second = registry.take("supervisor", "b")
    assert second.token == first.token + 1
    assert not registry.renew(first)
    assert registry.renew(second)


def test_one_that_lapsed_and_that_nobody_took_can_still_be_renewed(registry):
    lease = registry.take("supervisor", "a")
    lapse(registry, "supervisor")
    assert registry.renew(lease)
    assert registry.take("supervisor", "b") is None


def test_a_released_lease_is_free_at_once_and_its_token_is_never_given_again(registry):
    first = registry.take("supervisor", "a")
    registry.release(first)
    assert registry.take("supervisor", "a").token == 2


def test_who_lost_a_lease_cannot_release_it(registry):
    first = registry.take("supervisor", "a")
    lapse(registry, "supervisor")
    second = registry.take("supervisor", "b")
    registry.release(first)
    assert registry.lease("supervisor").token == second.token


def test_the_token_can_be_that_of_an_attempt(registry):
    assert registry.take("run/r-1", "a", token=3).token == 3


def test_held_leases_are_listed_by_name(registry):
    for name in ("run/b", "run/a", "supervisor"):
        registry.take(name, "a")
    lapse(registry, "run/b")
    assert [lease.name for lease in registry.held_leases()] == ["run/a", "supervisor"]
    assert [lease.name for lease in registry.held_leases("run/")] == ["run/a"]


def test_of_many_that_ask_at_once_one_gets_it(registry):
    address, found = registry.database.address, []

    def ask(number):
        found.append(Registry(database_at(address)).take("supervisor", f"holder {number}"))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert len(found) == 8 and len([lease for lease in found if lease]) == 1


def test_a_forgotten_lease_is_gone(registry):
    registry.take("run/r-1", "a")
    registry.forget_lease("run/r-1")
    assert registry.held_leases() == []


def test_a_larger_token_takes_a_lease_from_its_holder_and_a_smaller_one_never(registry):
    first = registry.take("run/r-1", "first", token=1)
    assert registry.take("run/r-1", "another", token=1) is None
    assert registry.take("run/r-1", "second", token=2).token == 2
    assert not registry.renew(first)
    assert registry.take("run/r-1", "first", token=1) is None
    assert registry.take("run/r-1", "second", token=2).token == 2


def test_an_attempt_gets_its_lease_once_however_it_ended(registry):
    registry.release(registry.take("run/r-1", "first", token=1))
    assert registry.take("run/r-1", "another", token=1) is None
    assert registry.take("run/r-1", "another", token=2).token == 2


def test_the_last_lease_is_known_also_when_it_has_lapsed(registry):
    lease = registry.take("run/r-1", "first", token=3)
    registry.release(lease)
    assert registry.lease("run/r-1") is None
    assert registry.last_lease("run/r-1").token == 3
    assert registry.last_lease("run/r-2") is None


def test_a_thread_of_the_server_on_whose_behalf_nobody_acts_keeps_its_lease(registry):
    """A lease says which process acts; what it does for whom is asked where it does it."""
    with acting_as(NOBODY):
        lease = registry.take("publish/x", "a")
        assert registry.renew(lease)
        registry.release(lease)
        registry.forget_lease("publish/x")
    assert registry.held_leases() == []
