"""Ended runs as a table, a page at a time: filter, search, open one, compare or organise several."""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import replace

import streamlit as st

from core.charts.styles import run_colour
from core.comparison import without_shared
from core.recipes.labels import describe
from core.registry.search import ENDED, LONGEST_TEXT, SORTS, RunQuery
from core.runs.values import Run, Status
from core.text.units import count, duration, moment, percent
from core.web.parts import organise
from core.web.parts.device import is_narrow
from core.web.parts.labels import interval
from core.web.parts.paging import page_of, pager
from core.web.parts.run_names import fitting
from core.web.parts.tables import WIDEST_NAME, name_column, number, picture, table
from core.web.parts.widgets import STATUSES, colour_swatch, status_word
from core.workbench import Workbench

PER_PAGE = 50
_PAGE = "ended.page"


def show(bench: Workbench, names: Mapping[str, str]) -> None:
    """Newest first unless asked otherwise; ticked rows can be compared and organised.

    Args:
        names: dataset id -> title.
    """
    wanted = _wanted(bench, names)
    runs, total = page_of(bench, wanted, key=_PAGE, per_page=PER_PAGE)
    away = _put_away(bench, wanted, total)
    if not runs:
        st.caption(f"No ended run matches.{away}")
        return
    ticked = _table(bench, runs, names)
    pager(total, "run", key=_PAGE, per_page=PER_PAGE)
    if not ticked:
        st.caption(f"Tick runs to compare them, or to star, tag, archive or delete them.{away}")
        return
    _compare(ticked)
    datasets = {run.dataset_id for run in ticked}
    dataset = bench.registry.dataset(ticked[0].dataset_id) if len(datasets) == 1 else None
    organise.bar(bench, dataset, [run.id for run in ticked], key="ended.organise")


def _wanted(bench: Workbench, names: Mapping[str, str]) -> RunQuery:
    """What the filters say."""
    with st.container(key="fields-ended"):
        text = st.text_input(
            "Search",
            key="ended.search",
            placeholder="Name, tag, note or id",
            icon=":material/search:",
            max_chars=LONGEST_TEXT,
            on_change=_first,
        )
        dataset = _dataset(bench, names)
        there = list(bench.registry.value_counts("tags"))
        tags = (
            st.multiselect("Tags", there, key="ended.tags", on_change=_first, help="Runs with all of these.")
            if there
            else []
        )
        sort = st.selectbox("Order", SORTS, format_func=str.capitalize, key="ended.sort", on_change=_first)
    statuses, starred, archived = _switches()
    return RunQuery(
        dataset_id=dataset,
        text=text,
        statuses=statuses or ENDED,
        tags=tuple(tags),
        starred=starred,
        archived=archived,
        sort=sort,
    )


def _put_away(bench: Workbench, wanted: RunQuery, shown: int) -> str:
    """Where the runs are that somebody misses here, a sentence."""
    if wanted.archived:
        return ""
    more = bench.registry.search(replace(wanted, archived=True), limit=1)[1] - shown
    return f" {count(more, 'archived run')} more with *Archived too*." if more else ""


def _switches() -> tuple[tuple[Status, ...], bool, bool]:
    """Which endings, only those with a star, archived ones too."""
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        statuses = st.pills(
            "Status", ENDED, selection_mode="multi", format_func=lambda ending: STATUSES[ending][0],
            key="ended.status", label_visibility="collapsed", on_change=_first, width="content",
        )  # fmt: skip
        starred = st.toggle("Starred only", key="ended.starred", on_change=_first)
        archived = st.toggle("Archived too", key="ended.archived", on_change=_first)
    return tuple(statuses), starred, archived


def _first() -> None:
    st.session_state[_PAGE] = 1


def _dataset(bench: Workbench, names: Mapping[str, str]) -> str | None:
    there = bench.registry.datasets_with_runs()
    wanted = st.query_params.get("dataset")
    if wanted in there:
        st.session_state["ended.dataset"] = wanted
    return st.selectbox(
        "Dataset", [None, *there], format_func=lambda id_: names.get(id_, id_) if id_ else "All datasets",
        key="ended.dataset", on_change=_dataset_into_url,
    )  # fmt: skip


def _dataset_into_url() -> None:
    chosen = st.session_state["ended.dataset"]
    st.query_params.from_dict({"dataset": chosen} if chosen else {})
    _first()


def table_key(run_ids: Sequence[str]) -> str:
    """Ticks belong to rows, so other rows need another table."""
    return f"ended.table.{zlib.crc32(' '.join(run_ids).encode()):08x}"


def _table(bench: Workbench, runs: Sequence[Run], names: Mapping[str, str]) -> list[Run]:
    """Draws the runs; returns those that are ticked."""
    called = fitting(without_shared({run.id: run.name for run in runs}), _widest())
    champions = {move.run_id for move in bench.champions().values()}
    rows = [_row(run, names) | {"Run": called[run.id], "Marks": _marks(run, champions)} for run in runs]
    opened = st.column_config.ButtonColumn("", type="tertiary", on_click=_open, args=(runs,), key="ended.open")
    chosen = table(
        rows,
        key=table_key([run.id for run in runs]),
        words={"Accuracy": lambda value: percent(value / 100), "Time": duration},
        columns=_COLUMNS | {"Open": opened, "Run": name_column("Run", list(called.values()), widest=_widest())},
        column_order=_said(rows),
        on_select="rerun",
        selection_mode="multi-row",
    )
    if "ended.opened" in st.session_state:
        st.switch_page("pages/runs.py", query_params={"run": st.session_state.pop("ended.opened")})
    return [runs[place] for place in chosen.selection.rows if place < len(runs)]


def _widest() -> int:
    """Pixels of a name; on a phone the accuracy shall stand beside it."""
    return 150 if is_narrow() else WIDEST_NAME


def _marks(run: Run, champions: set[str | None]) -> str:
    said = {"champion": run.id in champions, "★": run.starred, "archived": run.archived}
    return " ".join(mark for mark, is_so in said.items() if is_so)


def _row(run: Run, names: Mapping[str, str]) -> dict:
    low, high = interval(run)
    return {
        "Colour": colour_swatch(run_colour(run.id)),
        "Run": run.name,
        "Marks": "",
        "Status": status_word(run.status),
        "Open": "Open",
        "Accuracy": None if run.test_accuracy is None else 100 * run.test_accuracy,
        "Interval": "" if low is None or high is None else f"{100 * low:.0f} to {100 * high:.0f} %",
        "Time": run.wall_seconds,
        "Dataset": names.get(run.dataset_id, ""),
        "Recipe": describe(run.recipe),
        "Ended": moment(run.ended_at),
        "Tags": list(run.tags),
    }


def _said(rows: Sequence[dict]) -> list[str]:
    """The columns that say something: not the dataset where all have the same, nor tags where nobody has any."""
    silent = {"Dataset"} if len({row["Dataset"] for row in rows}) == 1 else set()
    silent |= {name for name in ("Tags", "Marks") if not any(row[name] for row in rows)}
    shown = _ON_A_PHONE if is_narrow() else tuple(rows[0])
    return [name for name in shown if name not in silent]


_ON_A_PHONE = ("Run", "Accuracy", "Open", "Marks", "Status", "Interval", "Time", "Dataset", "Ended")
_COLUMNS = {
    "Colour": picture(),
    "Marks": st.column_config.TextColumn("Marks", help="★ has a star; champion: of its dataset.", width="small"),
    "Accuracy": number("Test accuracy", "Share of test photos it got right, measured once at the end."),
    "Interval": st.column_config.TextColumn(
        "95 % interval", help="Wilson interval of the accuracy.", alignment="right"
    ),
    "Time": number("Time paid", "Seconds on the clock over all attempts, without waiting in the queue."),
    "Ended": st.column_config.TextColumn("Ended (UTC)"),
    "Tags": st.column_config.ListColumn("Tags"),
}


def _open(shown: Sequence[Run]) -> None:
    st.session_state["ended.opened"] = shown[st.session_state["ended.open"]["row"]].id


def _compare(chosen: Sequence[Run]) -> None:
    """Offered for ticked runs that can be compared."""
    finished = [run for run in chosen if run.status is Status.FINISHED]
    if len({run.dataset_id for run in finished}) > 1:
        st.caption("Only runs of one dataset can be compared; tick runs of one.")
    elif finished:
        ids = ",".join(run.id for run in finished)
        label = f"Compare {count(len(finished), 'run')}"
        st.page_link("pages/compare.py", label=label, icon=":material/bar_chart:", query_params={"runs": ids})
    else:
        st.caption("Only finished runs can be compared.")
