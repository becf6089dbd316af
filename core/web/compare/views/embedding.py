"""The map: which test photos look alike to a run, and where are its mistakes?"""

import numpy as np
import streamlit as st

from core.charts.embedding import embedding_chart
from core.comparison.photos import compared_photos
from core.models.embedding import PhotoMap
from core.text.units import count, percent
from core.web.compare import address
from core.web.compare.selected import Selected
from core.web.compare.views import parts
from core.web.parts.charts import finding
from core.web.parts.widgets import explained

_KEY = "compare.map"


def show(selected: Selected) -> None:
    parts.question(
        "Which photos look alike to a run, and where are its mistakes?",
        "Every dot is a test photo in the colour of its true class; what the run gets wrong is a cross. Click one.",
    )
    ids = parts.require_answers(selected)
    if not ids:
        return
    run_id = parts.choose_run(selected, ids)
    found = selected.bench.photo_map(run_id)
    if found is None:
        _compute(selected, run_id)
    else:
        _draw(selected, found)


def _compute(selected: Selected, run_id: str) -> None:
    """A button, for the run's network has to look at every test photo again. Any other click stops it."""
    photos = len(selected.comparison.predictions[run_id].digests)
    with st.container(border=True):
        st.markdown(f"The network of this run has to look at {count(photos, 'test photo')} once; the map is then kept.")
        if not st.button("Draw the map", key="compare.map_compute", type="primary", icon=":material/scatter_plot:"):
            return
        bar = st.progress(0.0, text="Starting …")

    def progress(done: int, total: int) -> None:
        bar.progress(done / total, text=f"{done} of {count(total, 'photo')}")

    with explained():
        selected.bench.photo_map(run_id, compute=True, progress=progress)
        st.rerun()


def _draw(selected: Selected, found: PhotoMap) -> None:
    chart = embedding_chart(found, selected.comparison.class_names)
    finding(chart.title)
    wide, narrow = st.columns([3, 1], gap="medium")
    with wide:
        parts.chart(
            selected,
            chart,
            key=_KEY,
            alt=f"Map of {count(len(found.digests), 'test photo')}, mistakes marked",
            caption=f"{chart.caption} {_explanation(found)}",
            selection_mode="points",
            on_select=_clicked,
        )
        st.page_link(
            "pages/board.py", label="t-SNE and UMAP of the same, in TensorBoard", icon=":material/monitoring:",
            query_params={"runs": found.run_id},
        )  # fmt: skip
    with narrow:
        _photo(selected, found)


def _explanation(found: PhotoMap) -> str:
    first, second = found.explained
    return (
        f"Axes: the two directions of largest variance (PCA) of {found.source}, {percent(first)} and {percent(second)} "
        "of it. Photos that are close here need not be close in the other directions."
    )


def _clicked() -> None:
    points = st.session_state[_KEY]["selection"]["points"]
    custom = points[0].get("customdata") if points else None
    if custom:
        address.change(cell=str(custom[0]))


def _photo(selected: Selected, found: PhotoMap) -> None:
    """The photo that was clicked, else the surest mistakes."""
    predictions, names = selected.comparison.predictions[found.run_id], selected.comparison.class_names
    if selected.address.cell in found.digests:
        shown, title = [selected.address.cell], "The photo you clicked"
    else:
        wrong = [
            (-predictions.confidence[row], predictions.digests[row]) for row in np.flatnonzero(~predictions.correct)
        ]
        shown, title = [digest for _, digest in sorted(wrong)[:4]], "Its surest mistakes"
    st.markdown(f"**{title if shown else 'It makes no mistake'}**")
    parts.photos(selected, compared_photos([predictions], names, shown), width=200 if len(shown) == 1 else 148)
