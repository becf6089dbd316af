"""Second factors: confirmed by a code, each code once, removed by their owner, reset by admins."""

import pyotp
import pytest

from core.errors import Conflict, Forbidden, InvalidInput, NotFound
from core.people.acting import Person, Role, acting_as
from core.registry import second_factors as module
from core.registry.second_factors import USED_CODE, WRONG_CODE
from tests.core.registry.databases import ON_SQLITE

ANNA = Person(name="anna", role=Role.VIEWER)


@pytest.fixture
def clock(monkeypatch) -> list[float]:
    now = [1_800_000_000.0]
    monkeypatch.setattr(module.time, "time", lambda: now[0])
    return now


@pytest.fixture
def anna(registry):
    registry.add_user("anna", "viewer")
    registry.store_password("anna", "a hash")
    return registry.user("anna")


@pytest.fixture
def app(registry, anna, clock) -> pyotp.TOTP:
    """The app of anna, who has a second factor; its first code was used a minute ago."""
    with acting_as(ANNA):
        made = pyotp.TOTP(registry.begin_second_factor())
        registry.confirm_second_factor(made.at(clock[0]))
    clock[0] += 60
    return made


def test_a_second_factor_counts_once_a_code_has_confirmed_it(registry, anna, clock):
    with acting_as(ANNA):
        assert registry.begun_second_factor() is None
        first, secret = registry.begin_second_factor(), registry.begin_second_factor()
        assert registry.begun_second_factor() == secret != first
        with pytest.raises(InvalidInput, match=WRONG_CODE):
            registry.confirm_second_factor(pyotp.TOTP(first).at(clock[0]))
        assert not registry.user("anna").second_factor
        with pytest.raises(InvalidInput):
            registry.accept_code("anna", pyotp.TOTP(secret).at(clock[0]))
        assert len(set(registry.confirm_second_factor(pyotp.TOTP(secret).at(clock[0])))) == 8
        assert registry.user("anna").second_factor and registry.users()[0].second_factor
        assert registry.begun_second_factor() is None
        with pytest.raises(NotFound):
            registry.confirm_second_factor(pyotp.TOTP(secret).at(clock[0]))
        with pytest.raises(Conflict, match="Remove it first"):
            registry.begin_second_factor()
    assert (registry.log_entries(1)[0].who, registry.log_entries(1)[0].action) == ("anna", "set_second_factor")


def test_whoever_has_no_password_has_none(registry):
    registry.add_user("bert", "viewer")
    with acting_as(Person(name="bert", role=Role.VIEWER)), pytest.raises(Conflict, match="no password"):
        registry.begin_second_factor()


def test_a_code_is_accepted_once_and_no_earlier_one_after_it(registry, app, clock):
    code = app.at(clock[0])
    assert registry.accept_code("anna", code) is False
    with pytest.raises(InvalidInput, match=USED_CODE):
        registry.accept_code("anna", code)
    with pytest.raises(InvalidInput, match=USED_CODE):
        registry.accept_code("anna", app.at(clock[0] - 30))
    with pytest.raises(InvalidInput, match=WRONG_CODE):
        registry.accept_code("anna", app.at(clock[0] + 90))
    assert registry.accept_code("anna", app.at(clock[0] + 30)) is False


def test_the_code_that_confirmed_it_signs_nobody_in(registry, app, clock):
    clock[0] -= 60
    with pytest.raises(InvalidInput, match=USED_CODE):
        registry.accept_code("anna", app.at(clock[0]))


def test_a_recovery_code_is_used_up_and_is_of_one_account(registry, anna, clock):
    with acting_as(ANNA):
        codes = registry.confirm_second_factor(pyotp.TOTP(registry.begin_second_factor()).at(clock[0]))
    registry.add_user("bert", "viewer")
    with pytest.raises(InvalidInput):
        registry.accept_code("bert", codes[0])
    assert registry.accept_code("anna", codes[0].lower()) is True
    with pytest.raises(InvalidInput, match=WRONG_CODE):
        registry.accept_code("anna", codes[0])
    assert registry.recovery_codes_left("anna") == 7
    (entry,) = registry.log_entries(1)
    assert (entry.who, entry.action, entry.detail["left"]) == ("anna", "use_recovery_code", 7)


@ON_SQLITE
def test_recovery_codes_are_stored_nowhere(registry, anna, clock):
    with acting_as(ANNA):
        codes = registry.confirm_second_factor(pyotp.TOTP(registry.begin_second_factor()).at(clock[0]))
    registry.close()
    stored = registry.database.path.read_bytes()
    assert not any(one.encode() in stored or one.replace("-", "").encode() in stored for one in codes)


def test_one_removes_ones_own_and_admins_reset_anybodys(registry, app, clock):
    with acting_as(ANNA), pytest.raises(Forbidden, match="needs the role admin"):
        registry.reset_second_factor("anna")
    session, _ = registry.open_session("anna", address="::1", agent="x", how="password")
    waiting = registry.begin_second_step("anna", "password")
    assert not registry.reset_second_factor("anna").second_factor
    assert registry.signed_in(session.digest) is None and registry.recovery_codes_left("anna") == 0
    with pytest.raises(NotFound):
        registry.second_step(waiting)
    assert registry.log_entries(1)[0].action == "reset_second_factor"
    for call in (lambda: registry.reset_second_factor("anna"), registry.remove_second_factor):
        with acting_as(Person(name="anna", role=Role.ADMIN)), pytest.raises(NotFound, match="has no second factor"):
            call()
    with acting_as(ANNA):
        registry.confirm_second_factor(pyotp.TOTP(registry.begin_second_factor()).at(clock[0]))
        registry.remove_second_factor()
    assert not registry.user("anna").second_factor and registry.log_entries(1)[0].action == "remove_second_factor"
