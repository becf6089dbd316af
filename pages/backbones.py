"""Backbones: which pretrained networks can I use, and what is each of them?"""

import streamlit as st

from core.backbones import availability
from core.web.backbones import adding, listing, panel, progress
from core.web.parts import not_there
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
    wanted = st.query_params.get("backbone")
    if wanted and (sentences := not_there.missing(bench, "backbone")):
        not_there.show("Backbones", sentences, "backbones", "All backbones")
        return
    with explained():
        if wanted:
            backbone = bench.backbone(wanted)
            panel.show(bench, backbone, availability(backbone, bench.settings))
        else:
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


require_frame()
page()
