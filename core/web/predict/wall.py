"""The wall of photos: each with its answer in large letters; a click opens the probabilities of all models."""

import html
from collections.abc import Mapping, Sequence

import streamlit as st

from core.charts.styles import run_colour
from core.models.predict import PhotoPredictions, Prediction
from core.runs.values import Run
from core.text.units import brief, count, milliseconds, percent, plain
from core.web.parts.widgets import run_chip
from core.web.predict.answers import Answer, answers, chance

_OPEN = "predict.open"

Runs = Mapping[str, Run]
"""The models by the id of their run."""


def show(found: Sequence[PhotoPredictions], runs: Runs, labels: Sequence[str | None]) -> None:
    """One card per photo, and the dialog of the one that was clicked.

    Args:
        labels: the class that each photo is known to have; None where it is not known.
    """
    with st.grid(min_column_width=160, key="wall"):
        for position, (photo, label) in enumerate(zip(found, labels, strict=True)):
            _card(position, photo, runs, label)
    opened = st.session_state.get(_OPEN)
    if opened is not None and opened < len(found) and found[opened].jpeg is not None:
        title = plain(brief(found[opened].name, 60))
        st.dialog(title, width="large", on_dismiss=_close)(_details)(found[opened], runs, labels[opened])


def legend(runs: Runs) -> None:
    """The colours of the models; nothing for a single one."""
    if len(runs) < 2:
        return
    with st.container(horizontal=True, gap="medium", key="wall-legend"):
        for run in runs.values():
            with st.container(width="content"):
                run_chip(run)


def _card(position: int, photo: PhotoPredictions, runs: Runs, label: str | None) -> None:
    with st.container(border=True, gap="xsmall", key=f"photo-{position}"):
        if photo.jpeg is None:
            st.error(f"**{plain(photo.name)}**: {plain(photo.problem)}", icon=":material/hide_image:")
            return
        st.image(photo.jpeg, width="stretch", alt=f"Photo {photo.name}")
        answer_block(photo, runs)
        st.caption(plain(brief(photo.name, 30)))
        if label is not None:
            st.caption(_against(label, answers(photo)))
        st.button(
            "Probabilities", key=f"open.{position}", type="tertiary", icon=":material/bar_chart:",
            help=f"All classes and models for {plain(brief(photo.name, 60))}", on_click=_open, args=(position,),
        )  # fmt: skip


def answer_block(photo: PhotoPredictions, runs: Runs) -> None:
    """The answers to a photo, that of most models in large letters; each with its models as dots in their colours."""
    said = answers(photo)
    if not said:
        st.warning("No model made a prediction.", icon=":material/warning:")
        return
    st.html("".join(_line(one, runs, len(photo.predictions)) for one in said))
    if any(one.unsure for one in photo.predictions):
        st.markdown(":orange-badge[:material/help: unsure]")


def _line(answer: Answer, runs: Runs, models: int) -> str:
    colours = [run_colour(runs[run_id]) for run_id in answer.run_ids if run_id in runs]
    dots = "".join(f'<span class="dot" style="background:{colour}"></span>' for colour in colours)
    share = "" if models == 1 else f"<span>{len(answer.run_ids)} of {count(models, 'model')}</span>"
    return (
        f'<p class="answer"><strong>{html.escape(answer.class_name)}</strong>'
        f'<span>{chance(answer.probability)}</span><span class="dots">{dots}</span>{share}</p>'
    )


def _against(label: str, said: Sequence[Answer]) -> str:
    """Whether the answer of most models is the class that the photo is known to have."""
    if said and said[0].class_name == label:
        return ":green[:material/check:] correct"
    return f":orange[:material/close:] labelled {plain(label)}"


def _open(position: int) -> None:
    st.session_state[_OPEN] = position


def _close() -> None:
    st.session_state.pop(_OPEN, None)


def _details(photo: PhotoPredictions, runs: Runs, label: str | None) -> None:
    """The photo beside the five most probable classes of every model."""
    picture, bars = st.columns([2, 3], gap="medium")
    with picture:
        st.image(photo.jpeg or b"", width="stretch", alt=f"Photo {photo.name}")
        known = "" if label is None else f" · labelled **{plain(label)}**"
        st.caption(f"{photo.width} × {photo.height} pixels{known}")
    with bars:
        for prediction in photo.predictions:
            _prediction(prediction, runs)


def _prediction(prediction: Prediction, runs: Runs) -> None:
    if prediction.run_id in runs:
        run_chip(runs[prediction.run_id])
    if prediction.problem:
        st.warning(plain(prediction.problem), icon=":material/warning:")
        return
    for one in prediction.classes:
        label = f"{plain(one.class_name)} · {_exact(one.probability)}"
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


def _exact(probability: float) -> str:
    return "under 0.1 %" if probability < 0.0005 else percent(probability)
