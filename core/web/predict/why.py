"""Why a model predicts a class: heat maps of one photo, and the training photos that are most like it."""

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st
from streamlit.elements.lib.mutable_status_container import StatusContainer

from core.datasets.decoding.photos import StoredPhoto
from core.explaining.framing import hottest_place, overlay
from core.explaining.values import OCCLUSION, Explanation, MemberExplanation
from core.models.novelty import Novelty
from core.models.predict import PhotoPredictions, Prediction
from core.runs.values import Run
from core.text.units import brief, plain
from core.web.parts.thumbnails import photo_strip
from core.web.parts.widgets import explained
from core.web.predict.answers import chance
from core.workbench import Workbench

_ASKED = "predict.why.asked"
_FOUND = "predict.why.found"
ABREAST = 3
"""Heat maps of members in a row."""
KEPT = 12
"""Explanations that are kept for the session, so that moving a slider computes nothing."""


def why(bench: Workbench, photo: PhotoPredictions, predictions: Sequence[tuple[Run, Prediction]]) -> None:
    """Heat maps of ``photo`` for a class that is chosen here, once they are asked for, and its nearest training photos.

    Args:
        predictions: of the models that predicted a class.
    """
    if not predictions or photo.jpeg is None:
        return
    st.markdown("**Which part of the photo decided?**")
    with explained():
        _panel(bench, photo, photo.jpeg, predictions)


def _panel(
    bench: Workbench, photo: PhotoPredictions, jpeg: bytes, predictions: Sequence[tuple[Run, Prediction]]
) -> None:
    asked = (photo.name, len(jpeg))
    is_asked = st.session_state.get(_ASKED) == asked
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        run, prediction = _chosen_model(predictions)
        name = _chosen_class(bench, run, prediction)
        opacity, place = 0, st.empty()
        if is_asked:
            opacity = place.slider("Opacity", 0, 100, 60, 5, format="%d %%", key="predict.why.opacity")
        else:
            place.button(
                "Heat map", icon=":material/local_fire_department:", key="predict.why.show",
                on_click=_ask, args=(asked,),
                help="The first one loads TensorFlow in a process of its own, which takes some seconds.",
            )  # fmt: skip
    with st.container(key="why-maps"), explained():
        if is_asked:
            _show(_explanation(bench, run, photo, name), photo.name, opacity / 100)
    _nearest(bench, run, prediction.novelty)


def _ask(asked: tuple[str, int]) -> None:
    st.session_state[_ASKED] = asked


def _chosen_model(predictions: Sequence[tuple[Run, Prediction]]) -> tuple[Run, Prediction]:
    by_id = {run.id: (run, prediction) for run, prediction in predictions}
    if len(by_id) == 1:
        return predictions[0]
    chosen = st.selectbox(
        "Model", list(by_id), format_func=lambda run_id: brief(by_id[run_id][0].name), key="predict.why.model"
    )
    return by_id[chosen]


def _chosen_class(bench: Workbench, run: Run, prediction: Prediction) -> str:
    """By default the predicted one; the choice is kept for each model and prediction."""
    names = bench.registry.dataset(run.dataset_id).class_names
    predicted = prediction.classes[0].class_name
    return st.selectbox(
        "Class", names, index=names.index(predicted) if predicted in names else 0,
        key=f"predict.why.class.{run.id}.{predicted}",
    )  # fmt: skip


def _explanation(bench: Workbench, run: Run, photo: PhotoPredictions, class_name: str) -> Explanation:
    """Computed once for a photo, model and class; what the process does now is shown meanwhile."""
    assert photo.jpeg is not None
    key = (bench.registry.model(run.id).sha256, photo.jpeg, class_name)
    found: dict[tuple, Explanation] = st.session_state.setdefault(_FOUND, {})
    if key not in found:
        stored = StoredPhoto(jpeg=photo.jpeg, width=photo.width, height=photo.height)
        doing = st.empty()
        with doing.status("Waiting for the process of heat maps …") as status:
            found[key] = bench.explain(
                run.id, (photo.name, stored), class_name=class_name, stage=lambda text: _say(status, text)
            )
        doing.empty()
        while len(found) > KEPT:
            found.pop(next(iter(found)))
    return found[key]


def _say(status: StatusContainer, text: str) -> None:
    status.update(label=f"{text} …")


# --- the heat maps ---


def _show(found: Explanation, name: str, opacity: float) -> None:
    """A single heat map beside what is known of it; several side by side, each above it."""
    hidden = all(member.method == OCCLUSION for member in found.members)
    cold = "hiding it does not lower the probability" if hidden else "no more than the average place"
    st.caption(f"Yellow speaks most for **{plain(found.class_name)}**; no colour: {cold}.")
    (first, *others) = found.members
    if others:
        for start in range(0, len(found.members), ABREAST):
            row = found.members[start : start + ABREAST]
            for column, member in zip(st.columns(ABREAST, gap="medium"), row, strict=False):
                with column:
                    st.markdown(f"**{plain(brief(member.title))}**")
                    _pictures(found, member, name, opacity)
                    _notes(found, member)
        return
    *pictures, beside = st.columns([3] * max(1, len(first.maps)) + [2], gap="medium")
    for number, column in enumerate(pictures):
        with column:
            _pictures(found, replace(first, maps=first.maps[number : number + 1]), name, opacity)
    with beside:
        _notes(found, first)


def _pictures(found: Explanation, member: MemberExplanation, name: str, opacity: float) -> None:
    for heat in member.maps:
        place = hottest_place(heat)
        alt = f"Photo {name} with the heat map for {found.class_name}, hottest {place or 'nowhere'}"
        st.image(overlay(found.jpeg, heat, opacity, kind="JPEG"), width="stretch", alt=alt)
        caption = [text for text in (plain(heat.title), f"hottest: {place}" if place else "") if text]
        if caption:
            st.caption(" · ".join(caption))


def _notes(found: Explanation, member: MemberExplanation) -> None:
    if member.problem:
        st.info(plain(member.problem), icon=":material/info:")
        return
    for line in notes(found, member):
        st.caption(line)
    if member.test is not None and not member.test.holds:
        st.warning(
            "Hiding the hottest part does not lower the probability more than hiding other parts: do not trust this "
            "heat map.", icon=":material/warning:",
        )  # fmt: skip


def notes(found: Explanation, member: MemberExplanation) -> list[str]:
    """How the heat maps of a member were computed and tested, as markdown."""
    name = plain(found.class_name)
    lines = [f"Computed by hiding parts of the photo, because {plain(member.because)}."] if member.because else []
    if member.empty:
        lines.append(f"No part of the photo stands out for {name}.")
    if test := member.test:
        lines.append(
            f"Test: {name} has {chance(test.whole)}; with the hottest fifth hidden {chance(test.hottest)}, with "
            f"another fifth hidden {chance(test.elsewhere)}."
        )
    elif member.probability is not None:
        lines.append(f"{name} has {chance(member.probability)}.")
    return lines


# --- the nearest training photos ---


def _nearest(bench: Workbench, run: Run, novelty: Novelty | None) -> None:
    if novelty is None:
        return
    if not novelty.nearest:
        if novelty.problem:
            st.caption(f"Nearest training photos: {plain(novelty.problem)}")
        return
    st.markdown(
        "**Nearest training photos**", help="By the features that the model computes; distance 0 is equal, 2 opposite."
    )
    photo_strip(
        [bench.photo_path(run.dataset_id, one.digest) for one in novelty.nearest],
        [f"{plain(brief(one.class_name, 16))} · {one.distance:.2f}" for one in novelty.nearest],
        alt=[
            f"{one.file}, a training photo of {one.class_name}, distance {one.distance:.2f}" for one in novelty.nearest
        ],
        width=92,
    )
