"""Who acts, and what a role allows."""

import asyncio
import importlib
import sys
import threading

import pytest

import core.people
from core.errors import Forbidden
from core.people import acting as module
from core.people.acting import LOCAL, NOBODY, VARIABLE, Person, Role, acting, acting_as, ask, require, require_change

ANNA, BERT = Person(name="anna", role=Role.TRAINER), Person(name="bert", role=Role.VIEWER, via="token nb")


@pytest.fixture(autouse=True)
def nobody_is_asked():
    yield
    ask(None)


def test_each_role_includes_the_ones_before_it():
    assert [[held.allows(needed) for needed in Role] for held in Role] == [
        [True, False, False], [True, True, False], [True, True, True],
    ]  # fmt: skip
    assert not any(NOBODY.may(role) for role in Role)


def test_without_a_server_the_user_of_this_machine_acts(monkeypatch):
    assert acting() == LOCAL and LOCAL.label == "local"
    monkeypatch.setenv(VARIABLE, "anna")
    assert acting() == Person(name="anna", role=Role.ADMIN)


def test_an_explicit_person_comes_before_the_one_who_is_asked_for():
    ask(lambda: NOBODY)
    assert acting() == NOBODY
    with acting_as(ANNA):
        assert acting() == ANNA
        with acting_as(BERT):
            assert acting() == BERT
        assert acting() == ANNA
    assert acting() == NOBODY


def test_a_plain_thread_inherits_nobody_and_one_of_asyncio_the_person():
    ask(lambda: NOBODY)
    found = []
    with acting_as(ANNA):
        thread = threading.Thread(target=lambda: found.append(acting()))
        thread.start()
        thread.join()

        async def within() -> None:
            found.append(await asyncio.to_thread(acting))

        asyncio.run(within())
    assert found == [NOBODY, ANNA]


def test_who_is_asked_stays_when_the_module_is_loaded_again(monkeypatch):
    ask(lambda: NOBODY)
    monkeypatch.setattr(core.people, "acting", module)  # which the import below replaces; other tests need the old one
    monkeypatch.delitem(sys.modules, module.__name__)
    again = importlib.import_module(module.__name__)
    assert again is not module and again.acting() == NOBODY


def test_a_refusal_says_who_needs_what():
    with (
        acting_as(BERT),
        pytest.raises(Forbidden, match=r"Launching needs the role trainer; bert \(token nb\) is a viewer"),
    ):
        require(Role.TRAINER, "Launching")
    with acting_as(NOBODY), pytest.raises(Forbidden, match="nobody is signed in"):
        require(Role.VIEWER)
    with acting_as(ANNA):
        assert require(Role.TRAINER) == ANNA


def test_a_trainer_changes_what_is_hers_or_has_no_owner():
    with acting_as(ANNA):
        require_change("anna", "run r-1")
        require_change("", "run r-1")
        with pytest.raises(Forbidden, match="Run r-1 belongs to cleo. Only cleo and admins may change it"):
            require_change("cleo", "run r-1")
    with acting_as(LOCAL):
        require_change("cleo", "run r-1")
    with acting_as(Person(name="bert", role=Role.VIEWER)), pytest.raises(Forbidden):
        require_change("bert", "run r-1")  # who was a trainer when it was launched
