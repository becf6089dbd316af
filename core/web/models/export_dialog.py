"""The dialog *Take it home* of one model: its formats, how far each is, how it was checked, its download."""

from math import floor, log10

import streamlit as st

from core.errors import GraftError
from core.exports.formats import FORMATS, Format
from core.recipes.patterns import Cascade
from core.runs.values import Model, Run
from core.text.units import brief, percent, plain, size
from core.web.parts.polling import poll
from core.web.parts.rights import allowed
from core.web.parts.widgets import explained
from core.workbench import Workbench
from core.workbench.exports import ExportOffer

TITLE = "Take it home"

_OPEN = "models.export"


def open_button(model: Model, run: Run) -> None:
    """The button that opens the dialog of a model."""
    st.button(
        TITLE, key=f"model.export.{model.id}", icon=":material/download:", on_click=_open, args=(run.id,),
        help=f"Files of {plain(brief(run.name))} for Keras, LiteRT, ONNX, TensorFlow or another Graft.",
    )  # fmt: skip


def dialog(bench: Workbench) -> None:
    """The dialog of the model whose button was clicked, if any."""
    opened = st.session_state.get(_OPEN)
    if opened is None:
        return
    try:
        run, active = bench.registry.run(opened), any(one.state.is_active for one in bench.export_offers(opened))
    except GraftError:  # it was deleted meanwhile
        _close()
        return
    title = f"{TITLE}: {plain(brief(run.name))}"
    st.dialog(title, width="large", icon=":material/download:", on_dismiss=_close)(_content)(bench, run, active)


def _open(run_id: str) -> None:
    st.session_state[_OPEN] = run_id


def _close() -> None:
    st.session_state.pop(_OPEN, None)


def _content(bench: Workbench, run: Run, active: bool) -> None:
    st.caption(
        "Each file predicts your test photos with its own runtime before it is offered. With it come predict.py, "
        "requirements, a Dockerfile, a model card and checksums."
    )
    if run.recipe.cascade is Cascade.CONFIDENCE:
        st.caption("Outside Graft both models are computed for every photo; the probabilities are the same.")
    poll(_formats, active, bench, run.id, active, seconds=1.0)


def _formats(bench: Workbench, run_id: str, was_active: bool) -> None:
    with explained():
        offers = bench.export_offers(run_id)
        for offer in offers:
            _row(bench, run_id, offer)
        if was_active != any(offer.state.is_active for offer in offers):
            st.rerun(scope="app")  # polling begins or stops


def _row(bench: Workbench, run_id: str, offer: ExportOffer) -> None:
    row = FORMATS[offer.format]
    with st.container(border=True, key=f"export-row-{offer.format}"):
        words, action = st.columns([4, 2], vertical_alignment="center")
        with words:
            title = f":gray[**{row.title}**]" if offer.impossible else f"**{row.title}**"
            st.markdown(f"{title}  \n{plain(offer.impossible) or row.use}")
            if said := told(offer):
                st.caption(said)
        with action, st.container(horizontal=True, horizontal_alignment="right"):
            _action(bench, run_id, offer)


def told(offer: ExportOffer) -> str:
    """How far an export is, or how it was checked, as a sentence of Markdown."""
    state = offer.state
    if offer.impossible:
        return ""
    if state.is_active:
        return f":blue[:material/autorenew: {plain(state.stage or 'Starting')} …]"
    if state.state == "outdated":
        return ":orange[:material/update: The model was calibrated since. Prepare it again.]"
    if state.state in ("refused", "failed"):
        return f":orange[:material/warning: {plain(state.message)}]"
    if state.state != "ready" or state.record is None:
        return ""
    check = state.record.check
    if check is None:
        return f":green[:material/check_circle:] {size(state.record.bytes)}, with the SHA-256 of every file."
    return (
        f":green[:material/check_circle:] {size(state.record.bytes)}. On {check.photos} of {check.of} test photos the "
        f"largest difference of a probability is {decimals(check.difference)}; the same class on "
        f"{'all' if check.agreement == 1 else percent(check.agreement)}."
    )


def decimals(difference: float) -> str:
    """A small number with two digits and no exponent: ``0.0000043``."""
    if difference == 0:
        return "0"
    return f"{difference:.{max(2, 1 - floor(log10(difference)))}f}"


def _action(bench: Workbench, run_id: str, offer: ExportOffer) -> None:
    format, state = offer.format, offer.state.state
    key, title = f"export.{format}", FORMATS[format].title
    if offer.impossible or state == "refused":
        st.button("Not offered", key=key, disabled=True, help=plain(offer.impossible or offer.state.message))
    elif offer.state.is_active:
        st.button(
            "Cancel", key=f"{key}.cancel", type="tertiary", on_click=_cancel, args=(bench, run_id, format),
            help=f"Stop the export to {title} before its next step.",
        )  # fmt: skip
    elif state == "ready":
        st.download_button(
            "Download", lambda: _zip_of(bench, run_id, format), f"{run_id}-{format}.zip", "application/zip",
            key=f"{key}.download", icon=":material/download:", on_click="ignore", help=f"{title}, as a ZIP.",
        )  # fmt: skip
    else:
        word = "Prepare" if state == "none" else "Prepare again"
        help_ = f"Export to {title}: about half a minute, in the background."
        if st.button(word, key=f"{key}.prepare", **allowed(help=help_)):
            bench.export(run_id, format)
            st.rerun(scope="app")


def _zip_of(bench: Workbench, run_id: str, format: Format) -> bytes:
    """Streamlit keeps the content of a download in memory."""
    with bench.export_download(run_id, format)[1] as file:
        return file.read()


def _cancel(bench: Workbench, run_id: str, format: Format) -> None:
    bench.cancel_export(run_id, format)
