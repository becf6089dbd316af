"""Sessions: found by the digest of their secret, ended by time, by their owner, by an admin."""

from dataclasses import replace

import pyotp
import pytest

from core.errors import Forbidden, NotFound
from core.people.acting import Person, Role, acting_as
from core.registry import sessions as module
from core.registry.sessions import IDLE_SECONDS, MOST_SECONDS, OPENID, SEEN_SECONDS, session_digest
from tests.core.registry.databases import ON_SQLITE

ANNA, BERT, ROOT = (
    Person(name=name, role=role) for name, role in (("anna", Role.VIEWER), ("bert", Role.TRAINER), ("root", Role.ADMIN))
)


@pytest.fixture
def anna(registry):
    registry.add_user("anna", "viewer")
    return registry.open_session("anna", address="192.0.2.1", agent="Firefox", how="password")


@ON_SQLITE
def test_a_session_is_found_by_its_secret_which_is_stored_nowhere(registry, anna):
    session, secret = anna
    assert session.digest == session_digest(secret) and len(secret) >= 43
    assert registry.signed_in(session_digest(secret)) == (session, registry.user("anna"))
    assert registry.signed_in(session_digest("x")) is None
    registry.close()
    assert secret.encode() not in registry.database.path.read_bytes()
    entry = registry.log_entries(1)[0]
    assert (entry.who, entry.action, entry.detail["with"]) == ("anna", "sign_in", "password")


def test_a_session_ends_when_it_is_idle_and_after_a_week_of_use(registry, anna, monkeypatch):
    session, _ = anna
    assert session.is_open(session.created_at + IDLE_SECONDS - 1)
    assert not session.is_open(session.created_at + IDLE_SECONDS + 1)
    start, now = session.created_at, [session.created_at]
    monkeypatch.setattr(module.time, "time", lambda: now[0])
    while now[0] < start + MOST_SECONDS - IDLE_SECONDS / 2:
        now[0] += IDLE_SECONDS / 2
        registry.session_was_used(registry.signed_in(session.digest)[0])
    now[0] = start + MOST_SECONDS + 1
    assert registry.signed_in(session.digest) is None
    assert registry.closed_among([session.digest]) == {session.digest}


def test_a_session_lacks_a_second_factor_where_its_role_must_have_one(registry, anna):
    session, _ = anna
    provider, _ = registry.open_session("anna", address="::1", agent="x", how=OPENID)
    both = [session.digest, provider.digest]
    assert registry.closed_among(both, ("admin",)) == registry.closed_among(both) == set()
    assert registry.closed_among(both, ("viewer",)) == {session.digest}
    registry.store_password("anna", "a hash")
    with acting_as(ANNA):
        registry.confirm_second_factor(pyotp.TOTP(registry.begin_second_factor()).now())
    assert registry.closed_among(both, ("viewer",)) == set()


def test_of_a_session_from_before_the_password_says_how_it_began(registry, anna):
    session = replace(anna[0], how="")
    assert not session.lacks_factor(registry.user("anna"), ("viewer",))
    registry.store_password("anna", "a hash")
    assert session.lacks_factor(registry.user("anna"), ("viewer",))


def test_the_last_use_is_written_at_intervals(registry, anna, monkeypatch):
    session, _ = anna
    before = registry.change_counter()
    registry.session_was_used(session)
    assert registry.change_counter() == before
    monkeypatch.setattr(module.time, "time", lambda: session.created_at + SEEN_SECONDS + 1)
    registry.session_was_used(session)
    assert registry.signed_in(session.digest)[0].seen_at == session.created_at + SEEN_SECONDS + 1


def test_one_ends_ones_own_session_and_an_admin_anybodys(registry, anna):
    session, _ = anna
    with acting_as(BERT), pytest.raises(Forbidden, match="belongs to anna"):
        registry.end_session(session.id)
    with acting_as(BERT), pytest.raises(Forbidden):
        registry.end_sessions("anna")
    assert registry.signed_in(session.digest)
    with acting_as(ANNA):
        registry.end_session(session.id)
    assert registry.signed_in(session.digest) is None and registry.sessions() == []
    with acting_as(ANNA), pytest.raises(NotFound):
        registry.end_session(session.id)
    other, _ = registry.open_session("anna", address="::1", agent="x", how="password")
    with acting_as(ROOT):
        registry.end_sessions("anna")
    assert registry.closed_among([other.digest, session.digest]) == {other.digest, session.digest}
    assert registry.log_entries(1)[0].who == "root"


def test_all_but_this_session_can_be_ended(registry, anna):
    session, _ = anna
    other, _ = registry.open_session("anna", address="::1", agent="x", how="password")
    with acting_as(ANNA):
        registry.end_sessions("anna", but=session.digest)
    assert registry.closed_among([other.digest, session.digest]) == {other.digest}
