"""Backbones: which pretrained networks can I use, and what is each of them?"""

import streamlit as st

from core.backbones import availability
from core.backbones.values import Backbone
from core.errors import GraftError
from core.text.units import plain
from core.web.backbones import adding, listing, panel, progress
from core.web.parts.choice import write_address
from core.web.parts.frame import require_frame
from core.web.parts.rights import allowed
from core.web.parts.widgets import explained, heading
from core.web.server.state import workbench
from core.workbench import Workbench


def page() -> None:
    bench = workbench()
    write_address()
    if adding.PARAMETER in st.query_params:
        adding.show(bench)
        return
    backbone = linked_backbone(bench)
    with explained():
        if backbone is not None:
            panel.show(bench, backbone, availability(backbone, bench.settings))
            return
        every_backbone(bench)


def every_backbone(bench: Workbench) -> None:
    everything = [(backbone, availability(backbone, bench.settings)) for backbone in bench.known_backbones()]
    heading("Backbones", listing.first_line(everything))
    add_button()
    progress.show(bench)
    listing.show(bench, everything)


def add_button() -> None:
    st.button("Add a backbone", icon=":material/add:", key="backbones.add", on_click=open_adding, **allowed())


def open_adding() -> None:
    st.query_params.from_dict({adding.PARAMETER: adding.HUB})


def linked_backbone(bench: Workbench) -> Backbone | None:
    """The backbone of ``?backbone=``; None, after showing an error, if there is none."""
    wanted = st.query_params.get("backbone")
    if not wanted:
        return None
    try:
        return bench.backbone(wanted)
    except GraftError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return None


require_frame()
page()
