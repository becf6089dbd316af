"""Helpers for tests of the leaderboard on Compare, because AppTest cannot tick lines."""

import json

from core.web.compare import filters
from core.web.compare.leaderboard import TABLE
from tests.pages.conftest import visit


def visited(**query: str):
    """The page Compare of a URL that may also name a ``page`` of the leaderboard."""
    at = visit("compare")
    for name, value in query.items():
        at.query_params[name] = value
    return at.run()


def table_of(at):
    """The leaderboard as it is drawn."""
    return element_of(at).value


def element_of(at):
    """Its element, with what the browser gets."""
    return next(table for table in at.dataframe if table.proto.id.endswith(TABLE))


def headline_of(at) -> str:
    """The first line of the verdict, without what keeps names plain."""
    return at.header[0].value.replace("\\", "")


def names_of(at) -> list[str]:
    return table_of(at)["name"].tolist()


def ticked_names(at) -> list[str]:
    """The lines with a tick."""
    rows = at.session_state[TABLE]["selection"]["rows"] if TABLE in at.session_state else []
    return [names_of(at)[row] for row in rows]


def pick(at, rows=(), head: str | None = None):
    """Tick exactly these lines of the page, or click a column's head, as the browser would send it."""
    columns = [] if head is None else [head]
    states = at._tree.get_widget_states()
    state = states.widgets.add()
    state.id = element_of(at).proto.id
    state.string_value = json.dumps({"selection": {"rows": list(rows), "columns": columns, "cells": []}})
    at._run(states)
    return at


def opened(at, filter_: bool = True):
    """With the filters open, or the settings of the table."""
    at.session_state[filters.FILTERS if filter_ else filters.SETTINGS] = True
    return at.run()


def chosen_of(at) -> list[str]:
    """The runs in the URL after the last visit."""
    return [run_id for run_id in str(at.query_params.get("runs", "")).split(",") if run_id]
