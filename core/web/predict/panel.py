"""Photos as rows, models as columns: predicted classes, probabilities, time."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence

import streamlit as st

from core.datasets.decoding.kinds import SUFFIXES
from core.datasets.decoding.photos import StoredPhoto
from core.datasets.values import Dataset
from core.models.predict import NamedPhoto, PhotoPredictions, Prediction
from core.recipes.labels import without_shared
from core.runs.values import Run
from core.text.units import brief, count, listed, milliseconds, percent, plain
from core.web.parts.labels import dataset_title
from core.web.parts.thumbnails import photo_strip
from core.web.parts.widgets import explained, run_chip
from core.workbench import Workbench

MOST_PHOTOS = 50

Photos = list[NamedPhoto]


PER_PAGE = 24
"""Unlabelled photos that are offered at once."""

_DROP, _CAMERA, _UNLABELLED = "Drop photos", "Camera", "Unlabelled photos"


def photos(bench: Workbench) -> Photos:
    """The dropped photos, then the photo of the camera, then those chosen of a dataset's unlabelled ones."""
    datasets = [dataset for dataset in bench.registry.datasets() if dataset.unlabelled]
    names = [_DROP, _CAMERA, *([_UNLABELLED] if datasets else [])]
    linked = datasets and st.query_params.get("unlabelled")
    drop, camera, *unlabelled = st.tabs(names, default=_UNLABELLED if linked else _DROP)
    with drop:
        files = st.file_uploader(
            "Photos", type=SUFFIXES, accept_multiple_files=True, key="predict.files", max_upload_size=50,
            help=f"At most {MOST_PHOTOS} at once. They stay on this machine and are not kept.",
        )  # fmt: skip
    with camera:
        # The browser asks for permission only after the toggle is switched on.
        shot = (
            st.camera_input("Take a photo", key="predict.shot")
            if st.toggle("Use the camera", key="predict.camera")
            else None
        )
    given: Photos = [(file.name, file.getvalue()) for file in files]
    if shot is not None:
        given.append(("camera.jpg", shot.getvalue()))
    for tab in unlabelled:
        with tab:
            given += _unlabelled_photos(bench, datasets)
    if len(given) > MOST_PHOTOS:
        st.warning(f"{count(len(given), 'photo')} are too many at once; the first {MOST_PHOTOS} are used.")
    return given[:MOST_PHOTOS]


def _unlabelled_photos(bench: Workbench, datasets: Sequence[Dataset]) -> Photos:
    """Photos without a class, chosen by the user on one page of those of a dataset."""
    by_id = {dataset.id: dataset for dataset in datasets}
    linked = st.query_params.get("unlabelled")
    dataset_box, page_box = st.columns([6, 1], vertical_alignment="bottom")
    chosen = dataset_box.selectbox(
        "Dataset",
        list(by_id),
        index=list(by_id).index(linked) if linked in by_id else 0,
        format_func=lambda id_: f"{dataset_title(by_id[id_])} ({count(by_id[id_].unlabelled, 'unlabelled photo')})",
        key="predict.unlabelled.dataset",
    )
    pages = -(-by_id[chosen].unlabelled // PER_PAGE)
    key = f"predict.unlabelled.page.{chosen}"
    page = page_box.number_input(f"Page of {pages}", 1, pages, key=key) if pages > 1 else 1
    shown = bench.registry.unlabelled_photos(chosen, limit=PER_PAGE, offset=(page - 1) * PER_PAGE)
    paths = {photo.file: bench.unlabelled_path(chosen, photo.digest) for photo in shown}
    names = st.multiselect(
        "Photos to predict", list(paths), key=f"predict.unlabelled.{chosen}.{page}", placeholder="Choose photos, or all"
    )
    captions = [plain(brief(file.rpartition("/")[2], 13)) for file in paths]
    photo_strip(list(paths.values()), captions, alt=list(paths), width=112)
    by_file = {photo.file: photo for photo in shown}
    with explained():
        return [(name, bench.unlabelled_photo(chosen, by_file[name])) for name in names]
    return []


def predictions(bench: Workbench, run_ids: Sequence[str], photos: Photos) -> list[PhotoPredictions]:
    """Predictions, computed once per photos, models and temperatures, not at every rerun of the script."""
    models = tuple((run_id, str(bench.registry.model(run_id).card.get("calibration"))) for run_id in run_ids)
    asked = (models, tuple((name, _digest(photo)) for name, photo in photos))
    before, found = st.session_state.get("predict.last", (None, []))
    if asked != before:
        with st.spinner("Predicting …"):
            found = bench.predict(run_ids, photos)
        st.session_state["predict.last"] = (asked, found)
    return list(found)


def _digest(photo: bytes | StoredPhoto) -> str:
    kind, data = ("stored", photo.jpeg) if isinstance(photo, StoredPhoto) else ("given", photo)
    return f"{kind} {hashlib.sha256(data).hexdigest()}"


def summary(found: Sequence[PhotoPredictions]) -> str:
    """The first line: the predicted class, or how far models and photos agree."""
    seen = [photo for photo in found if not photo.problem]
    refused = f"; {count(len(found) - len(seen), 'file')} could not be read" if len(seen) < len(found) else ""
    if not seen:
        return f"None of the {count(len(found), 'file')} could be read as a photo."
    if len(seen) == 1:
        classes = sorted({a.classes[0].class_name for a in seen[0].predictions if a.classes})
        if len(classes) == 1:
            return f"Predicted: {plain(classes[0])}{refused}."
        if not classes:
            return "No model made a prediction."
        return f"The models disagree: {plain(' or '.join(classes))}{refused}."
    agreed = sum(len({a.classes[0].class_name for a in photo.predictions if a.classes}) == 1 for photo in seen)
    if len(seen[0].predictions) == 1:
        return f"{count(len(seen), 'photo')}: {_class_counts(seen)}{refused}."
    return f"The models agree on {agreed} of {count(len(seen), 'photo')}{refused}."


def _class_counts(seen: Sequence[PhotoPredictions]) -> str:
    """Predicted classes of one model, the most frequent first: ``3 × animal and 1 × fish``."""
    classes = Counter(a.classes[0].class_name for photo in seen for a in photo.predictions if a.classes)
    return plain(listed([f"{number} × {name}" for name, number in classes.most_common()])) or "no prediction"


def show(found: Sequence[PhotoPredictions], runs: Mapping[str, Run]) -> None:
    """One row per photo with a column per model."""
    shared = without_shared({run_id: run.name for run_id, run in runs.items()})
    names = {run_id: brief(name, 48) for run_id, name in shared.items()}
    for position, photo in enumerate(found):
        with st.container(border=True, key=f"photo-{position}"):
            if photo.jpeg is None:
                st.error(f"**{plain(photo.name)}**: {plain(photo.problem)}", icon=":material/hide_image:")
                continue
            picture, *columns = st.columns([2, *(3 for _ in photo.predictions)], gap="medium")
            with picture:
                st.image(photo.jpeg, width="stretch", alt=f"Photo {photo.name}")
                st.caption(f"{plain(photo.name)} · {photo.width} × {photo.height}")
            for column, prediction in zip(columns, photo.predictions, strict=True):
                with column:
                    _prediction(prediction, runs, names)


def _prediction(prediction: Prediction, runs: Mapping[str, Run], names: Mapping[str, str]) -> None:
    if prediction.run_id in runs:
        run_chip(runs[prediction.run_id], names[prediction.run_id])
    if prediction.problem:
        st.warning(plain(prediction.problem), icon=":material/warning:")
        return
    for one in prediction.classes:
        label = f"{plain(one.class_name)} · {_chance(one.probability)}"
        st.progress(min(1.0, max(0.0, one.probability)), text=label)
    took = milliseconds(prediction.milliseconds)
    if prediction.passed_on is not None:
        took += (
            " · the cheap model was unsure and passed it on" if prediction.passed_on else " · the cheap model was sure"
        )
    if prediction.calibrated:
        took += " · calibrated"
    if prediction.unsure:
        st.caption(
            f":orange-badge[:material/help: unsure] The best class has under {percent(prediction.unsure_below)}; "
            f"the photo may show none of the classes · {took}"
        )
    else:
        st.caption(took)


def _chance(probability: float) -> str:
    return "under 0.1 %" if probability < 0.0005 else percent(probability)
