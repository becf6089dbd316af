"""One stable colour per run, the same on every chart, chip and table."""

import hashlib
from collections.abc import Iterable

RUN_COLOURS = (
    "#0072B2",
    "#D55E00",
    "#009E73",
    "#CB75A4",
    "#BF8300",
    "#2E96D1",
    "#A63468",
    "#8C8C2B",
    "#7768CE",
    "#AA4499",
    "#35938A",
    "#A05A2C",
)
"""After Okabe & Ito and Tol ("muted"), each moved in lightness until it stands out from white and from near-black."""

OTHER_COLOUR = "#8A8F98"
"""For runs beyond the twelfth: grey."""


def run_colour(run_id: str) -> str:
    """The colour this run prefers, as ``#RRGGBB``."""
    return RUN_COLOURS[_preferred(run_id)]


def run_colours(run_ids: Iterable[str]) -> dict[str, str]:
    """Colours of runs shown together: no two of the first twelve share one.

    Each takes the colour it prefers; of two that prefer the same, the second takes the next free one. Runs are
    served in the order of their ids, so the order in which they are shown changes nothing.
    """
    free = list(range(len(RUN_COLOURS)))
    chosen = {}
    for run_id in sorted(set(run_ids)):
        if not free:
            chosen[run_id] = OTHER_COLOUR
            continue
        wanted = _preferred(run_id)
        place = min(free, key=lambda index: (index - wanted) % len(RUN_COLOURS))
        free.remove(place)
        chosen[run_id] = RUN_COLOURS[place]
    return chosen


def _preferred(run_id: str) -> int:
    return hashlib.sha256(run_id.encode()).digest()[0] % len(RUN_COLOURS)
