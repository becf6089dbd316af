"""What the views share: their question, a chart with its data, the two runs of the URL, photos with answers."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import streamlit as st

from core import charts
from core.charts import Chart
from core.comparison.photos import ComparedPhoto
from core.comparison.table import Row
from core.text.units import count, plain
from core.web.compare import address
from core.web.compare.selected import Selected
from core.web.parts.charts import draw
from core.web.parts.downloads import Rows, downloads
from core.web.parts.run_names import fitting
from core.web.parts.thumbnails import photo_strip
from core.web.parts.widgets import dotted

PHOTOS_SHOWN = 48
"""Photos of one group; more are not looked at, and each is a picture to send."""
_NAME = 240
"""Pixels of a run's name in a table."""
_FORMATS = ("svg", "png")


def question(title: str, explanation: str) -> None:
    """What a view answers, and one line that says how to read it (markdown of ours, never of a user)."""
    st.subheader(title, anchor=False)
    st.caption(explanation)


def nothing(sentence: str) -> None:
    """Instead of a chart: what the chosen runs lack."""
    st.info(sentence, icon=":material/info:")


def chart(selected: Selected, shown: Chart, *, key: str, alt: str, caption: str | None = None, **options: Any) -> None:
    """A chart, below it how to read it, and downloads: its data as CSV and Parquet, the figure as SVG or PNG.

    Args:
        key: unique on the page; its end is also the end of the files' names. alt: for those who do not see the chart.
        caption: instead of that of the chart; escaped here, like ``alt``. options: of ``st.plotly_chart``.
    """
    file, name = f"{selected.dataset.name}-{key.rpartition('.')[2]}", f"{key}.image"
    config = charts.config(st.session_state.get(name) or _FORMATS[0], file)
    draw(shown, key=key, alt=alt, config=config, **options)
    with st.container(horizontal=True, horizontal_alignment="distribute"):
        st.caption(plain(shown.caption if caption is None else caption), width="stretch")
        _take_along(shown.rows, file, key, name)


def _take_along(rows: Callable[[], Rows], file: str, key: str, name: str) -> None:
    with st.popover("Download", icon=":material/download:", type="tertiary", key=f"{key}.take"):
        st.caption("The data of this chart")
        downloads(rows, file, key)
        st.segmented_control(
            "The camera of the chart saves", _FORMATS, default=_FORMATS[0], key=name, format_func=str.upper,
            required=True, help="It stands at the top right of the chart: SVG stays sharp, PNG goes everywhere.",
        )  # fmt: skip


def data(selected: Selected, rows: Rows | Callable[[], Rows], key: str) -> None:
    """The same for a table, which has no picture."""
    downloads(rows, f"{selected.dataset.name}-{key.rpartition('.')[2]}", key)


def narrow_names() -> Any:
    """A column of run names that leaves room for the figures beside it, on a phone too."""
    return st.column_config.TextColumn("Run", width=_NAME)


def fitting_names(selected: Selected) -> dict[str, str]:
    """Names for that column, by run id."""
    return fitting(selected.names, _NAME)


def named_rows(selected: Selected) -> list[Row]:
    """The rows under the names of this page, best first."""
    return [replace(row, name=selected.names[row.run_id]) for row in selected.comparison.rows]


def chip(selected: Selected, run_id: str) -> None:
    """A dot in the run's colour of this page, and its name."""
    dotted(selected.names[run_id], selected.styles[run_id].colour)


def answered(selected: Selected) -> list[str]:
    """The chosen runs whose answers for the test photos are there, best first."""
    return list(selected.comparison.predictions)


def require_answers(selected: Selected) -> list[str]:
    """The same; without any, a sentence says so and the list is empty."""
    ids = answered(selected)
    if not ids:
        nothing(
            "None of the chosen runs has answers for the test photos: only finished runs have them, for as long as "
            "their files are there."
        )
    return ids


def best_of(ids: Sequence[str], most: int) -> list[str]:
    """The first ``most``; where that is not all, a line says so."""
    if len(ids) > most:
        st.caption(f"The {most} most accurate of {count(len(ids), 'run')}; choose fewer runs to see others.")
    return list(ids[:most])


def choose_run(selected: Selected, ids: Sequence[str], label: str = "Run") -> str:
    """One of ``ids``, which stands in the URL as ``a``; the first where the URL says nothing usable."""
    start = selected.address.a if selected.address.a in ids else ids[0]
    bound = address.bound("compare.a", "a", start)
    return str(st.selectbox(label, ids, format_func=selected.names.__getitem__, **bound))


def choose_two(selected: Selected, ids: Sequence[str], *, alone: bool = False) -> tuple[str, str | None]:
    """Runs A and B of the URL; of themselves the two best ones.

    Args:
        alone: whether A may be looked at without B; the URL says so by naming it twice.
    """
    left, right = st.columns(2)
    with left:
        a = choose_run(selected, ids, "A")
    others = [run_id for run_id in ids if run_id != a]
    if not others:
        return a, None
    asked = selected.address.b
    start = asked if asked in others or (alone and asked == a) else others[0]
    with right:
        b = st.selectbox(
            "B", [*others, a] if alone else others, **address.bound("compare.b", "b", start),
            format_func=lambda run_id: "nothing: A alone" if run_id == a else selected.names[run_id],
        )  # fmt: skip
    return a, None if b == a else b


def letters(selected: Selected, a: str, b: str | None) -> None:
    """Which run is called A and which B below."""
    called = [("A", a), ("B", b)] if b else [("A", a)]
    st.caption(" · ".join(f"**{letter}** {plain(selected.brief_names[run_id])}" for letter, run_id in called))


def photos(selected: Selected, compared: Sequence[ComparedPhoto], *, width: int = 148) -> None:
    """Photos with what they show and, under each, what every run predicted with its probability."""
    shown = compared[:PHOTOS_SHOWN]
    paths = [selected.bench.photo_path(selected.dataset.id, one.digest) for one in shown]
    said = [_said(one) for one in shown]
    photo_strip(paths, ["  \n".join(lines) for lines in said], alt=[", ".join(lines) for lines in said], width=width)
    if len(compared) > len(shown):
        st.caption(f"The first {len(shown)} of {count(len(compared), 'photo')}.")


def _said(photo: ComparedPhoto) -> list[str]:
    """``rose``, ``A: rose 98 %``, ``B: tulip 51 % ✗``."""
    lone = len(photo.predictions) == 1
    lines = [
        f"{'' if lone else f'{letter}: '}{plain(name)} {100 * probability:.0f} % {'✓' if name == photo.true else '✗'}"
        for letter, (_, name, probability) in zip("AB", photo.predictions, strict=False)
    ]
    return [plain(photo.true), *lines]
