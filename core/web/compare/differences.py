"""Differences: the settings that are not the same in all chosen recipes."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import streamlit as st

from core.recipes.differences import Difference
from core.recipes.labels import HYPERPARAMETERS, choice_title
from core.text.units import count, percent
from core.web.compare.filters import backbone_titles
from core.web.compare.selected import Selected
from core.web.parts.device import is_narrow
from core.web.parts.downloads import downloads
from core.web.parts.labels import input_size_label
from core.web.parts.run_names import fitting, lines_for, row_height
from core.web.parts.tables import name_column, table

_SIDE_BY_SIDE = 4
"""Runs that are shown as columns; more are shown as rows, so that no name is cut."""


_WIDTH, _SETTING, _ICON = 240, 112, 10
"""Pixels of a run's column, on a phone of that of the settings, and of what else stands in the head of a column."""
_ON_A_PHONE, _NARROWEST = 236, 100
"""Pixels of all runs together, so that both of two are visible, and at least of each."""
_WIDEST = 236
"""Pixels of a column of one setting."""
_NAMES = ("backbone", "members")
"""Settings whose values are names of backbones or ids of runs."""


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
    ids, labelled = [row.run.id for row in selected.comparison.rows], labels_of(selected, found)
    lines = [{"setting": one.title, **{id_: labelled(one, id_) for id_ in ids}} for one in found]
    accuracy = {row.run.id: percent(row.accuracy) for row in selected.comparison.rows}
    width = max(_NARROWEST, _ON_A_PHONE // len(ids)) if is_narrow() else _WIDTH
    whole = {id_: selected.names[id_] for id_ in ids}
    columns = {
        id_: st.column_config.TextColumn(short, help=whole[id_], width=width)
        for id_, short in fitting(whole, width - _ICON).items()
    }
    columns["setting"] = st.column_config.TextColumn("Setting", width=_SETTING if is_narrow() else None)
    table(
        [{"setting": "Test accuracy", **accuracy}, *lines], key="compare.differs.columns", columns=columns, titles=whole
    )


def _rows(selected: Selected, found: tuple[Difference, ...]) -> None:
    """One row per run, one column per setting."""
    labelled = labels_of(selected, found)
    widest = 150 if is_narrow() else 300
    high = lines_for(selected.names.values(), widest, wrapped=is_narrow())
    names = fitting(selected.names, widest, high)
    lines = [
        {"name": names[row.run.id], "accuracy": percent(row.accuracy)}
        | {one.name: labelled(one, row.run.id) for one in found}
        for row in selected.comparison.rows
    ]
    columns: dict[str, Any] = {
        "name": name_column("Run", list(names.values()), widest=widest),
        "accuracy": st.column_config.TextColumn("Accuracy", alignment="right"),
    }
    columns |= {
        one.name: st.column_config.TextColumn(
            one.title, help=_help(one), width=_width([one.title, *(str(line[one.name]) for line in lines)])
        )
        for one in found
    }
    table(lines, key="compare.differs.rows", columns=columns, row_height=row_height(high))


def _width(values: Sequence[str]) -> int:
    """Pixels of a column that shows its title and values whole, up to a limit."""
    return min(_WIDEST, round(7.1 * max(map(len, values))) + 26)


def _help(one: Difference) -> str | None:
    return HYPERPARAMETERS[one.name].description if one.name in HYPERPARAMETERS else None


def labels_of(selected: Selected, found: Iterable[Difference]) -> Callable[[Difference, str], str]:
    """The label of the value of a setting in a run; ``–`` where the run does not use it."""
    bench, recipes = selected.bench, {row.run.id: row.run.recipe for row in selected.comparison.rows}
    used = (value for one in found if one.name in _NAMES for value in one.values.values() if value)
    titles = backbone_titles(bench, (part for value in used for part in value.split(", ")))

    def labelled(one: Difference, run_id: str) -> str:
        value = one.values.get(run_id)
        if value is None:
            return "–"
        if one.name in _NAMES:
            return ", ".join(titles[part] for part in value.split(", "))
        if one.name == "input_size":
            return input_size_label(bench, recipes[run_id])
        return choice_title(one.name, value)

    return labelled


def _file(selected: Selected) -> list[dict[str, Any]]:
    """The values as in the recipes."""
    return [
        {"run": row.run.id, "name": row.name, "accuracy": row.accuracy}
        | {one.name: one.values.get(row.run.id) for one in selected.comparison.differing}
        for row in selected.comparison.rows
    ]
