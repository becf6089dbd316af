"""Photos as rows, models as columns: what each says, how sure it is, how long it took."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence

import streamlit as st

from core.comparison import without_shared
from core.models.predict import Answer, PhotoPredictions
from core.runs.values import Run
from core.text.units import brief, count, listed, milliseconds, percent, plain
from core.web.parts.widgets import run_chip
from core.workbench import Workbench

FORMATS = ("jpg", "jpeg", "png", "webp", "bmp", "gif", "tif", "tiff")
MOST_PHOTOS = 50

Photos = list[tuple[str, bytes]]


def photos() -> Photos:
    """What was dropped and what the camera took, in this order."""
    drop, camera = st.tabs(["Drop photos", "Camera"])
    with drop:
        files = st.file_uploader(
            "Photos", type=FORMATS, accept_multiple_files=True, key="predict.files", max_upload_size=50,
            help=f"At most {MOST_PHOTOS} at once. They stay on this machine and are not kept.",
        )  # fmt: skip
    with camera:
        # The camera only asks for permission once it is wanted.
        shot = (
            st.camera_input("Take a photo", key="predict.shot")
            if st.toggle("Use the camera", key="predict.camera")
            else None
        )
    given = [(file.name, file.getvalue()) for file in files]
    if shot is not None:
        given.append(("camera.jpg", shot.getvalue()))
    if len(given) > MOST_PHOTOS:
        st.warning(f"{count(len(given), 'photo')} are too many at once; the first {MOST_PHOTOS} are looked at.")
    return given[:MOST_PHOTOS]


def predictions(bench: Workbench, run_ids: Sequence[str], photos: Photos) -> list[PhotoPredictions]:
    """Asked once for the same photos and models (a temperature set since makes another one), however often redrawn."""
    models = tuple((run_id, str(bench.registry.model(run_id).card.get("calibration"))) for run_id in run_ids)
    asked = (models, tuple((name, hashlib.sha256(data).hexdigest()) for name, data in photos))
    before, found = st.session_state.get("predict.last", (None, []))
    if asked != before:
        with st.spinner("Looking at the photos …"):
            found = bench.predict(run_ids, photos)
        st.session_state["predict.last"] = (asked, found)
    return found


def answer(found: Sequence[PhotoPredictions]) -> str:
    """The first line once there is something to say."""
    seen = [photo for photo in found if not photo.problem]
    refused = f"; {count(len(found) - len(seen), 'file')} could not be read" if len(seen) < len(found) else ""
    if not seen:
        return f"None of the {count(len(found), 'file')} could be read as a photo."
    if len(seen) == 1:
        said = sorted({a.predictions[0].class_name for a in seen[0].answers if a.predictions})
        if len(said) == 1:
            return f"It looks like {plain(said[0])}{refused}."
        return f"The models disagree: {plain(' or '.join(said))}{refused}." if said else "No model could answer."
    agreed = sum(len({a.predictions[0].class_name for a in photo.answers if a.predictions}) == 1 for photo in seen)
    if len(seen[0].answers) == 1:
        return f"{count(len(seen), 'photo')}: {_said_how_often(seen)}{refused}."
    return f"The models agree on {agreed} of {count(len(seen), 'photo')}{refused}."


def _said_how_often(seen: Sequence[PhotoPredictions]) -> str:
    """The answers of one model, the most frequent first: ``animal 3 times and fish once``."""
    said = Counter(a.predictions[0].class_name for photo in seen for a in photo.answers if a.predictions)
    often = {1: "once", 2: "twice"}
    return plain(listed([f"{name} {often.get(n, f'{n} times')}" for name, n in said.most_common()])) or "no answer"


def show(found: Sequence[PhotoPredictions], runs: Mapping[str, Run]) -> None:
    """One row a photo, its own columns of answers beside it."""
    shared = without_shared({run_id: run.name for run_id, run in runs.items()})
    names = {run_id: brief(name, 48) for run_id, name in shared.items()}
    for place, photo in enumerate(found):
        with st.container(border=True, key=f"photo-{place}"):
            if photo.jpeg is None:
                st.error(f"**{plain(photo.name)}**: {plain(photo.problem)}", icon=":material/hide_image:")
                continue
            picture, *columns = st.columns([2, *(3 for _ in photo.answers)], gap="medium")
            with picture:
                st.image(photo.jpeg, width="stretch", alt=f"Photo {photo.name}")
                st.caption(f"{plain(photo.name)} · {photo.width} × {photo.height}")
            for column, said in zip(columns, photo.answers, strict=True):
                with column:
                    _answer(said, runs, names)


def _answer(said: Answer, runs: Mapping[str, Run], names: Mapping[str, str]) -> None:
    if said.run_id in runs:
        run_chip(runs[said.run_id], names[said.run_id])
    if said.problem:
        st.warning(plain(said.problem), icon=":material/warning:")
        return
    for prediction in said.predictions:
        label = f"{plain(prediction.class_name)} · {_chance(prediction.probability)}"
        st.progress(min(1.0, max(0.0, prediction.probability)), text=label)
    took = milliseconds(said.milliseconds)
    if said.passed_on is not None:
        took += " · the cheap model was unsure and passed it on" if said.passed_on else " · the cheap model was sure"
    if said.calibrated:
        took += " · calibrated"
    if said.unsure:
        st.caption(
            f":orange-badge[:material/help: unsure] The best class has under {percent(said.unsure_below)}; "
            f"the photo may show none of the classes · {took}"
        )
    else:
        st.caption(took)


def _chance(probability: float) -> str:
    return "under 0.1 %" if probability < 0.0005 else percent(probability)
