"""Which colour a new run gets: a place in the palette, unlike those of the other runs of its dataset.

A place is a number below ``PLACES``: ``place % COLOURS`` is the colour, ``place // COLOURS`` the round in which it was
given; every round has another marker for the same colour. ``charts.styles`` has the colours and markers themselves.
"""

from collections import Counter
from collections.abc import Iterable

COLOURS = 12
ROUNDS = 12
PLACES = COLOURS * ROUNDS


def next_place(others: Iterable[tuple[int, bool]]) -> int:
    """The place of a new run: a colour that no other run has, else the one that the fewest unarchived runs have.

    Args:
        others: (place, whether archived) of the other runs of the dataset.
    """
    known = list(others)
    places = Counter(place for place, _ in known)
    taken = Counter(place % COLOURS for place, _ in known)
    shown = Counter(place % COLOURS for place, archived in known if not archived)
    colour = min(range(COLOURS), key=lambda one: (taken[one] > 0, shown[one], taken[one], one))
    return min(range(colour, PLACES, COLOURS), key=lambda place: (places[place], place))
