"""Small widgets of every page. Names given by users always go through ``plain`` or ``html.escape``."""

import html
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal
from urllib.parse import quote

import streamlit as st

from core.charts.styles import run_colour
from core.datasets.values import Dataset
from core.errors import GraftError
from core.planning.fitness import SMALL_TEST, claim, problems_of
from core.runs.values import Run, Status
from core.text.units import glued, plain
from core.web.parts.frame import PAGES

BadgeColour = Literal["gray", "blue", "green", "red", "orange"]
Metric = tuple[str, str, str]
"""Label, value with unit, and the tooltip that tells how it was measured."""

_LONG = 13
"""Characters of a value beyond which it takes two columns: an accuracy with its interval."""

STATUSES: dict[Status, tuple[str, str, BadgeColour]] = {
    Status.SCHEDULED: ("Waiting", ":material/schedule:", "gray"),
    Status.RUNNING: ("Running", ":material/autorenew:", "blue"),
    Status.FINISHED: ("Finished", ":material/check_circle:", "green"),
    Status.FAILED: ("Failed", ":material/error:", "red"),
    Status.KILLED: ("Stopped", ":material/stop_circle:", "orange"),
}
"""Word, icon and colour of each status: never colour alone."""


def heading(title: str, line: str) -> None:
    """Title and first line of a page."""
    st.title(title, anchor=False)
    st.caption(glued(line))


@contextmanager
def explained() -> Iterator[None]:
    """Error boundary: a ``GraftError`` is shown on the page, and the code after the block still runs."""
    try:
        yield
    except GraftError as error:
        st.error(plain(str(error)), icon=":material/error:")


def fitness_notes(dataset: Dataset, leaks: int, leaked: int) -> None:
    """Why a dataset is not fit to learn from, and what would be enough; what its test photos allow to claim.

    ``leaks``: photos in several of its splits. ``leaked``: test photos with a near-copy in another split.
    """
    problems = problems_of(dataset, leaks=leaks, leaked=leaked)
    for problem in problems:
        st.markdown(f":orange[:material/warning:] {glued(plain(str(problem)))}")
    if not any(problem.kind == SMALL_TEST for problem in problems):
        st.caption(glued(plain(claim(dataset.split_sizes["test"]))))


def status_text(status: Status) -> str:
    """A status as a markdown badge, for captions, labels and columns."""
    word, icon, colour = STATUSES[status]
    return f":{colour}-badge[{icon} {word}]"


def status_word(status: Status) -> str:
    """A status as a symbol and a word, for the cells of ``st.dataframe``."""
    symbols = {"SCHEDULED": "○", "RUNNING": "◔", "FINISHED": "●", "FAILED": "✕", "KILLED": "◌"}
    return f"{symbols[status]} {STATUSES[status][0]}"


def run_chip(run: Run, name: str | None = None) -> None:
    """A dot in the colour of the run, and its name or ``name``."""
    dotted(name or run.name, run_colour(run))


def dotted(name: str, colour: str) -> None:
    """A dot of ``colour`` and the name of a run, which is never cut."""
    dot = f"width:.7em;height:.7em;border-radius:50%;flex:none;background:{colour}"
    st.html(
        '<div style="display:flex;align-items:center;gap:.5em;min-width:0">'
        f'<span style="{dot}"></span>'
        f'<span style="overflow-wrap:anywhere">{html.escape(name)}</span></div>'
    )


def colour_swatch(colour: str, radius: int = 6, height: int = 16) -> str:
    """A data URI of a dot, for ``st.column_config.ImageColumn``, which is as high as its row.

    Args:
        radius: at most 8. height: of the picture, whose width is 16: about twice that where rows are twice as high.
    """
    circle = f'<circle cx="8" cy="{height / 2:g}" r="{radius}" fill="{colour}"/>'
    dot = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 {height}">{circle}</svg>'
    return f"data:image/svg+xml,{quote(dot)}"


def empty_state(
    title: str,
    text: str,
    *,
    icon: str = ":material/eco:",
    page: str | None = None,
    label: str = "",
    query_params: dict[str, str] | None = None,
) -> None:
    """What the page will show, and a link to the page to start from (for example ``pages/train.py``)."""
    with st.container(border=True, horizontal_alignment="center"):
        st.header(f"{icon} {plain(title)}", anchor=False, text_alignment="center")
        st.caption(text, text_alignment="center")
        if page:
            st.page_link(page, label=label, icon=":material/arrow_forward:", query_params=query_params)


def before_first_run(title: str, text: str, *, photos: bool) -> None:
    """``empty_state`` with a link to the page Train, or, where there are no photos yet, to where they are imported."""
    page, label = ("train", "Choose what to train") if photos else ("datasets", "Import photos")
    empty_state(title, text, page=f"pages/{page}.py", label=label)


def metrics(name: str, *shown: Metric) -> None:
    """Metrics side by side, in columns that wrap on a phone (style.css: ``figures-``, ``wide-figure-``).

    Args:
        name: unique on the page.
    """
    with st.container(key=f"figures-{name}"):
        for position, (label, value, measured) in enumerate(shown):
            wide = "wide-figure" if len(value) > _LONG else "figure"
            with st.container(key=f"{wide}-{name}-{position}"):
                st.metric(label, value, help=measured)


def page_link(name: str, label: str | None = None, **query: str) -> None:
    """A link to a page with its icon, named after the page unless there is a ``label``."""
    title, icon = PAGES[name]
    st.page_link(f"pages/{name}.py", label=label or title, icon=icon, query_params=query or None)
