"""Accounts and their roles; the last admin stays."""

import pytest

from core.errors import Conflict, Forbidden, InvalidInput, NotFound
from core.people.acting import Person, Role, acting_as


@pytest.fixture
def admin(registry):
    """An admin who can sign in."""
    user = registry.add_user("Root", "admin")
    registry.store_password(user.name, "a hash")
    return registry.user("root")


def test_a_name_is_stored_in_small_letters_and_once(registry):
    assert registry.add_user(" Anna.B@example.org ", "trainer").name == "anna.b@example.org"
    with pytest.raises(Conflict, match="already an account"):
        registry.add_user("ANNA.B@EXAMPLE.ORG", "viewer")
    assert registry.user("Anna.B@example.org").role is Role.TRAINER
    with pytest.raises(NotFound, match="no account 'bert'"):
        registry.user("bert")


@pytest.mark.parametrize(
    ("name", "role"), [("", "viewer"), ("a b", "viewer"), ("../a", "viewer"), ("ä", "viewer"), ("a", "root")]
)
def test_an_impossible_account_is_refused(registry, name, role):
    with pytest.raises(InvalidInput):
        registry.add_user(name, role)


def test_an_account_without_a_password_cannot_sign_in(registry, admin):
    assert admin.can_sign_in
    assert not registry.add_user("anna", "admin").can_sign_in


def test_the_last_admin_stays(registry, admin):
    registry.add_user("anna", "admin")  # she has no password yet
    for change in (lambda: registry.set_role("root", "viewer"), lambda: registry.disable_user("root")):
        with pytest.raises(Conflict, match="root is the only admin who can sign in"):
            change()
    assert registry.user("root") == admin
    registry.store_password("anna", "a hash")
    assert registry.set_role("root", "viewer").role is Role.VIEWER


def test_only_admins_change_accounts(registry, admin):
    for act in (
        lambda: registry.add_user("eve", "admin"),
        lambda: registry.set_role("root", "viewer"),
        lambda: registry.disable_user("root"),
        lambda: registry.new_link("root"),
    ):
        with acting_as(Person(name="eve", role=Role.TRAINER)), pytest.raises(Forbidden, match="needs the role admin"):
            act()
    assert [user.name for user in registry.users()] == ["root"]


def test_a_disabled_account_ends_its_sessions(registry, admin):
    registry.add_user("anna", "viewer")
    session, _ = registry.open_session("anna", address="::1", agent="x", how="password")
    assert registry.signed_in(session.digest)
    registry.disable_user("anna")
    assert registry.signed_in(session.digest) is None and registry.closed_among([session.digest]) == {session.digest}
    registry.disable_user("anna", on=False)
    assert registry.signed_in(session.digest) is None  # a new sign-in is needed


def test_every_change_is_logged_with_who(registry, admin):
    with acting_as(admin.person()):
        registry.add_user("anna", "viewer")
        registry.set_role("anna", "trainer")
    entries = registry.log_entries(2)
    assert [(one.who, one.action, one.detail) for one in entries] == [
        ("root", "set_role", {"user": "anna", "role": "trainer", "before": "viewer"}),
        ("root", "add_user", {"user": "anna", "role": "viewer"}),
    ]
