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
    wanted = st.query_params.get("backbone")
    with explained():
        backbone = linked_backbone(bench, wanted) if wanted else None
        if backbone is not None:
            panel.show(bench, backbone, availability(backbone, bench.settings))
            return
        every_backbone(bench, wanted)


def every_backbone(bench: Workbench, missing: str | None) -> None:
    """All of them; ``missing``: the one of the address, which is not among them."""
    everything = [(backbone, availability(backbone, bench.settings)) for backbone in bench.known_backbones()]
    heading("Backbones", listing.first_line(everything))
    if missing:
        said = f"There is no backbone or finished run '{missing}'; it may have been deleted. All there are stand below."
        st.error(plain(said), icon=":material/error:")
    add_button()
    progress.show(bench)
    listing.show(bench, everything)


def add_button() -> None:
    st.button("Add a backbone", icon=":material/add:", key="backbones.add", on_click=open_adding, **allowed())


def open_adding() -> None:
    st.query_params.from_dict({adding.PARAMETER: adding.HUB})


def linked_backbone(bench: Workbench, name: str) -> Backbone | None:
    """The backbone of the address; None if there is none."""
    try:
        return bench.backbone(name)
    except GraftError:
        return None


require_frame()
page()
