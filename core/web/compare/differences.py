"""Differences: the settings that are not the same in all chosen recipes."""

from typing import Any

import streamlit as st

from core.comparison.board import Board
from core.recipes.differences import Difference
from core.recipes.labels import HYPERPARAMETERS, choice_title
from core.text.units import count, percent
from core.web.compare.filters import backbone_title
from core.web.compare.selected import Selected
from core.web.parts.device import is_narrow
from core.web.parts.downloads import downloads
from core.web.parts.run_names import fitting
from core.web.parts.tables import name_column, table

_SIDE_BY_SIDE = 4
"""Runs that are shown as columns; more are shown as rows, so that no name is cut."""


_WIDTH, _SETTING = 240, 112
"""Pixels of a run's column, and on a phone of that of the settings."""
_ON_A_PHONE, _NARROWEST = 236, 100
"""Pixels of all runs together, so that both of two are visible, and at least of each."""


def show(selected: Selected) -> None:
    """A table and its files; nothing for a single run."""
    rows, found = selected.comparison.rows, selected.comparison.differing
    if len(rows) < 2:
        return
    st.header("Differences", anchor=False)
    if not found:
        st.caption(f"The {count(len(rows), 'run')} have the same recipe and seed.")
        return
    st.caption("Settings that are the same in all these runs are left out; – where a run does not use a setting.")
    if len(rows) <= _SIDE_BY_SIDE:
        _columns(selected, found)
    else:
        _rows(selected, found)
    downloads(_file(selected), f"{selected.dataset.name}-differences", "compare.differs")


def _columns(selected: Selected, found: tuple[Difference, ...]) -> None:
    """One row per setting, one column per run."""
    ids, board = [row.run.id for row in selected.comparison.rows], selected.bench.board(selected.dataset.id)
    lines = [{"setting": one.title, **{id_: value_label(board, one, id_) for id_ in ids}} for one in found]
    accuracy = {row.run.id: percent(row.accuracy) for row in selected.comparison.rows}
    width = max(_NARROWEST, _ON_A_PHONE // len(ids)) if is_narrow() else _WIDTH
    columns = {id_: st.column_config.TextColumn(selected.names[id_], width=width) for id_ in ids}
    columns["setting"] = st.column_config.TextColumn("Setting", width=_SETTING if is_narrow() else None)
    table([{"setting": "Test accuracy", **accuracy}, *lines], key="compare.differs.columns", columns=columns)


def _rows(selected: Selected, found: tuple[Difference, ...]) -> None:
    """One row per run, one column per setting."""
    board = selected.bench.board(selected.dataset.id)
    widest = 150 if is_narrow() else 300
    names = fitting(selected.names, widest)
    lines = [
        {"name": names[row.run.id], "accuracy": percent(row.accuracy)}
        | {one.name: value_label(board, one, row.run.id) for one in found}
        for row in selected.comparison.rows
    ]
    columns: dict[str, Any] = {
        "name": name_column("Run", list(names.values()), widest=widest),
        "accuracy": st.column_config.TextColumn("Accuracy", alignment="right"),
    }
    columns |= {one.name: st.column_config.TextColumn(one.title, help=_help(one)) for one in found}
    table(lines, key="compare.differs.rows", columns=columns)


def _help(one: Difference) -> str | None:
    return HYPERPARAMETERS[one.name].description if one.name in HYPERPARAMETERS else None


def value_label(board: Board, one: Difference, run_id: str) -> str:
    """The label of one value; ``–`` where the run does not use the setting."""
    value = one.values.get(run_id)
    if value is None:
        return "–"
    if one.name in ("backbone", "members"):
        return ", ".join(backbone_title(part, board) for part in value.split(", "))
    return choice_title(one.name, value)


def _file(selected: Selected) -> list[dict[str, Any]]:
    """The values as in the recipes."""
    return [
        {"run": row.run.id, "name": row.name, "accuracy": row.accuracy}
        | {one.name: one.values.get(row.run.id) for one in selected.comparison.differing}
        for row in selected.comparison.rows
    ]
