"""Which colour a new run gets: a place in the palette, unlike those of the other runs of its dataset.

A place is a number below ``PLACES``: ``place % COLOURS`` is the colour, ``place // COLOURS`` the round in which it was
given; every round has another marker for the same colour. ``charts.styles`` has the colours and markers themselves.
"""

from collections import Counter
from collections.abc import Mapping

COLOURS = 12
ROUNDS = 12
PLACES = COLOURS * ROUNDS


def next_place(others: Mapping[tuple[int, bool], int]) -> int:
    """The place of a new run: a colour that no other run has, else the one that the fewest unarchived runs have.

    Args:
        others: by (place, whether archived) how many of the other runs of the dataset have it.
    """
    places: Counter[int] = Counter()
    taken: Counter[int] = Counter()
    shown: Counter[int] = Counter()
    for (place, archived), count in others.items():
        places[place] += count
        taken[place % COLOURS] += count
        shown[place % COLOURS] += 0 if archived else count
    colour = min(range(COLOURS), key=lambda one: (taken[one] > 0, shown[one], taken[one], one))
    return min(range(colour, PLACES, COLOURS), key=lambda place: (places[place], place))
