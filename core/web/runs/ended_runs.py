"""Ended runs as a table in pages: filter, search, open one, compare or organise several."""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import streamlit as st

from core.charts.styles import run_colour
from core.recipes.labels import describe
from core.registry.search import ENDED, SORTS, RunQuery
from core.runs.values import Run, Status
from core.text.units import count, duration, percent
from core.web.parts import organise, run_filters, run_table, times
from core.web.parts.device import is_narrow
from core.web.parts.labels import interval
from core.web.parts.leaks import leak_marks
from core.web.parts.paging import page_of, pager
from core.web.parts.run_table import NARROW_NAME, RunLine, TableColumn
from core.web.parts.widgets import page_link, status_word
from core.web.runs.rows import open_link
from core.workbench import Workbench

PER_PAGE = 50
_PAGE = "ended.page"
_NAME = 320
"""Pixels of the longest name: the time a run ended is visible beside it."""


def show(bench: Workbench, names: Mapping[str, str]) -> None:
    """The table with filters, newest runs first by default; ticked runs can be compared and organised.

    Args:
        names: dataset id -> title.
    """
    query = _query(bench, names)
    runs, total = page_of(partial(bench.registry.search, query), key=_PAGE, per_page=PER_PAGE)
    archived = _archived_label(bench, query, total)
    if not runs:
        st.caption(f"No ended run matches.{archived}")
        return
    ticked = _table(bench, runs, names)
    leak_marks(bench, [run.dataset_id for run in runs if run.test_accuracy is not None], named=True)
    pager(total, "run", key=_PAGE, per_page=PER_PAGE)
    if not ticked:
        st.caption(f"Select runs to compare them, or to star, tag, archive or delete them.{archived}")
        return
    _compare(ticked)
    datasets = {run.dataset_id for run in ticked}
    dataset = bench.registry.dataset(ticked[0].dataset_id) if len(datasets) == 1 else None
    organise.bar(bench, dataset, [run.id for run in ticked], key="ended.organise")


def _query(bench: Workbench, names: Mapping[str, str]) -> RunQuery:
    """The query of the filters."""
    with st.container(key="fields-ended"):
        text = run_filters.search_box(_bound)
        dataset = _dataset(bench, names)
        tags = run_filters.tag_box(_bound, bench.registry.value_counts("tags"))
        sort = st.selectbox("Order", SORTS, format_func=str.capitalize, **_bound("sort"))
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        statuses = run_filters.status_pills(_bound, ENDED, label_visibility="collapsed", width="content")
        starred, archived = run_filters.switches(_bound)
    return RunQuery(
        dataset_id=dataset,
        text=text,
        statuses=tuple(map(Status, statuses)) or ENDED,
        tags=tuple(tags),
        starred=starred,
        archived=archived,
        sort=sort,
    )


def _bound(field: str) -> dict[str, Any]:
    """Key and callback of a filter; changing its value shows the first page."""
    return {"key": f"ended.{field}", "on_change": _first}


def _archived_label(bench: Workbench, query: RunQuery, shown: int) -> str:
    """A sentence with the number of archived runs that match as well; "" if they are shown or there are none."""
    if query.archived:
        return ""
    more = bench.registry.search(replace(query, archived=True), limit=1)[1] - shown
    return f" {count(more, 'archived run')} hidden; *Archived too* shows them." if more else ""


def _first() -> None:
    st.session_state[_PAGE] = 1


def _dataset(bench: Workbench, names: Mapping[str, str]) -> str | None:
    there = bench.registry.datasets_with_runs()
    wanted = st.query_params.get("dataset")
    if wanted in there:
        st.session_state["ended.dataset"] = wanted
    return st.selectbox(
        "Dataset", ["", *there], format_func=lambda id_: names.get(id_, id_) if id_ else "All datasets",
        key="ended.dataset", on_change=_dataset_into_url,
    ) or None  # fmt: skip


def _dataset_into_url() -> None:
    chosen = st.session_state["ended.dataset"]
    st.query_params.from_dict({"dataset": chosen} if chosen else {})
    _first()


def table_key(run_ids: Sequence[str]) -> str:
    """A key per set of rows, since Streamlit keeps ticks by position."""
    return f"ended.table.{zlib.crc32(' '.join(run_ids).encode()):08x}"


@dataclass(frozen=True, kw_only=True)
class EndedLine(RunLine):
    """One ended run in the table; ``dataset`` is the title of its dataset."""

    run: Run
    dataset: str


def _table(bench: Workbench, runs: Sequence[Run], names: Mapping[str, str]) -> list[Run]:
    """Draws the runs; returns those that are ticked."""
    lines, narrow = _lines(bench, runs, names), is_narrow()
    opened = TableColumn(
        key="open", title="Page", cell=lambda line: "Open",
        config=lambda title, help: st.column_config.ButtonColumn(
            title, type="tertiary", on_click=_open, args=(runs,), key="ended.open"
        ),
    )  # fmt: skip
    name = run_table.name_column(lines, NARROW_NAME if narrow else _NAME, wrapped=narrow)
    columns = {column.key: column for column in (_COLOUR, name, *_COLUMNS[:2], opened, *_COLUMNS[2:])}
    if narrow:
        columns["accuracy"] = replace(columns["accuracy"], cell=_result)
    shown = run_table.usual(columns, lines, _ON_A_PHONE if narrow else ())
    key = table_key([run.id for run in runs])
    ticked = run_table.draw(lines, shown, key=key, on_select="rerun", selection_mode="multi-row")
    if "ended.opened" in st.session_state:
        st.switch_page("pages/runs.py", query_params={"run": st.session_state.pop("ended.opened")})
    return [runs[row] for row in ticked.selection.rows if row < len(runs)]


def _lines(bench: Workbench, runs: Sequence[Run], names: Mapping[str, str]) -> list[EndedLine]:
    champions = {move.run_id for move in bench.champions().values()}
    return [
        EndedLine(
            run_id=run.id,
            name=run.name,
            marks=run_table.marks(starred=run.starred, champion=run.id in champions, archived=run.archived),
            run=run,
            dataset=names.get(run.dataset_id, ""),
        )
        for run in runs
    ]


def _accuracy(line: EndedLine) -> str:
    return "" if line.run.test_accuracy is None else percent(line.run.test_accuracy, interval(line.run))


def _result(line: EndedLine) -> str:
    """Beside which there is no room for the status on a phone."""
    return _accuracy(line) or status_word(line.run.status)


_ON_A_PHONE = ("name", "accuracy", "open", "marks", "status", "time", "dataset", "ended")
_TEXT = st.column_config.TextColumn
_COLOUR = run_table.colour_column(lambda line: run_colour(line.run))
_COLUMNS = (
    run_table.MARKS_COLUMN,
    TableColumn(
        key="status", title="Status", cell=lambda line: status_word(line.run.status), config=_TEXT,
        informative=lambda lines: any(line.run.status is not Status.FINISHED for line in lines),
    ),
    TableColumn(
        key="accuracy", title="Test accuracy",
        help="Test photos predicted correctly, measured once at the end, with Wilson's 95 % interval. The box *Order* "
        "sorts by it.",
        cell=_accuracy, options={"width": 124},
    ),
    TableColumn(
        key="time", title="Time spent", help="Wall-clock time of all attempts, without waiting in the queue.",
        cell=lambda line: line.run.wall_seconds, label=duration, config=st.column_config.NumberColumn,
    ),
    TableColumn(
        key="dataset", title="Dataset", cell=lambda line: line.dataset, config=_TEXT,
        informative=lambda lines: len({line.dataset for line in lines}) > 1,
    ),
    TableColumn(
        key="ended", title="Ended", help="When the run ended, in your time zone.",
        cell=lambda line: times.cell(line.run.ended_at), config=_TEXT,
    ),
    TableColumn(key="recipe", title="Recipe", cell=lambda line: describe(line.run.recipe), config=_TEXT),
    TableColumn(
        key="tags", title="Tags", cell=lambda line: list(line.run.tags), config=st.column_config.ListColumn,
        informative=lambda lines: any(line.run.tags for line in lines),
    ),
)  # fmt: skip


def _open(shown: Sequence[Run]) -> None:
    st.session_state["ended.opened"] = shown[st.session_state["ended.open"]["row"]].id


def _compare(chosen: Sequence[Run]) -> None:
    """Links to the one ticked run, and to Compare with the ticked runs that have finished."""
    finished = [run for run in chosen if run.status is Status.FINISHED]
    if len(chosen) == 1:
        open_link(chosen[0], "Open this run")  # the button in its line cannot be pressed by keyboard
    if len({run.dataset_id for run in finished}) > 1:
        st.caption("Only runs of one dataset can be compared; select runs of one.")
    elif finished:
        ids = ",".join(run.id for run in finished)
        page_link("compare", f"Compare {count(len(finished), 'run')}", runs=ids)
    else:
        st.caption("Only finished runs can be compared.")
