"""Machines: where do runs train, and is there room?"""

import streamlit as st

from core.text.units import plain
from core.web.machines import panel
from core.web.parts.frame import require_frame
from core.web.parts.widgets import heading
from core.web.server.state import workbench

SECONDS = 5.0
"""Between two looks while the page is open."""


@st.fragment(run_every=SECONDS)
def page() -> None:
    bench = workbench()
    overview = bench.machines()
    heading("Machines", panel.first_line(overview))
    panel.show(bench, overview)
    supervisor = f"Supervisor: {overview.supervisor}." if overview.supervisor else panel.NO_SUPERVISOR
    st.caption(plain(supervisor))


require_frame()
page()
