"""The same values on both databases."""

import json

from sqlalchemy import JSON, Integer, Text, literal, select

from core.registry.functions import each_text, in_one_array, larger, members_in, position
from core.registry.schema import runs
from tests.factories import make_run


def column_of(registry, query) -> list:
    with registry.reading() as connection:
        return list(connection.scalars(query))


def test_each_text_of_an_array(registry):
    for texts in ([], ["b", "a", "b"], ["ü'\"\\", ""]):
        each = each_text(literal(json.dumps(texts), Text)).table_valued("value")
        assert column_of(registry, select(each.c.value)) == texts


def test_members_of_a_recipe(registry):
    for recipe, members in (({"members": ["r-1", "r-2"]}, ["r-1", "r-2"]), ({"members": []}, []), ({}, [])):
        found = members_in(literal(json.dumps(recipe), Text)).table_valued("value")
        assert column_of(registry, select(found.c.value)) == members


def test_position_counts_letters_from_one(registry):
    for text, part, place in (("äöü", "ü", 3), ("abc", "x", 0), ("a%c", "%", 2), ("aXb", "x", 0)):
        assert column_of(registry, select(position(literal(text, Text), literal(part, Text)))) == [place]


def test_the_larger_of_two(registry):
    for one, other in ((1, 2), (2, 1), (-5, -7)):
        assert column_of(registry, select(larger(literal(one, Integer), literal(other, Integer)))) == [max(one, other)]


def test_all_values_in_one_array(flowers):
    assert column_of(flowers, select(in_one_array(runs.c.number)))[0] in (None, [])
    for number in range(3):
        flowers.add_run(make_run(number))
    (numbers,) = column_of(flowers, select(in_one_array(runs.c.number)))
    assert sorted(numbers) == [1, 2, 3]
    assert isinstance(in_one_array(runs.c.number).type, JSON)
