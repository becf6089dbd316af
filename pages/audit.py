"""Audit log: who did what, and when?"""

from core.people.acting import Role, require
from core.text.units import count
from core.web.parts.frame import require_frame
from core.web.parts.times import told
from core.web.parts.widgets import explained, heading
from core.web.people import audit_panel
from core.web.server.state import workbench


def page() -> None:
    bench = workbench()
    newest = bench.registry.log_entries(1)
    if not newest:
        heading("Audit log", "Nothing was launched, deleted, exported or changed yet.")
        return
    first = newest[0]
    heading(
        "Audit log", f"{count(first.number, 'entry', 'entries')} that nobody can change, the newest {told(first.at)}."
    )
    audit_panel.show(bench)


require_frame()
with explained():
    require(Role.ADMIN, "This page")
    page()
