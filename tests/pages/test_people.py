"""People and Audit log: accounts, links, sessions, who did what; for admins alone."""

from dataclasses import replace

import pyotp
import pytest

from core.errors import Forbidden
from core.people.acting import Person, Role, acting_as
from core.web.people import accounts_panel
from core.web.server.state import workbench
from tests.factories import make_dataset
from tests.pages.conftest import first_line, text_of, visit


@pytest.fixture
def login(monkeypatch):
    monkeypatch.setenv("GRAFT_LOGIN", "required")


def click(at, key):
    next(button for button in at.button if button.key == key).click().run()
    return at


def test_without_a_login_the_page_says_why_and_the_frame_that_there_is_none(bench):
    at = visit("people")
    assert "Nobody signs in here" in first_line(at) and "GRAFT_LOGIN=required" in text_of(at)
    assert any("No login" in caption.value for caption in at.sidebar.caption)


def test_an_admin_adds_a_person_and_passes_a_link_on(bench, login):
    at = visit("people")
    at.text_input(key="people.name").set_value("Anna")
    at.selectbox(key="people.role").set_value(Role.TRAINER)
    click(at, "people.add")
    assert not at.exception and not at.error
    (link,) = [code.value for code in at.code]
    assert bench.registry.link_user(link.partition("#code=")[2]) == "anna"
    assert bench.registry.user("anna").role is Role.TRAINER and "Has no password yet" in text_of(at)
    at.selectbox(key="people.role.anna").set_value(Role.VIEWER).run()
    assert bench.registry.user("anna").role is Role.VIEWER
    click(at, "people.disable.anna")
    click(at, "people.disable.anna-yes")
    assert bench.registry.user("anna").disabled
    click(at, "people.enable.anna")
    assert not bench.registry.user("anna").disabled


def test_an_admin_sees_what_each_account_stores(bench, login, monkeypatch):
    for name in ("anna", "tom"):
        bench.registry.add_user(name, "trainer")
    with acting_as(Person(name="anna", role=Role.TRAINER)):
        bench.registry.add_dataset(replace(make_dataset(), size_bytes=2_000_000), ())
    text = text_of(visit("people"))
    assert "2.0 MB stored (datasets 2.0 MB)" in text and "0 open sessions · nothing stored" in text
    monkeypatch.setattr(workbench(), "settings", replace(bench.settings, user_limit_bytes=10**7))
    assert "2.0 MB of 10 MB stored" in text_of(visit("people"))


def test_an_admin_who_signed_in_long_ago_changes_nothing_and_is_led_to_the_sign_in_page(bench, login, monkeypatch):
    bench.registry.add_user("anna", "viewer")

    def too_long_ago() -> None:
        raise Forbidden("You signed in more than 15 minutes ago. Sign in again to change accounts.")

    monkeypatch.setattr(accounts_panel, "require_recent_sign_in", too_long_ago)
    at = visit("people")
    assert "Sign in again" in at.info[0].value and any("login?fresh=1" in one.body for one in at.get("html"))
    at.selectbox(key="people.role.anna").set_value(Role.ADMIN).run()
    click(at, "people.link.anna")
    at.text_input(key="people.name").set_value("eve")
    click(at, "people.add")
    assert [(user.name, user.role) for user in bench.registry.users()] == [("anna", Role.VIEWER)]
    assert not [code.value for code in at.code]


def test_an_admin_ends_sessions(bench, login):
    bench.registry.add_user("anna", "viewer")
    bench.registry.open_session("anna", address="192.0.2.7", agent="Firefox", how="password")
    at = click(visit("people"), "people.end.anna")
    assert not at.exception and bench.registry.sessions() == []


def test_an_admin_resets_a_lost_second_factor(bench, login):
    bench.registry.add_user("anna", "viewer")
    bench.registry.store_password("anna", "a hash")
    assert not [one for one in visit("people").button if one.key == "people.factor.anna"]
    with acting_as(Person(name="anna", role=Role.VIEWER)):
        bench.registry.confirm_second_factor(pyotp.TOTP(bench.registry.begin_second_factor()).now())
    at = click(visit("people"), "people.factor.anna")
    assert bench.registry.user("anna").second_factor and "0 open sessions · second factor · nothing stored" in text_of(
        at
    )
    click(at, "people.factor.anna-yes")
    assert not bench.registry.user("anna").second_factor


def test_an_admin_deletes_a_disabled_account_and_says_who_gets_what_it_owns(bench, login):
    for name in ("anna", "bert", "carl"):
        bench.registry.add_user(name, "trainer")
    with acting_as(Person(name="anna", role=Role.TRAINER)):
        bench.registry.add_dataset(make_dataset(), ())
    assert not [one for one in visit("people").button if one.key == "people.delete.anna"]
    for name in ("anna", "carl"):
        bench.registry.disable_user(name)
    at = click(visit("people"), "people.delete.anna")
    heir = at.selectbox(key="people.delete.anna.heir")
    assert (heir.label, heir.options) == ("Who gets its 1 dataset", ["bert"])
    click(at, "people.delete.anna-yes")
    assert "Name the account that gets them" in at.error[0].value and bench.registry.user("anna")
    click(at, "people.delete.anna")
    at.selectbox(key="people.delete.anna.heir").set_value("bert").run()
    click(at, "people.delete.anna-yes")
    assert not at.exception and [one.name for one in bench.registry.users()] == ["bert", "carl"]
    assert bench.registry.datasets()[0].owner == "bert"
    at = click(visit("people"), "people.delete.carl")
    assert not [one for one in at.selectbox if one.key == "people.delete.carl.heir"]
    click(at, "people.delete.carl-yes")
    assert [one.name for one in bench.registry.users()] == ["bert"]


@pytest.mark.parametrize("page", ["people", "audit"])
@pytest.mark.parametrize("role", [Role.VIEWER, Role.TRAINER])
def test_nobody_else_sees_anything_of_it(bench, login, page, role, monkeypatch):
    bench.registry.add_user("secretive", "admin")
    monkeypatch.setattr("core.people.acting.LOCAL", Person(name="eve", role=role))
    at = visit(page)
    assert "needs the role admin" in at.error[0].value and "secretive" not in text_of(at) and not at.dataframe


def test_the_audit_log_says_who_did_what(bench):
    with acting_as(Person(name="anna", role=Role.TRAINER)):
        bench.registry.log("launch", {"runs": ["r-1"]})
    at = visit("audit")
    assert first_line(at).startswith("1 entry")
    (table,) = [frame.value for frame in at.dataframe]
    assert table.iloc[0]["Who"] == "anna" and "r-1" in table.iloc[0]["Detail"]
