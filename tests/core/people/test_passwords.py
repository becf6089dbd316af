"""Passwords: argon2id with the parameters of RFC 9106, the same work for unknown accounts."""

from contextlib import nullcontext

import pytest

from core.errors import InvalidInput
from core.people import passwords
from core.people.passwords import check_password, hash_of, is_right, needs_new_hash, strength


def test_a_hash_is_argon2id_with_the_second_recommendation_of_rfc_9106():
    stored = hash_of("correct horse battery")
    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert is_right(stored, "correct horse battery")
    assert not is_right(stored, "correct horse batterY")
    assert not is_right("no hash", "correct horse battery")
    assert not needs_new_hash(stored) and needs_new_hash(stored.replace("t=3", "t=2"))


def test_an_account_without_a_password_costs_as_much_and_is_refused(monkeypatch):
    asked = []
    monkeypatch.setattr(passwords, "hasher", type("Hasher", (), {
        "verify": lambda self, stored, password: asked.append(stored) or True,
        "hash": lambda self, password: "somebody",
    })())  # fmt: skip
    passwords._nobody.cache_clear()
    assert is_right(None, "nobody has this password") is False
    assert asked == ["somebody"]
    passwords._nobody.cache_clear()


@pytest.mark.parametrize(
    "password", ["short", "x" * 11, "aaaaaaaaaaaaaaaa", "i am Anna, hello", "x" * 129, "wet      moon"]
)
def test_a_weak_password_is_refused(password):
    with pytest.raises(InvalidInput):
        check_password(password, "anna")


def test_a_long_sentence_is_a_password():
    check_password("ein langer Satz mit Umlauten äöü", "anna")
    check_password("correct horse battery " * 5, "anna")
    check_password("😀 夏の夜 ½ pint of ÿ", "anna")


@pytest.mark.parametrize(
    "password",
    ["password1234", "Passw0rd!2024", "qwertyuiopas", "iloveyou1234", "123456789012", "letmeinplease", "abcd" * 18,
     "graftgraft12", "trustno1trustno1"],
)  # fmt: skip
def test_a_common_password_is_refused_also_with_digits_and_replaced_letters(password):
    with pytest.raises(InvalidInput, match="a common one"):
        check_password(password, "anna")


@pytest.mark.parametrize(
    ("password", "level", "word"),
    [
        ("", 0, "Too short"), ("wet      moon", 0, "Too short"), ("wet moon " * 15, 0, "Too long"),
        ("aaaaaaaaaaaaaaaa", 1, "Very weak"), ("i am Anna, hello", 1, "Very weak"), ("password1234", 1, "Very weak"),
        ("correct horse battery", 4, "Strong"),
    ],
)  # fmt: skip
def test_how_strong_a_password_is(password, level, word):
    assert strength(password, "anna") == (level, word)


@pytest.mark.parametrize(
    ("guesses", "level", "word"), [(1e6 - 1, 1, "Very weak"), (1e6, 2, "Weak"), (1e8, 3, "Good"), (1e10, 4, "Strong")]
)
def test_what_the_meter_calls_good_is_accepted_and_nothing_else(guesses, level, word, monkeypatch):
    monkeypatch.setattr(passwords, "_guesses", lambda password, name: guesses)
    assert strength("a password of anybody", "anna") == (level, word)
    with nullcontext() if level >= 3 else pytest.raises(InvalidInput):
        check_password("a password of anybody", "anna")


def test_before_a_name_is_typed_every_password_would_contain_it():
    assert strength("correct horse battery", "") == (4, "Strong")
