"""One stable colour per run, the same on every chart, chip and table."""

import hashlib
from collections.abc import Iterable

RUN_COLOURS = (
    "#0060E4",
    "#F06018",
    "#007848",
    "#B46CD8",
    "#C01884",
    "#189CA8",
    "#4890FC",
    "#C0300C",
    "#B46C78",
    "#489C24",
    "#8448B4",
    "#F054A8",
)
"""Found by a search: 3:1 on white and on near-black, any two of them 12 apart in Oklab (Ottosson 2020, times 100) and 6
for people who do not tell red from green (Machado et al. 2009). The first ones are farthest apart."""

OTHER_COLOUR = "#8A8F98"
"""For runs beyond the twelfth: grey."""


def run_colour(run_id: str) -> str:
    """The colour this run prefers, as ``#RRGGBB``; among others it may get another (see ``run_colours``)."""
    return RUN_COLOURS[_preferred(run_id)]


def run_colours(run_ids: Iterable[str]) -> dict[str, str]:
    """A colour for each of the runs that are shown together; no two alike among the first twelve, then grey.

    Every run has the colour it prefers, as its id says, on whatever page it is shown. Where several of the first twelve
    prefer the same one, that with the smallest id keeps it; the others, in the order of their ids, take the first
    colour after it that nobody prefers and nobody has taken. So the outcome depends on which runs are compared and not
    on their order, and who has no rival never changes.
    """
    ids = list(dict.fromkeys(run_ids))
    first = sorted(ids[: len(RUN_COLOURS)])
    keepers: dict[int, str] = {}
    for run_id in first:
        keepers.setdefault(_preferred(run_id), run_id)
    taken = {run_id: place for place, run_id in keepers.items()}
    for run_id in first:
        if run_id not in taken:
            taken[run_id] = _next_free(_preferred(run_id), set(taken.values()))
    return {run_id: RUN_COLOURS[taken[run_id]] if run_id in taken else OTHER_COLOUR for run_id in ids}


def _next_free(start: int, taken: set[int]) -> int:
    places = len(RUN_COLOURS)
    return next(place % places for place in range(start, start + places) if place % places not in taken)


def _preferred(run_id: str) -> int:
    return hashlib.sha256(run_id.encode()).digest()[0] % len(RUN_COLOURS)
