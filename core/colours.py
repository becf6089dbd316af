"""One stable colour per run, the same on every chart, chip and table."""

import hashlib

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


def _preferred(run_id: str) -> int:
    return hashlib.sha256(run_id.encode()).digest()[0] % len(RUN_COLOURS)
