"""``core tokens``: created, listed, revoked."""

import pytest

from core.__main__ import main
from core.registry import Registry


def test_a_token_is_created_listed_and_revoked(call, registry: Registry):
    created = call("tokens", "create", "laptop", "--scope", "predict", "--days", "7")
    assert registry.find_token(created["token"]).name == "laptop"
    (row,) = call("tokens")["tokens"]
    assert row == {key: value for key, value in created.items() if key != "token"}
    assert call("tokens", "revoke", "laptop")["state"] == "revoked"
    assert call("tokens", "list")["tokens"][0]["state"] == "revoked"


def test_the_text_shows_the_secret_once(home, registry: Registry, capsys):
    assert main(["tokens", "create", "laptop"]) == 0
    secret, sentence = capsys.readouterr().out.splitlines()
    assert registry.find_token(secret) and "shown only now" in sentence
    assert main(["tokens"]) == 0
    listed = capsys.readouterr().out
    assert "laptop" in listed and "never" in listed and secret not in listed
    assert main(["tokens", "revoke", "laptop"]) == 0
    assert "is revoked" in capsys.readouterr().out


def test_what_is_missing_is_one_sentence(call):
    assert "Name a token" in call("tokens", "create", code=1)
    assert "no token 'laptop'" in call("tokens", "revoke", "laptop", code=1)


def test_a_scope_that_does_not_exist_is_answered_with_the_scopes(home, capsys):
    with pytest.raises(SystemExit):
        main(["tokens", "create", "notebook", "--scope", "all"])
    assert "invalid choice: 'all' (choose from 'read', 'predict', 'train')" in capsys.readouterr().err
