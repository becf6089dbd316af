"""People: who may sign in, and what may they do?"""

import streamlit as st

from core.people.acting import Role, require
from core.text.units import count
from core.web.parts.frame import require_frame
from core.web.parts.widgets import empty_state, explained, heading
from core.web.people import accounts_panel
from core.web.server.state import workbench
from core.web.server.visits import login_required


def page() -> None:
    bench = workbench()
    users = bench.registry.users()
    if not login_required():
        heading("People", f"Nobody signs in here: only this machine can connect. {count(len(users), 'account')}.")
        empty_state(
            "No login",
            "People have to sign in where other machines can reach the server. Behind a proxy on this machine, set "
            "GRAFT_LOGIN=required.",
            icon=":material/lock_open:",
        )
        return
    first_line = st.container()
    accounts_panel.show(bench)
    users = bench.registry.users()  # with the one that was just added
    able = sum(user.can_sign_in for user in users)
    with first_line:
        heading("People", f"{count(len(users), 'account')}; {able} of them can sign in.")


require_frame()
with explained():
    require(Role.ADMIN, "This page")
    page()
