"""The check of a dataset's photos on its page: start, progress, and what was found."""

import streamlit as st

from core.curation.background import cancel_check, check_state, start_check
from core.curation.checking import read_findings
from core.curation.values import METHOD, Findings
from core.datasets.values import Dataset
from core.jobs.background import JobState
from core.text.units import count, percent, plain
from core.web.datasets.check_items import KINDS, items_of
from core.web.parts.job_progress import job_progress
from core.web.parts.polling import poll
from core.web.parts.widgets import explained
from core.workbench import Workbench


def check_panel(bench: Workbench, dataset: Dataset) -> None:
    """Whether the photos were checked, and how many there are to look at."""
    st.header("Check photos", anchor=False)
    poll(_state, check_state(dataset.id, settings=bench.settings).is_active, bench, dataset)


def _state(bench: Workbench, dataset: Dataset) -> None:
    state = check_state(dataset.id, settings=bench.settings)
    if state.is_active:
        st.session_state[_watched(dataset)] = True
        job_progress(state, lambda: cancel_check(bench.settings, dataset.id), key="check")
    elif state.state == "ready" and (found := findings(bench, dataset)) is not None:
        if st.session_state.pop(_watched(dataset), False):
            st.rerun(scope="app")
        _found(dataset, found)
    else:
        _start(bench, dataset, state)


def _watched(dataset: Dataset) -> str:
    return f"check.watched.{dataset.id}"


def _start(bench: Workbench, dataset: Dataset, state: JobState) -> None:
    if st.session_state.pop(_watched(dataset), False):
        st.rerun(scope="app")
    if state.message:
        st.warning(plain(state.message))
    st.caption(
        "Finds likely label errors, near-copies (also across the split) and odd photos. 1,000 photos take about 6 s of "
        "one core, and 8 s more where features of EfficientNet-Lite0 are computed first. Nothing is changed."
    )
    if st.button("Check photos", icon=":material/fact_check:", key="check.start"):
        with explained():
            start_check(dataset.id, settings=bench.settings, registry=bench.registry)
            st.rerun(scope="app")


def _found(dataset: Dataset, found: Findings) -> None:
    leaks = f", {count(len(found.leaks), 'group')} across splits" if found.leaks else ""
    texts = {
        "labels": count(len(found.labels), "likely label error"),
        "copies": f"{count(len(found.copies), 'group')} of near-copies{leaks}",
        "odd": count(len(found.odd), "odd photo"),
    }
    with st.container(horizontal=True):
        for kind in KINDS:
            if items_of(found, kind):
                query = {"dataset": dataset.id, "check": kind}
                st.page_link("pages/datasets.py", label=texts[kind], icon=_ICONS[kind], query_params=query)
    if not (found.labels or found.copies or found.odd):
        st.markdown(":green[:material/check_circle:] No label error, near-copy or odd photo was found.")
    rests_on(found)


_ICONS = {"labels": ":material/label_off:", "copies": ":material/content_copy:", "odd": ":material/broken_image:"}


def rests_on(found: Findings) -> None:
    """What the findings rest on, and what was not checked."""
    if found.accuracy is not None:
        st.caption(
            f"Labels were compared with a linear head on features of {plain(found.title)}, which names the given class "
            f"of {percent(found.accuracy)} of the photos that it was not fitted on. The lower this is, the more "
            "suggestions are wrong."
        )
    for note in found.notes:
        st.markdown(f":material/info: {plain(note)}")


def findings(bench: Workbench, dataset: Dataset) -> Findings | None:
    """What was found, read once; None where the dataset was not checked."""
    if check_state(dataset.id, settings=bench.settings).state != "ready":
        return None
    return _read(bench, str(bench.settings.home), dataset.id, METHOD, dataset)


@st.cache_resource(max_entries=8, show_spinner=False)
def _read(_bench: Workbench, home: str, dataset_id: str, method: int, _dataset: Dataset) -> Findings | None:
    """Cached because a dataset is immutable; ``home``, ``dataset_id`` and ``method`` are the cache's key."""
    return read_findings(_dataset, _bench.settings)
