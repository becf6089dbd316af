"""Texts of a zero-shot classifier: changes of the table, and what the address of the page Train has of them."""

from core.web.train.address import TrainAddress, params, parse
from core.web.train.prompts import changed

PROMPTS = (("", "a {}"), ("cat", "a tabby"))


def test_a_changed_text_takes_the_place_of_the_old_one():
    assert changed(PROMPTS, "cat", "a lion") == (("", "a {}"), ("cat", "a lion"))
    assert changed(PROMPTS, "dog", "a pug") == (("", "a {}"), ("cat", "a tabby"), ("dog", "a pug"))


def test_an_emptied_text_is_the_default_again():
    assert changed(PROMPTS, "", "") == (("cat", "a tabby"),)


def test_the_address_keeps_every_text_whatever_is_in_it():
    address = TrainAddress(prompts=(("", "a {} = 1 & more"), ("a=b", "ä.b|c")))
    query = {name: value if isinstance(value, list) else [value] for name, value in params(address).items()}
    assert parse(query) == (address, [])
    assert "Expected one of your classes and its text" in parse({"text": ["no class"]})[1][0]
