"""How a run looks: colour and marker of its place in the palette, the same on every chart, chip and table."""

from collections.abc import Iterable
from dataclasses import dataclass

from core.runs.colours import COLOURS
from core.runs.values import Run

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

_MARKER_STEP = 5
"""Markers between those of one colour in two rounds of the palette; without a common divisor with their number."""

_DASHES, _PATTERNS = ("solid", "dash", "dashdot"), ("", "/", "x")
"""By round of the palette."""

MOST_EMPHASISED = 12


@dataclass(frozen=True, kw_only=True)
class RunStyle:
    """Colour and marker of one run, as Plotly names them, the same on every page and chart.

    Args:
        emphasised: whether a chart of very many runs draws it at full strength and names it in its legend.
        turn: the round of the palette, from 0: lines and bars without markers tell runs of one colour apart by it.
    """

    colour: str
    symbol: str = "circle"
    emphasised: bool = True
    turn: int = 0

    @property
    def dash(self) -> str:
        """Of its line."""
        return _DASHES[self.turn % len(_DASHES)]

    @property
    def pattern(self) -> dict[str, object]:
        """Of its bar."""
        shape = _PATTERNS[self.turn % len(_PATTERNS)]
        return {"shape": shape, "fillmode": "overlay", "fgcolor": "#FFFFFF", "fgopacity": 0.75, "size": 7}

    @property
    def opacity(self) -> float:
        return 1.0 if self.emphasised else 0.45


def run_style(place: int, *, emphasised: bool = True) -> RunStyle:
    """The style of the run whose colour is this place in the palette (``Run.colour``).

    In every round of the palette a colour has another marker, so that two runs of one colour still differ.
    """
    turn, colour = divmod(place, COLOURS)
    symbol = SYMBOLS[(colour + _MARKER_STEP * turn) % len(SYMBOLS)]
    return RunStyle(colour=RUN_COLOURS[colour], symbol=symbol, emphasised=emphasised, turn=turn)


def run_colour(run: Run) -> str:
    """As ``#RRGGBB``."""
    return run_style(run.colour).colour


def run_styles(runs: Iterable[Run]) -> dict[str, RunStyle]:
    """By run id the styles of runs that are shown together, of which the first twelve are emphasised.

    Compute them once for all runs of a page and pass them to every chart (``styles=``), so that the same runs are
    emphasised in all of them.
    """
    styles: dict[str, RunStyle] = {}
    for run in runs:
        if run.id not in styles:
            styles[run.id] = run_style(run.colour, emphasised=len(styles) < MOST_EMPHASISED)
    return styles
