"""Embedding map: the features of the test photos in two dimensions, with the errors of one run."""

import numpy as np
import streamlit as st

from core.charts.embedding import embedding_chart
from core.comparison.photos import compared_photos
from core.models.embedding import PhotoMap
from core.text.units import count, percent
from core.web.compare import address
from core.web.compare.selected import Selected
from core.web.compare.views import parts
from core.web.compare.views.marking import decide_button
from core.web.parts.rights import allowed
from core.web.parts.widgets import explained

_KEY = "compare.map"


def show(selected: Selected) -> None:
    ids = parts.require_predictions(selected)
    if not ids:
        return
    run_id = parts.choose_run(selected, ids)
    found = selected.bench.photo_map(run_id)
    if found is None:
        _compute(selected, run_id)
    else:
        subset = selected.comparison.subset
        _draw(selected, found if subset is None else found.rows([digest in subset for digest in found.digests]))


def _compute(selected: Selected, run_id: str) -> None:
    """A button, because the model has to process every test photo. Any other click stops it."""
    photos = len(selected.comparison.predictions[run_id].digests)
    with st.container(border=True):
        st.markdown(f"The model has to process {count(photos, 'test photo')} once; the map is stored afterwards.")
        if not st.button(
            "Compute the map", key="compare.map_compute", type="primary", icon=":material/scatter_plot:", **allowed()
        ):
            return
        bar = st.progress(0.0, text="Starting …")

    def progress(done: int, total: int) -> None:
        bar.progress(done / total, text=f"{done} of {count(total, 'photo')}")

    with explained():
        selected.bench.photo_map(run_id, compute=True, progress=progress)
        st.rerun()


def _draw(selected: Selected, found: PhotoMap) -> None:
    chart = embedding_chart(found, selected.comparison.class_names)
    parts.title(chart)
    wide, narrow = st.columns([3, 1], gap="medium")
    with wide:
        first, second = found.explained
        parts.chart(
            selected,
            chart,
            key=_KEY,
            alt=f"Embedding map of {count(len(found.digests), 'test photo')}, errors marked",
            caption=f"{chart.caption} Axes: the first two principal components (PCA) of {found.source}, "
            f"{percent(first)} and {percent(second)} of the variance. Photos that are close here can be far apart in "
            "the other components.",
            selection_mode="points",
            on_select=_clicked,
        )
        st.page_link(
            "pages/board.py", label="t-SNE and UMAP in TensorBoard", icon=":material/monitoring:",
            query_params={"runs": found.run_id},
        )  # fmt: skip
    with narrow:
        _choose_photo(selected, found)
        _photo(selected, found)


def _clicked() -> None:
    if custom := parts.clicked(_KEY):
        address.change(cell=str(custom[0]))


def _choose_photo(selected: Selected, found: PhotoMap) -> None:
    """The same as a click on a dot, for the keyboard: the most confident wrong ones first, then the other photos."""
    predictions, names = selected.comparison.predictions[found.run_id], selected.comparison.class_names
    order = np.lexsort((-predictions.confidence, predictions.correct))
    labels = {"": "Wrong predictions"} | {
        predictions.digests[row]: f"{names[predictions.labels[row]]}, predicted {names[predictions.predicted[row]]}, "
        f"{percent(predictions.confidence[row])} ({predictions.digests[row][:6]})"
        for row in order
    }
    asked = selected.address.cell if selected.address.cell in labels else ""
    st.selectbox(
        "Photos of the map", list(labels), format_func=lambda digest: labels.get(digest, digest),
        help="The most confident wrong predictions, or one photo. Or click a dot.",
        **address.bound("compare.map_photo", "cell", asked),
    )  # fmt: skip


def _photo(selected: Selected, found: PhotoMap) -> None:
    """The photo that was clicked or chosen, else the most confident wrong predictions."""
    predictions, names = selected.comparison.predictions[found.run_id], selected.comparison.class_names
    if selected.address.cell in predictions.digests:
        shown, title = [selected.address.cell], "Selected photo"
    else:
        wrong = [
            (-predictions.confidence[row], predictions.digests[row]) for row in np.flatnonzero(~predictions.correct)
        ]
        shown = [digest for _, digest in sorted(wrong)[:4]]
        title = "Most confident wrong predictions" if shown else "No wrong prediction"
    st.markdown(f"**{title}**")
    compared = compared_photos([predictions], names, shown)
    decide_button(selected, compared, selected.address.cell if len(shown) == 1 else "mistakes")
    parts.photos(selected, compared, width=200 if len(shown) == 1 else 148)
