"""A token is read once in a while, and refused at once when this process has revoked it."""

import pytest

from core.api.known_tokens import FRESH_SECONDS, KnownTokens
from core.people.acting import Role
from core.registry import Registry
from core.registry.tokens import TokenState, digest_of


@pytest.fixture
def clock():
    return [100.0]


@pytest.fixture
def known(registry, clock):
    return KnownTokens(lambda: registry, lambda: clock[0])


def test_a_token_is_fresh_for_a_moment_after_it_was_found(known, registry, clock):
    token, secret = registry.create_token("phone", "read")
    assert known.fresh(token.digest) is None and token.digest not in known
    assert known.find(secret) == (token, Role.ADMIN)
    assert known.fresh(token.digest) == (token, Role.ADMIN) and token.digest in known
    clock[0] += FRESH_SECONDS
    assert known.fresh(token.digest) is None, "it is looked up again"
    assert token.digest in known, "but failures of others do not delay it"


def test_a_revocation_of_this_process_counts_at_once_and_of_another_after_a_moment(known, registry, clock):
    token, secret = registry.create_token("phone", "read")
    other, other_secret = registry.create_token("laptop", "read")
    known.find(secret), known.find(other_secret)
    registry.revoke_token("phone")
    assert known.fresh(token.digest) is None
    assert known.find(secret)[0].state() is TokenState.REVOKED and token.digest not in known
    known.find(other_secret)
    elsewhere = Registry.open(registry.database.path)
    elsewhere.revoke_token("laptop")
    elsewhere.close()
    assert known.fresh(other.digest)[0].name == "laptop"
    clock[0] += FRESH_SECONDS
    assert known.fresh(other.digest) is None


def test_a_revocation_while_the_token_is_looked_up_is_noticed(known, registry, monkeypatch):
    token, secret = registry.create_token("phone", "read")
    find = registry.find_token

    def found_then_revoked(secret):
        found = find(secret)
        registry.revoke_token("phone")
        return found

    monkeypatch.setattr(registry, "find_token", found_then_revoked)
    known.find(secret)
    assert known.fresh(token.digest) is None


def test_a_token_that_expires_is_not_fresh(known, registry, monkeypatch):
    token, secret = registry.create_token("phone", "read", 1)
    known.find(secret)
    monkeypatch.setattr("time.time", lambda: token.expires_at)
    assert known.fresh(token.digest) is None


def test_wrong_tokens_are_not_kept_and_the_oldest_ones_go(known, registry, monkeypatch):
    monkeypatch.setattr("core.api.known_tokens._MOST", 2)
    assert known.find("graft_wrong") is None and digest_of("graft_wrong") not in known
    secrets = [registry.create_token(name, "read")[1] for name in ("a", "b", "c")]
    for secret in secrets:
        known.find(secret)
    assert [digest_of(secret) in known for secret in secrets] == [False, True, True]


def test_its_use_is_written(known, registry):
    _, secret = registry.create_token("phone", "read")
    known.find(secret)
    assert registry.tokens()[0].used_at is not None
