"""Tokens: created once, found by their secret, expired, revoked."""

import sqlite3
import time

import pytest

from core.errors import Conflict, InvalidInput, NotFound
from core.people.acting import Person, Role, acting_as
from core.registry import Registry
from core.registry.tokens import PREFIX, USE_SECONDS, Scope, TokenState, digest_of
from tests.core.registry.databases import ON_SQLITE


@ON_SQLITE
def test_a_token_is_found_by_its_secret_which_is_stored_nowhere(registry: Registry):
    token, secret = registry.create_token("laptop", "predict", 30)
    assert secret.startswith(PREFIX) and len(secret) >= len(PREFIX) + 43
    assert registry.find_token(secret) == token and token.scope is Scope.PREDICT
    assert token.expires_at - token.created_at == pytest.approx(30 * 86_400)
    assert registry.find_token(secret[:-1]) is None and registry.find_token("") is None
    registry.close()
    assert secret.encode() not in registry.database.path.read_bytes()
    with sqlite3.connect(registry.database.path) as connection:
        assert connection.execute("SELECT digest FROM tokens").fetchall() == [(digest_of(secret),)]


def test_each_scope_includes_the_ones_before_it():
    assert [[held.allows(needed) for needed in Scope] for held in Scope] == [
        [True, False, False], [True, True, False], [True, True, True],
    ]  # fmt: skip


def test_a_revoked_or_expired_token_is_kept_and_says_so(registry: Registry):
    token, secret = registry.create_token("laptop", "read")
    assert token.state() is TokenState.VALID
    assert token.state(token.expires_at + 1) is TokenState.EXPIRED
    assert registry.revoke_token("laptop").state() is TokenState.REVOKED
    assert registry.find_token(secret).state() is TokenState.REVOKED
    with pytest.raises(NotFound, match="no token 'laptop'"):
        registry.revoke_token("laptop")


def test_a_name_is_free_again_once_its_token_is_revoked(registry: Registry):
    registry.create_token("laptop", "read")
    with pytest.raises(Conflict, match="already a token 'laptop'"):
        registry.create_token("laptop", "train")
    registry.revoke_token("laptop")
    registry.create_token("laptop", "train")
    assert [(token.scope, token.state()) for token in registry.tokens()] == [
        (Scope.TRAIN, TokenState.VALID), (Scope.READ, TokenState.REVOKED),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "scope", "days"),
    [
        ("", "read", 1),
        ("a b", "read", 1),
        ("x" * 61, "read", 1),
        ("a", "admin", 1),
        ("a", "read", 0),
        ("a", "read", 1e9),
    ],
)
def test_what_is_no_name_scope_or_time_is_refused(registry: Registry, name, scope, days):
    with pytest.raises(InvalidInput, match="Received"):
        registry.create_token(name, scope, days)
    assert registry.tokens() == []


def test_the_last_use_is_written_seldom(registry: Registry, monkeypatch):
    token, secret = registry.create_token("laptop", "read")
    registry.token_was_used(token)
    used = registry.find_token(secret)
    assert used.used_at == pytest.approx(time.time(), abs=5)
    monkeypatch.setattr(time, "time", lambda: used.used_at + USE_SECONDS - 1)
    registry.token_was_used(used)
    assert registry.find_token(secret).used_at == used.used_at
    monkeypatch.setattr(time, "time", lambda: used.used_at + USE_SECONDS + 1)
    registry.token_was_used(used)
    assert registry.find_token(secret).used_at > used.used_at


def test_creating_and_revoking_are_logged_without_the_secret(registry: Registry):
    _, secret = registry.create_token("laptop", "train")
    registry.revoke_token("laptop")
    entries = registry.log_entries()
    assert [entry.action for entry in entries] == ["revoke_token", "create_token"]
    assert secret not in str(entries) and digest_of(secret) not in str(entries)


def test_a_token_of_an_account_has_its_present_role(registry):
    registry.add_user("ada", "admin")
    with acting_as(Person(name="ada", role=Role.ADMIN)):
        registry.add_user("ben", "trainer")
        with acting_as(Person(name="ben", role=Role.TRAINER)):
            token, _ = registry.create_token("laptop", "read", 30)
        assert registry.role_of_owner(token) is Role.TRAINER
        registry.set_role("ben", "viewer")
        assert registry.role_of_owner(token) is Role.VIEWER
        registry.disable_user("ben")
        assert registry.role_of_owner(token) is None
