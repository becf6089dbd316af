"""The colour of a new run among the others of its dataset."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from core.runs.colours import COLOURS, PLACES, next_place


def test_the_first_runs_get_all_colours_in_their_order():
    places: list[int] = []
    while len(places) < COLOURS:
        places.append(next_place(Counter((place, False) for place in places)))
    assert places == list(range(COLOURS))


def test_a_second_round_of_the_palette_has_other_markers():
    places: list[int] = []
    while len(places) < PLACES:
        places.append(next_place(Counter((place, False) for place in places)))
    assert places == list(range(PLACES))
    assert next_place(Counter((place, False) for place in places)) == 0


def test_a_colour_that_a_deleted_run_had_is_given_again():
    assert next_place(Counter((place, False) for place in range(COLOURS) if place != 5)) == 5


def test_a_colour_of_archived_runs_is_taken_only_once_all_others_are():
    others = [(place, place == 3) for place in range(COLOURS)]
    assert next_place(Counter(others[:-1])) == COLOURS - 1, (
        "an archived run keeps its colour as long as the palette lasts"
    )
    assert next_place(Counter(others)) == 3 + COLOURS, "then the one that no run in use has"


@given(st.lists(st.tuples(st.integers(0, PLACES - 1), st.booleans()), max_size=60))
def test_a_colour_is_shared_only_where_every_colour_is_taken_and_then_the_least_used_one(others):
    place = next_place(Counter(others))
    taken = [other % COLOURS for other, _ in others]
    shown = [other % COLOURS for other, archived in others if not archived]
    assert 0 <= place < PLACES
    if len(set(taken)) < COLOURS:
        assert place % COLOURS not in taken
    else:
        assert shown.count(place % COLOURS) == min(map(shown.count, range(COLOURS)))
    if len({other for other, _ in others if other % COLOURS == place % COLOURS}) < PLACES // COLOURS:
        assert place not in [other for other, _ in others], "runs of one colour differ in their marker"
