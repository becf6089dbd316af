"""One look per run, on every chart."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from core.colours import OTHER_COLOUR, run_colour

COLOURED = 12
"""Runs of a chart that get a colour; more could not be told apart."""

_DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
_SYMBOLS = ("circle", "diamond", "square", "triangle-up", "cross", "x", "star", "triangle-down", "pentagon", "hexagon")


@dataclass(frozen=True, kw_only=True)
class RunStyle:
    """Colour, line and marker of one run, in Plotly's words."""

    colour: str
    dash: str
    symbol: str


def run_styles(run_ids: Sequence[str]) -> dict[str, RunStyle]:
    """A style per run; the first ``COLOURED`` runs get colours, the others are grey.

    A run's colour follows from its id alone, so it is the same on every chart whatever else is shown. Of two runs that
    happen to share a colour, the one with the larger id gets another dash and another marker.
    """
    coloured = list(dict.fromkeys(run_ids))[:COLOURED]
    seen: Counter[str] = Counter()
    styles = {}
    for run_id in sorted(coloured):
        colour = run_colour(run_id)
        number = seen[colour]
        seen[colour] += 1
        dash, symbol = _DASHES[number % len(_DASHES)], _SYMBOLS[number % len(_SYMBOLS)]
        styles[run_id] = RunStyle(colour=colour, dash=dash, symbol=symbol)
    grey = RunStyle(colour=OTHER_COLOUR, dash="solid", symbol="circle")
    return {run_id: styles.get(run_id, grey) for run_id in run_ids}
