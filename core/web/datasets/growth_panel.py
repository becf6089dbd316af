"""Would more photos help? The learning curves of a dataset on its page; nothing is computed in the page's process."""

import streamlit as st

from core.advising.curve_process import cancel_curves, curve_state, read_growth, start_curves
from core.advising.growth import Growth
from core.charts.growth import gains_chart, growth_chart
from core.datasets.values import Dataset
from core.output.growth import growth_sentence
from core.text.units import count, percent, plain
from core.web.parts.charts import draw, titled
from core.web.parts.job_progress import job_progress
from core.web.parts.polling import poll
from core.web.parts.tables import table
from core.web.parts.widgets import explained
from core.workbench import Workbench


def growth_panel(bench: Workbench, dataset: Dataset) -> None:
    """What was found, how far the curves are, and the button that starts them."""
    st.header("Would more photos help?", anchor=False)
    found = read_growth(dataset.id, bench.settings)
    if found is not None:
        _found(found, dataset)
    poll(_state, curve_state(dataset.id, settings=bench.settings).is_active, bench, dataset)


def _state(bench: Workbench, dataset: Dataset) -> None:
    state = curve_state(dataset.id, settings=bench.settings)
    watched = f"growth.watched.{dataset.id}"
    if state.is_active:
        st.session_state[watched] = True
        job_progress(state, lambda: cancel_curves(bench.settings, dataset.id), key="growth")
        return
    if st.session_state.pop(watched, False):
        st.rerun(scope="app")
    if state.message:
        st.warning(plain(state.message))
    st.caption(
        "Linear probes on nested samples of the training photos, scored on validation photos, show how accuracy grows "
        "with photos. It takes seconds; where the features of EfficientNet-Lite0 are not stored yet, they are computed "
        "first. Test photos are not read."
    )
    if st.button("Draw the learning curve", icon=":material/trending_up:", key="growth.start"):
        with explained():
            start_curves(dataset.id, settings=bench.settings, registry=bench.registry)
            st.rerun(scope="app")


def _found(found: Growth, dataset: Dataset) -> None:
    icon = ":material/trending_up:" if found.curves else ":material/help:"
    st.markdown(f"{icon} **{plain(growth_sentence(found))}**")
    if not found.curves:
        return
    chart = growth_chart(found, len(dataset.class_names))
    draw(chart, key="growth.chart", alt=f"Accuracy against training photos per class. {chart.title}")
    st.caption(chart.caption)
    table(
        [
            {
                "Backbone": f"{curve.title}, {curve.size} px",
                f"Now ({count(found.photos, 'photo')})": percent(curve.accuracies[-1]),
            }
            | {
                f"{one.factor:g} times the photos": percent(one.accuracy, (one.low, one.high))
                for one in curve.forecasts
            }
            for curve in found.curves
        ],
        width="stretch", key="growth.curves",
    )  # fmt: skip
    if found.curves[0].some_class_gains:
        gains = gains_chart(found.curves[0])
        titled(gains, key="growth.gains", alt=f"What each class would gain from twice the photos. {gains.title}")
        st.caption(gains.caption)
    with st.expander("What it rests on, and class by class", key="growth.details"):
        _details(found)


def _details(found: Growth) -> None:
    curve = found.curves[0]
    law = curve.law
    st.markdown(
        f"The error of {plain(curve.title)} with n training photos is taken as {law.a:.2f} n^-{law.b:.2f} + "
        f"{law.c:.3f}, fitted to the means of these probes; the ranges have 80 % of the draws of a bootstrap over "
        "repetitions and validation photos. A power law says nothing about photos of another kind."
    )
    table(
        [
            {"Training photos": photos, "Accuracy": percent(accuracy)}
            for photos, accuracy in zip(curve.photos, curve.accuracies, strict=True)
        ],
        key="growth.probes",
    )  # fmt: skip
    table(
        [
            {
                "Class": one.class_name,
                "Training photos": one.photos,
                "Right now": f"{percent(one.recall)} of {one.validation}",
                "Gain with twice the photos": f"{100 * one.gain:+.1f} points",
                "Gains most in": f"{percent(one.share)} of the draws",
            }
            for one in curve.classes
        ],
        width="stretch", key="growth.classes",
    )  # fmt: skip
