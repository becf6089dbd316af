"""One look per run, on every chart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.charts.colours import OTHER_COLOUR, RUN_COLOURS, run_colours

COLOURED = len(RUN_COLOURS)
"""Runs of a chart that get a colour; more could not be told apart."""

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
"""One marker per colour, for those who do not see the colours apart."""


@dataclass(frozen=True, kw_only=True)
class RunStyle:
    """Colour and marker of one run, in Plotly's words. The same colour always has the same marker."""

    colour: str
    symbol: str = "circle"

    @property
    def coloured(self) -> bool:
        """Whether the run is one of the few that are told apart; the others are grey."""
        return self.colour != OTHER_COLOUR


GREY_STYLE = RunStyle(colour=OTHER_COLOUR)


def run_styles(run_ids: Sequence[str]) -> dict[str, RunStyle]:
    """A style per run; the first ``COLOURED`` of them get looks of their own, the others are grey.

    How a run keeps its colour, and what happens to two that prefer the same, stands in ``colours.run_colours``. Make
    the styles once for all runs of a page and give them to every chart (``styles=``): then a chart of some of the runs
    shows them in the colours of the charts beside it.
    """
    return {run_id: _style(colour) for run_id, colour in run_colours(run_ids).items()}


def styles_of(run_ids: Sequence[str], styles: Mapping[str, RunStyle] | None) -> dict[str, RunStyle]:
    """The given styles of these runs, or new ones where none are given; grey for a run that is not among them."""
    if styles is None:
        return run_styles(run_ids)
    return {run_id: styles.get(run_id, GREY_STYLE) for run_id in run_ids}


def _style(colour: str) -> RunStyle:
    return RunStyle(colour=colour, symbol=SYMBOLS[RUN_COLOURS.index(colour)]) if colour in RUN_COLOURS else GREY_STYLE
