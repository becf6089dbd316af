"""Buttons of those who may not."""

from core.people.acting import NOBODY, Person, Role, acting_as
from core.web.parts.rights import allowed, refusal


def test_a_button_is_disabled_with_the_reason():
    with acting_as(Person(name="vera", role=Role.VIEWER)):
        assert refusal() == "This needs the role trainer; you are a viewer."
        assert allowed(help="Starts it.") == {"disabled": True, "help": refusal()}
        assert refusal(Role.VIEWER) == ""
    with acting_as(NOBODY):
        assert "you are a visitor" in refusal(Role.VIEWER)
    assert allowed(disabled=False, help="Starts it.") == {"disabled": False, "help": "Starts it."}
