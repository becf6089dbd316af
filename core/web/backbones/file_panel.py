"""A person's own network: uploaded, inspected, tried on check photos, and added."""

import re
from pathlib import Path
from typing import Any

import streamlit as st

from core.backbones.added import check_name
from core.backbones.additions import AdditionRequest
from core.backbones.scalings import title_of
from core.errors import GraftError, InvalidInput
from core.features.own_network import OwnNetwork, inspect_own_file
from core.features.scaling_check import Compared
from core.text.units import amount, count, magnitude, plain, size
from core.web.backbones import scaling_form
from core.web.parts.upload_box import Uploaded, drop_upload, release_upload, upload_any_size
from core.web.parts.widgets import explained
from core.workbench import Workbench

UPLOAD = "backbone.file"
SUFFIXES = (".keras", ".onnx", ".zip")
_FOUND = "backbone.file.found"
ALLOWED = (
    "A **.keras** file with layers of Keras itself is trained like any other backbone. An **.onnx** file is used "
    "frozen. A ZIP may hold one of them with the JSON files that say how pixels are scaled "
    "(preprocessor_config.json, config.json)."
)


def show(bench: Workbench) -> None:
    st.caption(ALLOWED)
    sent = upload_any_size(UPLOAD, "A network as .keras, .onnx or .zip", suffixes=SUFFIXES)
    if sent is None:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            f":green[:material/check_circle:] **{plain(sent.name)}** is uploaded, {size(sent.size_bytes)}.",
            width="content",
        )
        st.button("Discard", key="backbone.file.drop", type="tertiary", on_click=_drop)
    with explained():
        network = _inspected(sent)
        st.markdown("\n".join(f"- {line}" for line in described(network)))
        for note in network.notes:
            st.caption(plain(note))
        _form(bench, sent, network)


def _drop() -> None:
    st.session_state.pop(_FOUND, None)
    drop_upload(UPLOAD)


def _inspected(sent: Uploaded) -> OwnNetwork:
    """What the file is, found out once per upload.

    Raises:
        GraftError: it cannot be added.
    """
    known = st.session_state.get(_FOUND)
    if known is None or known[0] != sent.path:
        with st.spinner("Reading the network and trying it on check photos …"):
            try:
                found: OwnNetwork | GraftError = inspect_own_file(sent.path, file_name=sent.name)
            except GraftError as error:
                found = error
        st.session_state[_FOUND] = known = (sent.path, found)
    if isinstance(known[1], GraftError):
        raise known[1]
    network: OwnNetwork = known[1]
    return network


def described(network: OwnNetwork) -> list[str]:
    """Lines of Markdown on what a network is."""
    kind = "ONNX network, used frozen" if network.kind == "onnx_file" else "Keras network, which can be trained"
    sizes = "also takes other sizes" if network.any_size else "takes this size only"
    classes = f"{count(network.classes, 'class', 'classes')}, left out" if network.classes else "no classifier"
    if network.imagenet:
        classes = "the 1,000 classes of ImageNet"
    scaling = network.scaling
    pixels = f"{plain(title_of(scaling.scaling))}, as {plain(scaling.source)} says" if scaling else "not in the file"
    return [
        f"{kind}: {magnitude(network.parameters)} parameters, {magnitude(network.multiply_adds)} multiply-adds, "
        f"{count(len(network.blocks), 'block')}, {amount(network.feature_size)} features",
        f"Input: {network.size} px; it {sizes}",
        f"Classifier: {classes}",
        f"Scaling of the pixels: {pixels}",
    ]


def _form(bench: Workbench, sent: Uploaded, network: OwnNetwork) -> None:
    stem = Path(sent.name).stem
    with st.form("backbone.file.form", border=True):
        answers: dict[str, Any] = {"file_name": sent.name}
        if network.scaling is None:
            answers |= scaling_form.choose("backbone.file", {one.scaling: tried(one) for one in network.compared})
        else:
            for one in network.compared:
                st.caption(f"Check photos: {tried(one)}.")
        with st.container(key="fields-add"):
            name = st.text_input(
                "Name", bench.free_name(name_of(sent.name)), max_chars=80, key="backbone.file.name",
                help="Its id in recipes, addresses and on the command line.",
            )  # fmt: skip
            title = st.text_input("Title", stem[:80], max_chars=80, key="backbone.file.title", help="For display.")
            licence = st.text_input("Licence (optional)", max_chars=80, key="backbone.file.licence")
            trained = st.text_input("Trained on (optional)", max_chars=200, key="backbone.file.trained")
        added = st.form_submit_button("Add", icon=":material/add:", type="primary", key="backbone.file.add")
    if added:
        with explained():
            network.chosen_scaling(answers)  # refuses a missing scaling before anything is spent
            answers |= {key: value.strip() for key, value in (("licence", licence), ("trained_on", trained)) if value}
            bench.start_addition(
                AdditionRequest(
                    kind=network.kind, name=name.strip(), source=str(sent.path), title=title.strip(), answers=answers,
                    own_source=True,
                )
            )  # fmt: skip
            st.session_state.pop(_FOUND, None)
            release_upload(UPLOAD)
            st.toast("The addition has started; it is shown at the top of this page.", icon=":material/upload:")
            st.rerun()


def tried(one: Compared) -> str:
    """What check photos say of a scaling."""
    if not one.finite:
        return "features are not finite"
    if not one.usable or one.agreement is None:
        return "all photos have the same features"
    near = round(one.agreement * one.photos)
    return f"{near} of {count(one.photos, 'check photo')} most similar to one of their class"


def name_of(file_name: str) -> str:
    """A name that the backbone of a file can have."""
    name = re.sub(r"[^a-z0-9_.-]+", "-", Path(file_name).stem.lower()).strip("-._")[:80]
    try:
        check_name(name)
    except InvalidInput:
        return "own-network"
    return name
