"""Signing in below the routes: what is counted, what is logged, what is hashed again."""

import pytest

from core.errors import InvalidInput
from core.people import passwords
from core.web.server.signing_in import TooManyFailures, sign_in
from tests.core.web.server.conftest import PASSWORD

FROM = {"address": "192.0.2.1", "agent": "test"}


def test_a_failure_is_counted_before_the_password_is_looked_at(accounts, monkeypatch):
    monkeypatch.setattr(passwords, "is_right", lambda stored, password: pytest.fail("it was looked at"))
    monkeypatch.setattr(accounts.__class__, "begin_sign_in", lambda self, name, address: 12.3)
    with pytest.raises(TooManyFailures, match="13 seconds"):
        sign_in(accounts, "tom", PASSWORD, **FROM)


def test_an_unknown_account_has_a_password_verified_too(accounts, monkeypatch):
    verified = []
    monkeypatch.setattr(passwords, "is_right", lambda stored, password: bool(verified.append(stored)))
    for name in ("tom", "nobody"):
        with pytest.raises(InvalidInput):
            sign_in(accounts, name, "wrong", **FROM)
    assert verified == [accounts.user("tom").password, None]
    assert [one.detail["because"] for one in accounts.log_entries(2)] == ["no such account", "wrong password"]


def test_a_hash_of_other_parameters_is_made_anew(accounts, monkeypatch):
    before = accounts.user("tom").password
    monkeypatch.setattr(passwords, "needs_new_hash", lambda stored: True)
    sign_in(accounts, "tom", PASSWORD, **FROM)
    assert accounts.user("tom").password != before
    assert passwords.is_right(accounts.user("tom").password, PASSWORD)
