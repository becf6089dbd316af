"""Ended runs as a table: filter, search, open one, compare several."""

from collections.abc import Mapping, Sequence

import streamlit as st

from core.colours import run_colour
from core.comparison import without_shared
from core.runs import Run, Status
from core.web.panels.recipe_words import recipe_words
from core.web.panels.tables import name_column, number, picture, table
from core.web.panels.words import interval
from core.web.widgets import STATUSES, colour_swatch, status_word
from core.wording import count, duration, moment, share

MOST_COMPARED = 12
_ENDINGS = (Status.FINISHED, Status.FAILED, Status.KILLED)
_CHOSEN = "ended.table"


def show(runs: Sequence[Run], names: Mapping[str, str]) -> None:
    """Newest first; ticked rows can be compared."""
    shown = _filtered(runs, names)
    if not shown:
        st.caption("No ended run matches.")
        return
    called = without_shared({run.id: run.name for run in shown})
    rows = [_row(run, names) | {"Run": called[run.id]} for run in shown]
    opened = st.column_config.ButtonColumn("", type="tertiary", on_click=_open, args=(shown,), key="ended.open")
    chosen = table(
        rows,
        key=f"{_CHOSEN}.{len(runs)}",
        words={"Accuracy": lambda value: share(value / 100), "Time": duration},
        columns=_COLUMNS | {"Open": opened, "Run": name_column("Run", list(called.values()))},
        column_order=_said(rows),
        on_select="rerun",
        selection_mode="multi-row",
    )
    if "ended.opened" in st.session_state:
        st.switch_page("pages/runs.py", query_params={"run": st.session_state.pop("ended.opened")})
    _compare([shown[place] for place in chosen.selection.rows if place < len(shown)])


def _filtered(runs: Sequence[Run], names: Mapping[str, str]) -> list[Run]:
    search, status, dataset = st.columns([3, 3, 2])
    with search:
        text = st.text_input(
            "Search", key="ended.search", placeholder="Name, tag, note or id", icon=":material/search:"
        )
    with status:
        words = {ending: STATUSES[ending][0] for ending in _ENDINGS}
        kept = st.pills(
            "Status", _ENDINGS, selection_mode="multi", format_func=lambda ending: words[ending], key="ended.status"
        )
    with dataset:
        there = list(dict.fromkeys(run.dataset_id for run in runs))
        wanted = st.query_params.get("dataset")
        if wanted in there:
            st.session_state["ended.dataset"] = wanted
        only = st.selectbox(
            "Dataset", [None, *there], format_func=lambda id_: names.get(id_, id_) if id_ else "All datasets",
            key="ended.dataset", on_change=_dataset_into_url,
        )  # fmt: skip
    return [
        run
        for run in runs
        if (not kept or run.status in kept) and (only is None or run.dataset_id == only) and _says(run, text)
    ]


def _dataset_into_url() -> None:
    chosen = st.session_state["ended.dataset"]
    st.query_params.from_dict({"dataset": chosen} if chosen else {})


def _says(run: Run, text: str) -> bool:
    said = " ".join((run.id, run.name, run.notes, *run.tags, recipe_words(run.recipe))).lower()
    return all(word in said for word in text.lower().split())


def _row(run: Run, names: Mapping[str, str]) -> dict:
    low, high = interval(run)
    return {
        "Colour": colour_swatch(run_colour(run.id)),
        "Run": run.name,
        "Status": status_word(run.status),
        "Open": "Open",
        "Accuracy": None if run.test_accuracy is None else 100 * run.test_accuracy,
        "Interval": "" if low is None or high is None else f"{100 * low:.0f} to {100 * high:.0f} %",
        "Time": run.wall_seconds,
        "Dataset": names.get(run.dataset_id, ""),
        "Recipe": recipe_words(run.recipe),
        "Ended": moment(run.ended_at),
        "Tags": list(run.tags),
    }


def _said(rows: Sequence[dict]) -> list[str]:
    """The columns that say something: not the dataset where all have the same, nor tags where nobody has any."""
    silent = {"Dataset"} if len({row["Dataset"] for row in rows}) == 1 else set()
    silent |= set() if any(row["Tags"] for row in rows) else {"Tags"}
    return [name for name in rows[0] if name not in silent]


_COLUMNS = {
    "Colour": picture(),
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
    if not chosen:
        st.caption("Tick runs of one dataset to compare them.")
    elif len({run.dataset_id for run in finished}) > 1:
        st.caption("Only runs of one dataset can be compared; tick runs of one.")
    elif finished:
        ids = ",".join(run.id for run in finished[:MOST_COMPARED])
        label = f"Compare {count(len(finished[:MOST_COMPARED]), 'run')}"
        st.page_link("pages/compare.py", label=label, icon=":material/bar_chart:", query_params={"runs": ids})
    else:
        st.caption("Only finished runs can be compared.")
