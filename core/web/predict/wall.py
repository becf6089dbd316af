"""The wall of photos: each with its answer in large letters; a click opens the probabilities of all models.

What ``columns`` shows of a photo too is here: its answers, and whether they are right.
"""

import html
import re
from collections.abc import Sequence

import streamlit as st

from core.charts.styles import run_colour
from core.models.predict import PhotoPredictions
from core.text.units import brief, count, plain
from core.web.parts.widgets import run_chip
from core.web.predict.answers import Answer, answers, chance
from core.web.predict.details import Runs, open_button
from core.web.predict.doubt import badges


def show(found: Sequence[PhotoPredictions], runs: Runs, labels: Sequence[str | None]) -> None:
    """One card per photo.

    Args:
        labels: the class that each photo is known to have; None where it is not known.
    """
    with st.grid(min_column_width=160, key="wall"):
        for position, (photo, label) in enumerate(zip(found, labels, strict=True)):
            _card(position, photo, runs, label)


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
            no_photo(photo)
            return
        st.image(photo.jpeg, width="stretch", alt=f"Photo {photo.name}")
        answer_block(photo, runs)
        file_block(position, photo, label)


def no_photo(photo: PhotoPredictions) -> None:
    st.error(f"**{plain(photo.name)}**: {plain(photo.problem)}", icon=":material/hide_image:")


def file_block(position: int, photo: PhotoPredictions, label: str | None) -> None:
    """The name of a photo, whether the answer is right, and the button of its details."""
    st.html(f'<p class="file">{file_name(brief(photo.name, 30))}</p>')
    if label is not None:
        st.caption(_against(label, answers(photo)))
    open_button(position, photo.name)


def file_name(name: str) -> str:
    """HTML of a name that may be continued on the next line after ``_``, ``-``, ``/`` and before an ending, not inside
    of a word; what is copied is the name."""
    return re.sub(r"(?<=[_/-])|(?=\.\w+$)|(?<=[a-z])(?=[A-Z])", "<wbr>", html.escape(name, quote=False))


def answer_block(photo: PhotoPredictions, runs: Runs) -> None:
    """The answers to a photo, that of most models in large letters; each with its models as dots in their colours."""
    said = answers(photo)
    if not said:
        st.warning("No model made a prediction.", icon=":material/warning:")
        return
    st.html("".join(_line(one, runs, len(photo.predictions)) for one in said))
    if found := badges(photo.predictions):
        st.markdown(" ".join(found))


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
