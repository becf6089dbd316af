"""Calls that wait for a registry which is away, and raise when it stays away."""

import pytest

from core.errors import NotFound, Unavailable
from core.registry import leases, patience
from core.registry.patience import patient


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(patience, "RETRY_SECONDS", 0.01)


def test_a_call_is_repeated_until_the_registry_is_back(registry, monkeypatch):
    errors, real = [Unavailable("It does not answer.")] * 3, registry.set_preference

    def away(*values):
        if errors:
            raise errors.pop()
        real(*values)

    monkeypatch.setattr(registry, "set_preference", away)
    patient(registry).set_preference("currency", "EUR")
    assert registry.preference("currency") == "EUR" and not errors


def test_one_that_stays_away_and_every_other_error_is_raised(registry, monkeypatch):
    monkeypatch.setattr(leases, "GIVE_UP_SECONDS", 0.1)
    calls = []

    def away(*_):
        calls.append(1)
        raise Unavailable("It does not answer.")

    monkeypatch.setattr(registry, "datasets", away)
    with pytest.raises(Unavailable):
        patient(registry).datasets()
    assert len(calls) > 2
    with pytest.raises(NotFound):
        patient(registry).run("r-unknown")
    assert patient(registry).database is registry.database
