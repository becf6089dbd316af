"""``core users`` and ``core audit``."""

import json

import pyotp
import pytest

from core.__main__ import main
from core.people.acting import Person, Role, acting_as
from core.registry.users import User
from core.workbench import Workbench
from tests.factories import make_dataset, make_photos

ANNA = Person(name="anna", role=Role.TRAINER)


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("GRAFT_HOME", str(tmp_path / "home"))


def told(capsys, *arguments: str) -> dict:
    assert main([*arguments, "--json"]) == 0, capsys.readouterr().err
    return json.loads(capsys.readouterr().out)


def test_an_account_is_added_with_a_link_that_sets_its_password(capsys, monkeypatch):
    monkeypatch.setenv("GRAFT_URL", "https://graft.example/photos/")
    row = told(capsys, "users", "add", "Anna", "--role", "trainer")
    assert row["name"] == "anna" and row["role"] == "trainer" and not row["can_sign_in"]
    address, _, secret = row["link"].partition("#code=")
    assert address == "https://graft.example/photos/welcome"
    registry = Workbench.open().registry
    assert registry.link_user(secret) == "anna"
    assert isinstance(registry.use_link(secret, "", "a hash"), User)
    (listed,) = told(capsys, "users")["users"]
    assert listed["can_sign_in"] and "password" not in listed and "a hash" not in json.dumps(listed)


def test_without_an_address_the_link_is_that_of_this_machine(capsys):
    assert told(capsys, "users", "add", "anna")["link"].startswith("http://127.0.0.1:8501/welcome#code=")


def test_a_person_at_the_openid_provider_is_connected_to_an_account(capsys, monkeypatch):
    told(capsys, "users", "add", "anna")
    assert told(capsys, "users", "openid", "anna", "anna@lab.example")["openid"]
    assert main(["users", "openid", "anna", "subject:1001"]) != 0 and "GRAFT_OIDC_ISSUER" in capsys.readouterr().err
    monkeypatch.setenv("GRAFT_OIDC_ISSUER", "https://sso.example")
    monkeypatch.setenv("GRAFT_OIDC_CLIENT_ID", "graft")
    monkeypatch.setenv("GRAFT_URL", "https://graft.example")
    told(capsys, "users", "openid", "anna", "subject:1001")
    assert Workbench.open().registry.user("anna").subject == "https://sso.example 1001"
    assert not told(capsys, "users", "openid", "anna", "none")["openid"]
    assert main(["users", "openid", "anna"]) != 0 and "Name the person" in capsys.readouterr().err


def test_roles_sessions_and_accounts_are_changed(capsys):
    told(capsys, "users", "add", "anna")
    assert told(capsys, "users", "role", "anna", "admin")["role"] == "admin"
    assert told(capsys, "users", "disable", "anna")["disabled"]
    assert not told(capsys, "users", "enable", "anna")["disabled"]
    registry = Workbench.open().registry
    first, _ = registry.open_session("anna", address="::1", agent="x", how="password")
    registry.open_session("anna", address="::1", agent="x", how="password")
    assert len(told(capsys, "users")["sessions"]) == 2
    assert [one["id"] for one in told(capsys, "users", "end", first.id)["ended"]] == [first.id]
    assert len(told(capsys, "users", "end", "anna")["ended"]) == 1
    assert told(capsys, "users")["sessions"] == []
    actions = [one["action"] for one in told(capsys, "audit")["entries"]]
    assert actions[:2] == ["end_sessions", "end_session"] and actions[-2:] == ["new_link", "add_user"]
    assert {one["who"] for one in told(capsys, "audit")["entries"]} == {"local", "anna"}
    assert {one["action"] for one in told(capsys, "audit", "--who", "anna")["entries"]} == {"sign_in"}
    assert len(told(capsys, "audit", "--limit", "3")["entries"]) == 3


def test_texts_for_people(capsys):
    assert main(["users"]) == 0 and main(["audit"]) == 0
    assert "There are no accounts" in capsys.readouterr().out
    assert main(["users", "add", "anna"]) == 0
    assert "within 24 hours" in capsys.readouterr().out
    assert main(["users"]) == 0 and main(["audit"]) == 0
    out = capsys.readouterr().out
    assert "has no password yet" in out and "add_user" in out and "local" in out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["users", "add"], "Name an account"),
        (["users", "role", "anna"], "Name the role"),
        (["users", "link", "anna"], "There is no account 'anna'"),
        (["users", "end", "0123456789ab"], "no open session"),
        (["audit", "--limit", "0"], "at least 1"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(capsys, arguments, sentence):
    assert main(arguments) == 1
    assert sentence in capsys.readouterr().err


def test_a_lost_second_factor_is_reset(capsys):
    registry = Workbench.open().registry
    registry.add_user("anna", "viewer")
    registry.store_password("anna", "a hash")
    with acting_as(ANNA):
        registry.confirm_second_factor(pyotp.TOTP(registry.begin_second_factor()).now())
    assert told(capsys, "users")["users"][0]["second_factor"]
    assert main(["users"]) == 0 and "enabled, with a second factor" in capsys.readouterr().out
    assert not told(capsys, "users", "reset-factor", "anna")["second_factor"]
    assert main(["users", "reset-factor", "anna"]) != 0 and "has no second factor" in capsys.readouterr().err


def test_an_account_is_deleted_and_somebody_named_gets_what_it_owns(capsys):
    registry = Workbench.open().registry
    for name in ("anna", "bert"):
        registry.add_user(name, "trainer")
    with acting_as(ANNA):
        registry.add_dataset(make_dataset(), make_photos())
    assert main(["users", "delete", "anna"]) != 0
    assert "core users delete anna --to NAME" in capsys.readouterr().err
    assert told(capsys, "users", "delete", "anna", "--to", "Bert") == {
        "deleted": "anna", "heir": "bert", "datasets": 1, "runs": 0, "owned": "1 dataset"
    }  # fmt: skip
    assert registry.datasets()[0].owner == "bert" and [one.name for one in registry.users()] == ["bert"]
    assert main(["users", "delete", "bert", "--to", ""]) != 0
    registry.add_user("carl", "viewer")
    assert main(["users", "delete", "carl"]) == 0 and "audit log stay" in capsys.readouterr().out
