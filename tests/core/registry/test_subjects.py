"""Accounts of people who sign in through an OpenID provider: who gets one, who gets which."""

import pytest

from core.errors import Conflict, Forbidden, InvalidInput, NotFound
from core.people.acting import Person, Role, acting_as

ANNA = "https://sso.example 1001"


@pytest.fixture
def admin(registry):
    """A local admin who can sign in."""
    user = registry.add_user("root", "admin")
    registry.store_password(user.name, "a hash")
    return registry.user("root")


def test_a_stranger_is_refused_and_told_what_an_admin_can_do(registry, admin):
    with pytest.raises(Forbidden, match="anna@lab.example has no account here.*openid NAME anna@lab.example"):
        registry.account_of(ANNA, "anna@lab.example", role=None, decided=False)
    with pytest.raises(Forbidden, match="You have no account here.*openid NAME subject:1001"):
        registry.account_of(ANNA, "", role=None, decided=False)
    assert registry.users() == [admin]


def test_a_newcomer_gets_an_account_named_after_the_verified_address(registry, admin):
    user = registry.account_of(ANNA, "anna@lab.example", role=Role.VIEWER, decided=False)
    assert (user.name, user.role, user.subject, user.can_sign_in) == ("anna@lab.example", Role.VIEWER, ANNA, True)
    entry = registry.log_entries(1)[0]
    assert (entry.action, entry.who) == ("add_user", "anna@lab.example (OpenID)")
    assert registry.account_of(ANNA, "other@lab.example", role=Role.TRAINER, decided=False) == user
    with pytest.raises(InvalidInput, match="no verified e-mail address"):
        registry.account_of("https://sso.example 1002", "", role=Role.VIEWER, decided=False)


def test_nobody_takes_over_a_local_account_by_its_name(registry, admin):
    registry.add_user("anna@lab.example", "admin")
    with pytest.raises(Conflict, match="signs in otherwise"):
        registry.account_of(ANNA, "anna@lab.example", role=Role.VIEWER, decided=False)
    assert registry.user("anna@lab.example").subject is None


def test_an_invited_address_gets_its_account_once(registry, admin):
    registry.add_user("anna", "trainer")
    assert registry.connect_account("anna", " Anna@Lab.Example ").can_sign_in
    user = registry.account_of(ANNA, "anna@lab.example", role=None, decided=False)
    assert (user.name, user.role, user.subject) == ("anna", Role.TRAINER, ANNA)
    with pytest.raises(Forbidden):  # the same address at the provider, another person
        registry.account_of("https://sso.example 1002", "anna@lab.example", role=None, decided=False)
    assert registry.account_of(ANNA, "", role=None, decided=False) == user


def test_an_admin_names_a_person_by_subject_and_takes_it_back(registry, admin):
    registry.add_user("anna", "trainer")
    session, _ = registry.open_session("anna", address="::1", agent="x", how="password")
    registry.connect_account("anna", ANNA)
    assert registry.signed_in(session.digest) is None
    assert registry.account_of(ANNA, "", role=None, decided=False).name == "anna"
    registry.add_user("bert", "viewer")
    with pytest.raises(Conflict, match="signs in to the account anna"):
        registry.connect_account("bert", ANNA)
    assert not registry.connect_account("anna", "").can_sign_in
    with pytest.raises(Forbidden):
        registry.account_of(ANNA, "", role=None, decided=False)
    assert registry.log_entries(1)[0].detail == {"user": "anna", "person": ""}


@pytest.mark.parametrize("person", ["anna", "a b", "ftp://sso.example 1", "https://sso.example ", "a@b@c", "@"])
def test_what_names_nobody_is_refused(registry, admin, person):
    with pytest.raises(InvalidInput, match="must be an e-mail address"):
        registry.connect_account("root", person)


def test_only_admins_connect_accounts(registry, admin):
    with acting_as(Person(name="eve", role=Role.TRAINER)), pytest.raises(Forbidden):
        registry.connect_account("root", "eve@lab.example")
    with pytest.raises(NotFound):
        registry.connect_account("nobody", "eve@lab.example")


def test_claims_decide_the_role_at_every_sign_in(registry, admin):
    registry.account_of(ANNA, "anna@lab.example", role=Role.ADMIN, decided=True)
    assert registry.account_of(ANNA, "", role=Role.TRAINER, decided=True).role is Role.TRAINER
    entry = registry.log_entries(1)[0]
    assert (entry.action, entry.detail["before"], entry.who) == ("set_role", "admin", "anna@lab.example (OpenID)")
    with pytest.raises(Forbidden, match="no role in Graft"):
        registry.account_of(ANNA, "", role=None, decided=True)
    registry.disable_user("anna@lab.example")
    with pytest.raises(Forbidden, match="is disabled"):
        registry.account_of(ANNA, "", role=Role.ADMIN, decided=True)


def test_the_only_admin_stays_one_whatever_the_provider_says(registry):
    registry.account_of(ANNA, "anna@lab.example", role=Role.ADMIN, decided=True)
    with pytest.raises(Conflict, match="only admin"):
        registry.account_of(ANNA, "", role=Role.VIEWER, decided=True)
    with pytest.raises(Conflict, match="only admin"):
        registry.connect_account("anna@lab.example", "")
    assert registry.user("anna@lab.example").role is Role.ADMIN
