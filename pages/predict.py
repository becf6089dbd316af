"""Predict: which class do the models predict for this photo?"""

from collections import Counter
from collections.abc import Mapping, Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.errors import GraftError
from core.runs.values import Run
from core.text.units import percent
from core.web.models.ready import LISTED, ready_runs
from core.web.parts import not_there
from core.web.parts.choice import listed_ids
from core.web.parts.frame import require_frame
from core.web.parts.labels import dataset_title, interval
from core.web.parts.widgets import before_first_run, explained, heading
from core.web.predict import details, linked, results, sources, visit
from core.web.predict.answers import summary
from core.web.predict.camera import camera
from core.web.predict.confidence import chosen_confidence
from core.web.predict.tables_panel import table_box, table_jobs
from core.web.server.state import workbench
from core.workbench import Workbench

MOST = 4
"""Models side by side."""


def page() -> None:
    bench = workbench()
    ready = ready_runs(bench)
    if not ready:
        heading("Predict", "Which class do the models predict for your photos? There is no trained model yet.")
        not_there.note(not_there.missing(bench, "models", "unlabelled"))
        before_first_run(
            "Drop photos here after a run has finished",
            "Every finished run has a model; several can be compared side by side.",
            photos=bool(bench.registry.datasets()),
        )
        return
    first_line = st.container()
    not_there.note(not_there.missing(bench, "models", "unlabelled"))
    chosen = choose_models(bench, ready)
    runs = {run.id: run for run in chosen}
    photos = given_photos(bench, runs)
    with explained():
        predict(bench, runs, photos, first_line)
    table_box(bench, list(runs))
    table_jobs(bench)


def given_photos(bench: Workbench, runs: details.Runs) -> list[sources.GivenPhoto]:
    """All photos to predict, from every source."""
    photos = sources.drop_box()
    if runs:
        photos += linked.dataset_photos(bench, bench.registry.dataset(next(iter(runs.values())).dataset_id))
    camera(bench, runs)
    photos += sources.kept_frames() + sources.unlabelled_photos(bench)
    photos = sources.at_most(photos)
    return (photos + visit.earlier_photos(photos))[: sources.MOST_PHOTOS]


def choose_models(bench: Workbench, ready: Sequence[Run]) -> list[Run]:
    """The models of ``?models=``, else the first one; kept in the URL when changed."""
    asked = [run_id for wanted in listed_ids("models") for run_id in [resolved(bench, wanted)] if run_id]
    by_id = {run.id: run for run in [*ready, *(bench.registry.run(run_id) for run_id in asked)]}
    labels = model_labels(bench, by_id)
    linked = list(dict.fromkeys(asked))
    cleared = st.query_params.get("models") == ""
    st.session_state["predict.models"] = linked[:MOST] if linked or cleared else [_first(ready).id]
    ids = st.multiselect(
        "Models",
        list(by_id),
        format_func=labels.__getitem__,
        key="predict.models",
        max_selections=MOST,
        on_change=_into_url,
        help=f"At most {MOST} side by side. The {LISTED} most accurate are listed; open others from the page Models.",
    )
    return [by_id[id_] for id_ in ids]


def model_labels(bench: Workbench, runs: Mapping[str, Run]) -> dict[str, str]:
    """Name and accuracy of every model; with the dataset where there are several, with the id where names are equal."""
    datasets = {dataset.id: dataset_title(dataset) for dataset in bench.registry.datasets()}
    several = len({run.dataset_id for run in runs.values()}) > 1
    champions = {move.run_id for move in bench.champions().values()}
    taken = Counter(run.name for run in runs.values())
    return {
        run.id: " · ".join(
            [
                *(["champion"] if run.id in champions else []),
                run.name,
                *([datasets.get(run.dataset_id, "")] if several else []),
                percent(run.test_accuracy, interval(run)),
                *([run.id] if taken[run.name] > 1 else []),
            ]
        )
        for run in runs.values()
    }


def _first(ready: Sequence[Run]) -> Run:
    """The first run, of the dataset whose unlabelled photos the URL names where it has one."""
    return next((run for run in ready if run.dataset_id == st.query_params.get("unlabelled")), ready[0])


def resolved(bench: Workbench, reference: str) -> str | None:
    """The id of the run that ``reference`` names; None if there is none."""
    try:
        return bench.registry.run_of_model(reference)
    except GraftError:
        return None


def _into_url() -> None:
    st.query_params["models"] = ",".join(st.session_state["predict.models"])


def predict(
    bench: Workbench, runs: details.Runs, photos: Sequence[sources.GivenPhoto], first_line: DeltaGenerator
) -> None:
    if not runs or not photos:
        with first_line:
            todo = "Drop photos, or try test photos, to see which class every model predicts."
            heading("Predict", todo if runs else "Choose a model.")
        return
    line = "No prediction could be made."
    try:
        found = visit.predictions(bench, list(runs), photos, chosen_confidence())
        line = summary(found)
    finally:
        with first_line:
            heading("Predict", line)
    results.show(bench, found, runs, [photo.class_name for photo in photos])


require_frame()
page()
