"""Failed sign-ins: limited for each account and each address, in all processes together."""

import pytest

from core.registry import Registry
from core.registry import sign_ins as module
from core.registry.registry import database_at
from core.registry.sign_ins import ACCOUNT_AT_ONCE, ACCOUNT_SECONDS, ADDRESS_AT_ONCE


@pytest.fixture
def now(monkeypatch):
    clock = [1_800_000_000.0]
    monkeypatch.setattr(module.time, "time", lambda: clock[0])
    return clock


def test_an_account_has_ten_failures_then_one_a_minute_from_wherever_they_come(registry, now):
    other = Registry(database_at(registry.database.address))  # as another process has it
    for number in range(ACCOUNT_AT_ONCE):
        assert (other if number % 2 else registry).begin_sign_in("anna", f"192.0.2.{number}") == 0
    assert registry.begin_sign_in("Anna ", "192.0.2.99") == pytest.approx(ACCOUNT_SECONDS)
    assert registry.begin_sign_in("bert", "192.0.2.99") == 0
    now[0] += ACCOUNT_SECONDS
    assert registry.begin_sign_in("anna", "192.0.2.99") == 0
    assert registry.begin_sign_in("anna", "192.0.2.99") > 0


def test_at_most_a_hundred_failures_an_hour_of_one_account(registry, now):
    """Somebody tries 600 times, each time from another address."""
    failures = 0
    for number in range(600):
        now[0] += 6
        failures += registry.begin_sign_in("anna", f"192.0.{number // 256}.{number % 256}") == 0
    assert 60 <= failures <= 100


def test_an_address_has_thirty_failures_whatever_the_account(registry, now):
    for number in range(ADDRESS_AT_ONCE):
        assert registry.begin_sign_in(f"user{number}", "192.0.2.1") == 0
    assert registry.begin_sign_in("another", "192.0.2.1") > 0
    assert registry.begin_sign_in("another", "192.0.2.2") == 0


def test_whoever_signs_in_has_all_failures_again(registry, now):
    for _ in range(50):
        assert registry.begin_sign_in("anna", "192.0.2.1") == 0
        registry.sign_in_succeeded("anna", "192.0.2.1")


def test_a_right_password_before_a_code_takes_back_its_own_attempt_alone(registry, now):
    for _ in range(4):
        assert registry.begin_sign_in("anna", "192.0.2.1") == 0
    for _ in range(20):
        assert registry.begin_sign_in("anna", "192.0.2.1") == 0
        registry.sign_in_goes_on("anna", "192.0.2.1")
    for _ in range(ACCOUNT_AT_ONCE - 4):
        assert registry.begin_sign_in("anna", "192.0.2.1") == 0
    assert registry.begin_sign_in("anna", "192.0.2.1") > 0


def test_a_failure_is_logged_without_the_password(registry, now):
    registry.sign_in_failed("anna", "192.0.2.1", "wrong password")
    entry = registry.log_entries(1)[0]
    assert (entry.who, entry.action) == ("nobody", "sign_in_failed")
    assert entry.detail == {"user": "anna", "address": "192.0.2.1", "because": "wrong password"}
