"""The columns of the leaderboard, as data: what they are called, how a cell reads, what clicking the head sorts by."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from core.comparison.board_page import LeaderboardLine
from core.comparison.cost_axes import COSTS, CostKind
from core.runs.values import Status
from core.text.units import count, moment, p_value
from core.web.parts.labels import cost_formatter, cost_title
from core.web.parts.run_table import CHIPS, MARKS_COLUMN, RunLine, TableColumn
from core.web.parts.widgets import status_word


@dataclass(frozen=True, kw_only=True)
class TableLine(RunLine):
    """One line of the leaderboard with what stands in its cells.

    Args:
        cell: a value of the run shown, by column of ``registry.board``. marks: of any of its runs.
        best: whether every other line is tested against it.
        curve: validation accuracy over the epochs; hardest: a picture as data URI.
    """

    entry: LeaderboardLine
    cell: Callable[[str], Any]
    best: bool
    curve: Sequence[float] = ()
    hardest: str = ""


def _numbers(key: str, say: Callable[[float], str], title: str, help: str, **options: Any) -> TableColumn:
    """A column of a figure that can be sorted by; ``–`` where it was not measured."""

    def cell(line: TableLine) -> str:
        value = line.entry.values.get(key)
        return "–" if value is None else say(value)

    return TableColumn(key=key, title=title, help=help, cell=cell, figure=key, sort=key, **options)


def _percent(value: float) -> str:
    return f"{100 * value:.1f} %"


def _cost(kind: CostKind, currency: str) -> TableColumn:
    return _numbers(
        kind.key, cost_formatter(kind, currency), cost_title(kind), kind.help, usual=kind.key in _USUAL_COSTS
    )


def _interval(line: TableLine) -> str:
    low, high = line.cell("low"), line.cell("high")
    return "–" if low is None or high is None else f"{100 * low:.1f} to {100 * high:.1f} %"


def _verdict(line: TableLine) -> list[str]:
    return ["best"] if line.best else ["tie"] if line.entry.tie else []


def _repetitions(line: TableLine) -> str:
    spread = line.entry.spread.get("accuracy")
    return "" if spread is None else f"{line.entry.counted} runs ± {100 * spread:.1f}"


def _p_value(line: TableLine) -> str:
    return "–" if line.entry.p_value is None else bare_p(line.entry.p_value)


def bare_p(p: float) -> str:
    """``0.34`` or ``< 0.001``, where the head of the column says that it is p."""
    return p_value(p).removeprefix("p ").removeprefix("= ")


def _scale(lines: Sequence[TableLine]) -> dict[str, float]:
    """One scale for all curves."""
    values = [value for line in lines for value in line.curve]
    return {"y_min": min(values), "y_max": max(values)} if values and min(values) < max(values) else {}


_VERDICTS = {"options": ["best", "tie"], "color": ["green", "blue"]}
_USUAL_COSTS = ("alone_wall_seconds", "wall_seconds", "ms_per_photo", "model_bytes")

_FIRST = (
    MARKS_COLUMN,
    TableColumn(
        key="status",
        title="Status",
        help="Only finished runs are measured.",
        cell=lambda line: status_word(Status(line.cell("status"))),
        config=st.column_config.TextColumn,
        says=lambda lines: any(line.cell("status") != Status.FINISHED for line in lines),
    ),
    _numbers("accuracy", _percent, "Accuracy", "Share of the test photos it got right. Of repetitions: the mean."),
    TableColumn(
        key="interval",
        title="95 % interval",
        help="Wilson's interval: where the accuracy on very many such photos would lie. Of repetitions: that of the "
        "run nearest their mean.",
        cell=_interval,
    ),
    TableColumn(
        key="verdict",
        title="Verdict",
        help="**tie**: its difference from the best could be chance. **best**: the most accurate. Nothing: behind for "
        "certain, or it cannot be tested. Every line is tested against the best on the same test photos with "
        "McNemar's exact test, corrected (Holm) for {tests}.",
        cell=_verdict,
        config=CHIPS,
        options=_VERDICTS,
        sort="accuracy",
    ),
    TableColumn(
        key="repetitions",
        title="Repetitions",
        help="Runs of one recipe that differ only in the seed share a line: how many they are, and the standard "
        "deviation of their accuracy in points. That much is luck.",
        cell=_repetitions,
        says=lambda lines: any(line.entry.counted > 1 for line in lines),
    ),
)

_PICTURES = (
    TableColumn(
        key="curve",
        title="Curve",
        help="Validation accuracy over the epochs, all lines on one scale.",
        cell=lambda line: list(line.curve) or None,
        config=st.column_config.LineChartColumn,
        options={"width": 80},
        fitted=_scale,
        says=lambda lines: any(line.curve for line in lines),
    ),
    TableColumn(
        key="hardest",
        title="Hardest photos",
        help="The test photos to whose true class it gave the least probability. Double-click to enlarge.",
        cell=lambda line: line.hardest or None,
        config=st.column_config.ImageColumn,
        options={"width": 118},
        says=lambda lines: any(line.hardest for line in lines),
    ),
)

_SCORES = (
    _numbers(
        "balanced_accuracy",
        _percent,
        "Balanced",
        "Balanced accuracy: the mean over the classes of the share recognised, so rare classes count as much.",
    ),
    _numbers(
        "macro_f1",
        _percent,
        "Macro-F1",
        "Mean over the classes of F1, which is high when a class is found and not called in vain.",
    ),
    _numbers(
        "log_loss",
        "{:.3f}".format,
        "Log-loss",
        "Mean of minus the logarithm of the probability given to the true class. Small is good; sure errors cost much.",
    ),
    _numbers(
        "ece",
        _percent,
        "Calibration error",
        "How far its sureness is from its accuracy on average (expected calibration error, 15 bins). Small is good.",
    ),
)

_LAST = (
    _numbers(
        "best_epoch",
        "{:.0f}".format,
        "Best epoch",
        "The epoch the model was kept from: that with the smallest validation loss.",
    ),
    TableColumn(
        key="p_value",
        title="p",
        help="Chance of a difference from the best this large, were both equally good: McNemar's exact test, corrected "
        "(Holm) for {tests}.",
        cell=_p_value,
        usual=False,
    ),
    TableColumn(
        key="tags",
        title="Tags",
        help="Your words.",
        cell=lambda line: list(line.cell("tags")),
        config=st.column_config.ListColumn,
        usual=False,
    ),
    _numbers("epochs_done", "{:.0f}".format, "Epochs", "Epochs that were trained.", usual=False),
    _numbers("created_at", moment, "Launched (UTC)", "When the run was launched.", usual=False),
)


def columns(currency: str, tests: int) -> dict[str, TableColumn]:
    """All columns by key, in the order they stand in.

    Args:
        currency: of prices. tests: how many lines are tested against the best.
    """
    said = count(tests, "comparison")
    costs = [_cost(kind, currency) for kind in COSTS.values()]
    known = (*_FIRST, *costs[:1], *_PICTURES, *_SCORES, *costs[1:], *_LAST)
    return {one.key: replace(one, help=one.help and one.help.replace("{tests}", said)) for one in known}
