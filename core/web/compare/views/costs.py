"""Costs: every cost that was measured, of the recommended run, the most accurate one, and the cheapest of those not
distinguishable from it."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from core.comparison.cost_axes import COSTS, CostKind
from core.comparison.summary import cheapest_of
from core.comparison.table import Row
from core.comparison.verdict import Standing, Verdict
from core.web.compare.selected import Selected
from core.web.compare.views import parts
from core.web.parts.device import is_narrow
from core.web.parts.labels import cost_formatter, cost_title
from core.web.parts.run_names import both_ends, letters
from core.web.parts.tables import table

_NAME = 300
_COST_ON_A_PHONE, _FIGURE_ON_A_PHONE = 146, 106
"""Pixels: the name of every cost, the recommended and the most accurate are all visible."""


def show(selected: Selected) -> None:
    found = selected.comparison.verdict
    measured = [row for row in selected.comparison.rows if row.accuracy is not None]
    kinds = [kind for key, kind in COSTS.items() if any(row.value(key) is not None for row in measured)]
    if found is None or not kinds:
        parts.nothing("None of these runs has both an accuracy and a measured cost yet.")
        return
    lines = [_line(selected, found, measured, kind) for kind in kinds]
    same = found.recommended is found.best
    columns: dict[str, Any] = {
        "Cost": st.column_config.TextColumn("Cost", width=_COST_ON_A_PHONE if is_narrow() else None),
        "Recommended": _figure("Recommended", "It is also the most accurate." if same else None),
        "Best": None if same else _figure("Most accurate"),
        "Lowest": _figure("Lowest", "Of the runs not distinguishable from the most accurate, including itself."),
        "Run": st.column_config.TextColumn("Run with the lowest", width=_NAME),
        "Any": _figure("Lowest of all", "Of all runs, also those that are significantly less accurate."),
    }
    table(lines, key="compare.costs", columns=columns)
    parts.data(selected, lambda: _file(selected), "compare.costs_of_runs")


def _figure(title: str, help: str | None = None) -> Any:
    return st.column_config.TextColumn(
        title, alignment="right", help=help, width=_FIGURE_ON_A_PHONE if is_narrow() else 118
    )


def _line(selected: Selected, found: Verdict, measured: Sequence[Row], kind: CostKind) -> dict[str, str]:
    label = cost_formatter(kind, selected.bench.rate()[1])
    alike = [row for row in measured if found.standing(row.run.id) in (Standing.BEST, Standing.TIE)]
    lowest = cheapest_of(alike, kind.key, found)
    return {
        "Cost": cost_title(kind).replace(" per ", "/") if is_narrow() else cost_title(kind),
        "Recommended": label(_of(selected, found.recommended.run_id, kind)),
        "Best": label(_of(selected, found.best.run_id, kind)),
        "Lowest": "–" if lowest is None else label(lowest.value(kind.key)),
        "Run": "–" if lowest is None else both_ends(selected.name(lowest.run.id), letters(_NAME)),
        "Any": label(None if (any_ := cheapest_of(measured, kind.key, None)) is None else any_.value(kind.key)),
    }


def _of(selected: Selected, run_id: str, kind: CostKind) -> float | None:
    row = selected.row(run_id)
    return None if row is None else row.value(kind.key)


def _file(selected: Selected) -> list[dict[str, Any]]:
    """Every cost of every run, in the units of the leaderboard's file."""
    return [
        {"run": row.run.id, "name": row.name, "accuracy": row.accuracy} | {key: row.value(key) for key in COSTS}
        for row in selected.comparison.rows
    ]
