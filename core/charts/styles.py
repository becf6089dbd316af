"""How a run looks: one colour and one marker per run, the same on every chart, chip and table."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

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
"""Found by a search: contrast of at least 3:1 on white and on near-black; any two of them at least 12 apart in Oklab
(Ottosson 2020, times 100), and 6 apart in simulated protanopia and deuteranopia (Machado et al. 2009). The first ones
are farthest apart."""

OTHER_COLOUR = "#8A8F98"
"""For runs beyond the twelfth: grey."""

SYMBOLS = (
    "circle",
    "square",
    "diamond",
    "triangle-up",
    "cross",
    "star",
    "triangle-down",
    "pentagon",
    "hexagram",
    "hourglass",
    "triangle-left",
    "bowtie",
)
"""One marker per colour, for people who cannot distinguish the colours."""


@dataclass(frozen=True, kw_only=True)
class RunStyle:
    """Colour and marker of one run, as Plotly names them. The same colour always has the same marker."""

    colour: str
    symbol: str = "circle"

    @property
    def coloured(self) -> bool:
        """Whether the run has a colour of its own; all others are grey."""
        return self.colour != OTHER_COLOUR


GREY_STYLE = RunStyle(colour=OTHER_COLOUR)


def run_colour(run_id: str) -> str:
    """The preferred colour of a run, as ``#RRGGBB``; among other runs it may get another one (see ``run_styles``)."""
    return RUN_COLOURS[_preferred(run_id)]


def run_styles(run_ids: Iterable[str]) -> dict[str, RunStyle]:
    """A style for each of the runs that are shown together: twelve distinct ones, then grey.

    The preferred colour depends on the run id only, so a run has the same colour on every page. Where several of the
    first twelve runs prefer the same colour, the smallest id gets it; the others, in the order of their ids, take the
    next colour that is neither preferred nor taken by another run. The result depends on the set of runs, not on their
    order, and a run that shares its preference with no other keeps its colour.

    Compute the styles once for all runs of a page and pass them to every chart (``styles=``).
    """
    ids = list(dict.fromkeys(run_ids))
    first = sorted(ids[: len(RUN_COLOURS)])
    owners: dict[int, str] = {}
    for run_id in first:
        owners.setdefault(_preferred(run_id), run_id)
    taken = {run_id: index for index, run_id in owners.items()}
    for run_id in first:
        if run_id not in taken:
            taken[run_id] = _next_free(_preferred(run_id), set(taken.values()))
    return {run_id: _style(taken.get(run_id)) for run_id in ids}


def styles_of(run_ids: Iterable[str], styles: Mapping[str, RunStyle] | None) -> dict[str, RunStyle]:
    """The given styles of these runs, or new ones where none are given; grey for a run that is not among them."""
    if styles is None:
        return run_styles(run_ids)
    return {run_id: styles.get(run_id, GREY_STYLE) for run_id in run_ids}


def _style(index: int | None) -> RunStyle:
    return GREY_STYLE if index is None else RunStyle(colour=RUN_COLOURS[index], symbol=SYMBOLS[index])


def _next_free(start: int, taken: set[int]) -> int:
    colours = len(RUN_COLOURS)
    return next(index % colours for index in range(start, start + colours) if index % colours not in taken)


def _preferred(run_id: str) -> int:
    return hashlib.sha256(run_id.encode()).digest()[0] % len(RUN_COLOURS)
