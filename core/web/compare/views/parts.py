"""What the views share: a chart with its title and data, the two runs of the URL, photos with predictions."""

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from core import charts
from core.charts import Chart
from core.comparison.photos import ComparedPhoto
from core.curation.decisions import PhotoDecision, decisions_on, standing
from core.text.units import amount, count, plain, unbroken
from core.web.compare import address
from core.web.compare.selected import Selected
from core.web.datasets.check_items import decision_words
from core.web.parts.charts import draw, finding
from core.web.parts.device import is_narrow
from core.web.parts.downloads import Rows, downloads
from core.web.parts.run_names import fitting, lines_for, row_height
from core.web.parts.run_table import NARROW_NAME
from core.web.parts.tables import ColumnConfig
from core.web.parts.thumbnails import photo_strip
from core.web.parts.widgets import dotted
from core.web.predict.answers import chance

PHOTOS_SHOWN = 48
"""Photos of one group that are shown; each is sent as a picture."""
_NAME = 240
"""Pixels of a run's name in a table that is not on a phone."""
_FORMATS = ("svg", "png")


def nothing(sentence: str) -> None:
    """Instead of a chart: what the chosen runs lack."""
    st.info(sentence, icon=":material/info:")


def title(shown: Chart) -> None:
    """The result above a chart. Without one a chart repeats its question, which the view has already asked."""
    if not shown.title.endswith("?"):
        finding(shown.title)


def chart(selected: Selected, shown: Chart, *, key: str, alt: str, caption: str | None = None, **options: Any) -> None:
    """A chart, below it how to read it, and downloads: its data as CSV and Parquet, the figure as SVG or PNG.

    Args:
        key: unique on the page; its end is also the end of the files' names. alt: for screen readers.
        caption: instead of that of the chart; escaped here, like ``alt``. options: of ``st.plotly_chart``.
    """
    file, image = f"{selected.dataset.name}-{key.rpartition('.')[2]}", f"{key}.image"
    config = charts.config(st.session_state.get(image) or _FORMATS[0], file)
    draw(shown, key=key, alt=alt, config=config, **options)
    with st.container(horizontal=True, horizontal_alignment="distribute"):
        st.caption(plain(shown.caption if caption is None else caption), width="stretch")
        with st.popover("Download", icon=":material/download:", type="tertiary", key=f"{key}.take"):
            st.caption("Data of this chart")
            downloads(shown.rows, file, key)
            st.segmented_control(
                "Image format of the camera button", _FORMATS, default=_FORMATS[0], key=image, format_func=str.upper,
                required=True, help="The button is at the top right of the chart. SVG scales, PNG opens everywhere.",
            )  # fmt: skip


def titled_chart(selected: Selected, shown: Chart, **options: Any) -> None:
    """The same below its title."""
    title(shown)
    chart(selected, shown, **options)


def clicked(key: str) -> Sequence[Any]:
    """The custom data of the point of a chart that was clicked; () when its mark was removed by a second click."""
    points = st.session_state[key]["selection"]["points"]
    return (points[0].get("customdata") if points else None) or ()


def data(selected: Selected, rows: Rows | Callable[[], Rows], key: str) -> None:
    """Downloads of a table."""
    downloads(rows, f"{selected.dataset.name}-{key.rpartition('.')[2]}", key)


def narrow_names() -> ColumnConfig:
    """A column of run names that leaves room for the figures beside it, on a phone too."""
    return st.column_config.TextColumn("Run", width=_name_width())


def fitting_names(selected: Selected) -> dict[str, str]:
    """Names for that column, by run id."""
    return fitting(selected.names, _name_width(), _name_lines(selected))


def row_of_names(selected: Selected) -> int | None:
    """The height of a row that is high enough for these names, for ``st.dataframe``."""
    return row_height(_name_lines(selected))


def _name_lines(selected: Selected) -> int:
    return lines_for(selected.names.values(), _name_width(), wrapped=is_narrow())


def _name_width() -> int:
    return NARROW_NAME if is_narrow() else _NAME


def chip(selected: Selected, run_id: str) -> None:
    """A dot in the run's colour of this page, and its name."""
    dotted(selected.names[run_id], selected.styles[run_id].colour)


def require_predictions(selected: Selected) -> list[str]:
    """The chosen runs with predictions for the test photos, best first; without any, a message is shown."""
    ids = list(selected.comparison.predictions)
    if not ids:
        nothing(
            "None of these runs has predictions for the test photos: only finished runs have them, as long as their "
            "files exist."
        )
    return ids


def best_of(ids: Sequence[str], most: int) -> list[str]:
    """The first ``most``; where that is not all, a caption gives the total."""
    if len(ids) > most:
        st.caption(f"The {most} most accurate of {count(len(ids), 'run')}; select fewer runs to see others.")
    return list(ids[:most])


def choose_run(selected: Selected, ids: Sequence[str], label: str = "Run") -> str:
    """One of ``ids``, which is ``a`` in the URL; the first where the URL names none of them."""
    start = selected.address.a if selected.address.a in ids else ids[0]
    bound = address.bound("compare.a", "a", start)
    return str(st.selectbox(label, ids, format_func=selected.names.__getitem__, **bound))


def choose_two(selected: Selected, ids: Sequence[str], *, single: bool = False) -> tuple[str, str | None]:
    """Runs A and B of the URL, by default the two best ones.

    Args:
        single: whether B may be none; the URL then names A twice.
    """
    left, right = st.columns(2)
    with left:
        a = choose_run(selected, ids, "A")
    others = [run_id for run_id in ids if run_id != a]
    if not others:
        return a, None
    asked = selected.address.b
    start = asked if asked in others or (single and asked == a) else others[0]
    with right:
        b = st.selectbox(
            "B", [*others, a] if single else others, **address.bound("compare.b", "b", start),
            format_func=lambda run_id: "none: A only" if run_id == a else selected.names[run_id],
        )  # fmt: skip
    return a, None if b == a else b


def letters(selected: Selected, a: str, b: str) -> None:
    """Which run is called A and which B below."""
    names = selected.names
    st.caption(f"**A** {plain(names[a])} · **B** {plain(names[b])}")


def photos(selected: Selected, compared: Sequence[ComparedPhoto], *, width: int = 148) -> None:
    """Photos with their true class and, under each, what every run predicted with its probability."""
    shown = compared[:PHOTOS_SHOWN]
    paths = [selected.bench.photo_path(selected.dataset.id, one.digest) for one in shown]
    decided = standing(decisions_on(selected.dataset, selected.bench.settings))
    lines = [_lines(one, decided.get(one.digest)) for one in shown]
    photo_strip(paths, ["  \n".join(one) for one in lines], alt=[", ".join(one) for one in lines], width=width)
    if len(compared) > len(shown):
        st.caption(f"The first {amount(len(shown))} of {count(len(compared), 'photo')}.")


def _lines(photo: ComparedPhoto, decision: PhotoDecision | None) -> list[str]:
    """``rose``, ``A: rose 98 % ✓``, ``B: tulip 51 % ✗``, and what was decided on it."""
    single = len(photo.predictions) == 1
    lines = [
        f"{'' if single else f'{letter}: '}{plain(name)} "
        + unbroken(f"{chance(probability)} {'✓' if name == photo.true else '✗'}")
        for letter, (_, name, probability) in zip("AB", photo.predictions, strict=False)
    ]
    return [plain(photo.true), *lines, *([f"→ {plain(decision_words(decision))}"] if decision else [])]
