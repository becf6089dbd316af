"""Predict: which class do the models predict for this photo?"""

from collections.abc import Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.errors import GraftError
from core.runs.values import Run
from core.text.units import percent, plain
from core.web.models.ready import LISTED, ready_runs
from core.web.parts.choice import listed_ids
from core.web.parts.frame import require_frame
from core.web.parts.labels import dataset_title, interval
from core.web.parts.widgets import empty_state, explained, heading
from core.web.predict import panel
from core.web.server.state import workbench
from core.workbench import Workbench

MOST = 4
"""Models side by side."""


def page() -> None:
    bench = workbench()
    ready = ready_runs(bench)
    if not ready:
        heading("Predict", "Which class do the models predict for your photos? There is no trained model yet.")
        empty_state(
            "Drop photos here after a run has finished",
            "Every finished run has a model; several can be compared side by side.",
            page="pages/train.py",
            label="Choose what to train",
        )
        return
    first_line, problems = st.container(), st.container()
    chosen = choose_models(bench, ready, problems)
    photos = panel.photos(bench)
    with explained():
        predict(bench, chosen, photos, first_line)


def choose_models(bench: Workbench, ready: Sequence[Run], problems: DeltaGenerator) -> list[Run]:
    """The models of ``?models=``, else the first one; kept in the URL when changed."""
    asked = [run_id for wanted in listed_ids("models") for run_id in [resolved(bench, wanted, problems)] if run_id]
    by_id = {run.id: run for run in [*ready, *(bench.registry.run(run_id) for run_id in asked)]}
    names = {dataset.id: dataset_title(dataset) for dataset in bench.registry.datasets()}
    champions = {move.run_id for move in bench.champions().values()}
    linked = list(dict.fromkeys(asked))
    cleared = st.query_params.get("models") == ""
    st.session_state["predict.models"] = linked[:MOST] if linked or cleared else [_first(ready).id]
    ids = st.multiselect(
        "Models",
        list(by_id),
        format_func=lambda id_: (
            f"{'champion · ' if id_ in champions else ''}{by_id[id_].name} · {names[by_id[id_].dataset_id]} · "
            f"{percent(by_id[id_].test_accuracy, interval(by_id[id_]))} · {id_}"
        ),
        key="predict.models",
        max_selections=MOST,
        on_change=_into_url,
        help=f"At most {MOST} side by side. The {LISTED} most accurate are listed; open others from the page Models.",
    )
    return [by_id[id_] for id_ in ids]


def _first(ready: Sequence[Run]) -> Run:
    """The first run, of the dataset whose unlabelled photos the URL names where it has one."""
    return next((run for run in ready if run.dataset_id == st.query_params.get("unlabelled")), ready[0])


def resolved(bench: Workbench, reference: str, problems: DeltaGenerator) -> str | None:
    """The id of the run that ``reference`` names; None after showing an error if there is none."""
    try:
        return bench.registry.model(reference).run_id
    except GraftError as error:
        problems.error(plain(str(error)), icon=":material/error:")
        return None


def _into_url() -> None:
    st.query_params["models"] = ",".join(st.session_state["predict.models"])


def predict(bench: Workbench, chosen: Sequence[Run], photos: panel.Photos, first_line: DeltaGenerator) -> None:
    if not chosen or not photos:
        with first_line:
            todo = "Drop or choose photos to see the predictions of every model." if chosen else "Choose a model."
            heading("Predict", todo)
        return
    line = "No prediction could be made."
    try:
        found = panel.predictions(bench, [run.id for run in chosen], photos)
        line = panel.summary(found)
    finally:
        with first_line:
            heading("Predict", line)
    panel.show(found, {run.id: run for run in chosen})


require_frame()
page()
