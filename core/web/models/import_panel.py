"""Adding a model that another Graft exported as a bundle."""

import streamlit as st

from core.text.units import percent, plain, size
from core.web.parts.rights import refusal
from core.web.parts.upload_box import drop_upload, upload_any_size
from core.web.parts.widgets import explained, page_link
from core.workbench import Workbench

UPLOAD = "models.bundle"


def show(bench: Workbench) -> None:
    """A place to drop a bundle, and a button that imports it."""
    with st.expander("Import a model from another Graft", icon=":material/upload:", key="models.import"):
        st.caption("Made by Take it home → Bundle. Every file is verified; photos are not in it.")
        if refusal():
            st.caption(refusal())
            return
        sent = upload_any_size(UPLOAD, "A bundle.zip", suffixes=(".zip",))
        if sent is None:
            return
        st.markdown(f":green[:material/check_circle:] **{plain(sent.name)}** is uploaded, {size(sent.size_bytes)}.")
        with st.container(horizontal=True):
            go = st.button("Import model", type="primary", key="models.bundle.import")
            st.button("Discard", key="models.bundle.drop", on_click=drop_upload, args=(UPLOAD,))
        if go:
            with explained(), st.spinner("Verifying and importing …"):
                run = bench.import_model(sent.path)
                accuracy = percent(run.test_accuracy)
                st.success(f"{plain(run.name)} was imported: test accuracy {accuracy}.", icon=":material/check_circle:")
                page_link("models", "Show it", dataset=run.dataset_id)
                drop_upload(UPLOAD)
