"""One-time links: once, not too old, the newest only."""

import time

import pytest

from core.errors import Conflict, InvalidInput, NotFound
from core.people.acting import Role
from core.registry import links as module
from core.registry.links import FIRST
from tests.core.registry.databases import ON_SQLITE


def test_the_first_admin_chooses_a_name_once(registry):
    secret = registry.first_link()
    assert registry.link_user(secret) == FIRST
    with pytest.raises(InvalidInput):
        registry.use_link(secret, "not a name", "a hash")
    user = registry.use_link(secret, "Root", "a hash")
    assert (user.name, user.role, user.password) == ("root", Role.ADMIN, "a hash")
    with pytest.raises(NotFound, match="cannot be used"):
        registry.use_link(secret, "eve", "another hash")
    assert registry.first_link() is None


def test_an_earlier_first_link_is_of_no_use_once_there_is_an_admin(registry):
    first, second = registry.first_link(), registry.first_link()
    with pytest.raises(NotFound):
        registry.link_user(first)  # replaced
    registry.add_user("root", "admin")
    registry.store_password("root", "a hash")
    with pytest.raises(NotFound):
        registry.use_link(second, "eve", "a hash")
    assert [user.name for user in registry.users()] == ["root"]


def test_a_link_sets_a_password_and_ends_the_other_sessions(registry):
    registry.add_user("anna", "viewer")
    session, _ = registry.open_session("anna", address="::1", agent="x", how="password")
    old, secret = registry.new_link("anna"), registry.new_link("anna")
    with pytest.raises(NotFound):
        registry.link_user(old)
    assert registry.link_user(secret) == "anna"
    assert (
        registry.use_link(secret, "eve", "new hash").name == "anna"
    )  # the name of the form counts for the first admin
    assert registry.signed_in(session.digest) is None
    assert registry.log_entries(1)[0].who == "anna (one-time link)"


@ON_SQLITE
def test_a_link_ends_after_a_day_and_only_its_digest_is_stored(registry, monkeypatch):
    registry.add_user("anna", "viewer")
    secret = registry.new_link("anna")
    registry.close()
    assert secret.encode() not in registry.database.path.read_bytes()
    tomorrow = time.time() + 24 * 3600 + 1
    monkeypatch.setattr(module.time, "time", lambda: tomorrow)
    with pytest.raises(NotFound):
        registry.link_user(secret)


def test_the_link_of_a_disabled_account_is_of_no_use(registry):
    registry.add_user("anna", "viewer")
    secret = registry.new_link("anna")
    registry.disable_user("anna")
    with pytest.raises(Conflict, match="disabled"):
        registry.use_link(secret, "", "a hash")
