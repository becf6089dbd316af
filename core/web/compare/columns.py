"""The columns of the leaderboard, as data: title, help, how a cell is written, what a click on the header sorts by."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from core.comparison.board_page import LeaderboardLine
from core.comparison.cost_axes import COSTS, CostKind
from core.comparison.summary import BADGES
from core.comparison.verdict import Standing
from core.runs.values import Status
from core.text.units import count, p_value, percent
from core.web.parts import times
from core.web.parts.labels import cost_formatter, cost_title
from core.web.parts.run_table import CHIPS, MARKS_COLUMN, RunLine, TableColumn
from core.web.parts.widgets import status_word


@dataclass(frozen=True, kw_only=True)
class TableLine(RunLine):
    """One line of the leaderboard with the contents of its cells.

    Args:
        cell: a value of the run shown, by column of ``registry.board``. marks: of any of its runs.
        standing: of any of its runs in the verdict of the page; None where it has none. p_value: of that run.
        recommended: whether it has the recommended run.
        curve: validation accuracy over the epochs; hardest: a picture as data URI.
    """

    entry: LeaderboardLine
    cell: Callable[[str], Any]
    standing: Standing | None = None
    p_value: float | None = None
    recommended: bool = False
    curve: Sequence[float] = ()
    hardest: str = ""


def _numbers(key: str, label: Callable[[float], str], title: str, help: str, **options: Any) -> TableColumn:
    """A column of a metric or cost, which can be sorted; ``–`` where it was not measured."""

    def cell(line: TableLine) -> str:
        value = line.entry.values.get(key)
        return "–" if value is None else label(value)

    return TableColumn(key=key, title=title, help=help, cell=cell, figure=key, sort=key, **options)


def _cost(kind: CostKind, currency: str) -> TableColumn:
    return _numbers(
        kind.key, cost_formatter(kind, currency), cost_title(kind), kind.help, usual=kind.key in _USUAL_COSTS
    )


def _interval(line: TableLine) -> str:
    low, high = line.cell("low"), line.cell("high")
    return "–" if low is None or high is None else f"{100 * low:.1f} to {100 * high:.1f} %"


def _accuracy(line: TableLine) -> str:
    """With its interval; of repetitions the mean alone."""
    if line.entry.counted > 1:
        return f"{percent(line.entry.values['accuracy'])}, {line.entry.counted} seeds"
    return percent(line.entry.values["accuracy"], (line.cell("low"), line.cell("high")))


def _verdict(line: TableLine) -> list[str]:
    return [] if line.standing is None else [BADGES[line.standing]]


def _repetitions(line: TableLine) -> str:
    spread = line.entry.spread.get("accuracy")
    return "" if spread is None else f"{line.entry.counted} runs, SD {100 * spread:.1f}"


def _p_value(line: TableLine) -> str:
    return "–" if line.p_value is None else bare_p(line.p_value)


def bare_p(p: float) -> str:
    """``0.34`` or ``< 0.001``, for a column whose title is p."""
    return p_value(p).removeprefix("p ").removeprefix("= ")


def _scale(lines: Sequence[TableLine]) -> dict[str, float]:
    """One scale for all curves."""
    values = [value for line in lines for value in line.curve]
    return {"y_min": min(values), "y_max": max(values)} if values and min(values) < max(values) else {}


_USUAL_COSTS = ("alone_wall_seconds", "wall_seconds", "ms_per_photo", "model_bytes")

_FIRST = (
    MARKS_COLUMN,
    TableColumn(
        key="status",
        title="Status",
        help="Only finished runs are measured on the test photos.",
        cell=lambda line: status_word(Status(line.cell("status"))),
        config=st.column_config.TextColumn,
        informative=lambda lines: any(line.cell("status") != Status.FINISHED for line in lines),
    ),
    TableColumn(
        key="use",
        title="Use",
        help="✓: the recommended run, which has the shortest training time of the most accurate and those not "
        "distinguishable from it.",
        cell=lambda line: "✓" if line.recommended else "",
        config=st.column_config.TextColumn,
        options={"width": 44, "alignment": "center"},
    ),
    TableColumn(
        key="accuracy",
        title="Accuracy",
        help="Fraction of test photos predicted correctly, with Wilson's 95 % interval; for repetitions the mean.",
        cell=_accuracy,
        figure="accuracy",
        sort="accuracy",
        options={"width": 134},
    ),
    TableColumn(
        key="verdict",
        title="Verdict",
        help="The most accurate run; runs whose difference from it is **not** statistically significant (not "
        "distinguishable); and runs that are significantly **less accurate**. Empty: not tested. {about} McNemar's "
        "exact test against the most accurate on the same test photos, corrected (Holm) for {tests}.",
        cell=_verdict,
        config=CHIPS,
        options={"options": list(BADGES.values()), "color": ["green", "blue", "gray"], "width": 152},
        sort="accuracy",
    ),
    TableColumn(
        key="interval",
        title="95 % interval",
        help="Wilson's confidence interval of the accuracy; for repetitions that of the run nearest their mean.",
        cell=_interval,
        usual=False,
    ),
    TableColumn(
        key="repetitions",
        title="Repetitions",
        help="Runs that differ only in the seed share a line: their number and the standard deviation (SD) of their "
        "accuracy in percentage points.",
        cell=_repetitions,
        informative=lambda lines: any(line.entry.counted > 1 for line in lines),
    ),
)

_PICTURES = (
    TableColumn(
        key="curve",
        title="Curve",
        help="Validation accuracy per epoch, with one scale for all lines.",
        cell=lambda line: list(line.curve) or None,
        config=st.column_config.LineChartColumn,
        options={"width": 80},
        fitted=_scale,
        informative=lambda lines: any(line.curve for line in lines),
    ),
    TableColumn(
        key="hardest",
        title="Hardest photos",
        help="The test photos with the smallest probability of their true class. Double-click to enlarge.",
        cell=lambda line: line.hardest or None,
        config=st.column_config.ImageColumn,
        options={"width": 134},
        informative=lambda lines: any(line.hardest for line in lines),
    ),
)

_SCORES = (
    _numbers(
        "balanced_accuracy",
        percent,
        "Balanced",
        "Balanced accuracy: mean recall over the classes, so rare classes count as much as frequent ones.",
    ),
    _numbers(
        "macro_f1",
        percent,
        "Macro-F1",
        "Mean over the classes of F1, the harmonic mean of precision and recall.",
    ),
    _numbers(
        "log_loss",
        "{:.3f}".format,
        "Log-loss",
        "Mean cross-entropy: minus the logarithm of the probability of the true class. Smaller is better.",
    ),
    _numbers(
        "ece",
        percent,
        "Calibration error",
        "Expected difference between confidence and accuracy (ECE, 15 bins). Smaller is better.",
    ),
)

_LAST = (
    _numbers(
        "best_epoch",
        "{:.0f}".format,
        "Best epoch",
        "The epoch whose model was kept: that with the smallest validation loss.",
    ),
    TableColumn(
        key="p_value",
        title="p",
        help="Probability of a difference from the most accurate at least this large if both were equally accurate: "
        "McNemar's exact test, corrected (Holm) for {tests}.",
        cell=_p_value,
        usual=False,
    ),
    TableColumn(
        key="tags",
        title="Tags",
        help="Tags you gave the run.",
        cell=lambda line: list(line.cell("tags")),
        config=st.column_config.ListColumn,
        usual=False,
    ),
    _numbers("epochs_done", "{:.0f}".format, "Epochs", "Epochs trained.", usual=False),
    _numbers("created_at", times.cell, "Launched", "When the run was launched, in your time zone.", usual=False),
)


def columns(currency: str, tests: int, selected: int = 0) -> dict[str, TableColumn]:
    """All columns by key, in their order.

    Args:
        currency: of costs in money. tests: how many runs are tested against the most accurate.
        selected: how many runs the verdict is about, if it is not about all that match.
    """
    about = f"Among the {count(selected, 'selected run')}." if selected else "Among all that match."
    texts = {"{tests}": count(tests, "comparison"), "{about}": about}
    costs = [_cost(kind, currency) for kind in COSTS.values()]
    known = (*_FIRST, *costs[:1], *_PICTURES, *_SCORES, *costs[1:], *_LAST)
    return {one.key: replace(one, help=one.help and _filled(one.help, texts)) for one in known}


def _filled(help: str, texts: Mapping[str, str]) -> str:
    for place, text in texts.items():
        help = help.replace(place, text)
    return help
