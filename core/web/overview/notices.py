"""Notices at the top of Overview: what an admin should act on before it matters."""

import streamlit as st

from core.backups.schedule import problem_of, state_of
from core.people.acting import Role, acting
from core.text.units import plain
from core.workbench import Workbench


def backup_notice(bench: Workbench) -> None:
    """Scheduled backups that fail or are too old, to admins."""
    state = state_of(bench.settings, bench.registry)
    problem = problem_of(bench.settings, state) if state is not None and acting().may(Role.ADMIN) else ""
    if problem:
        st.warning(f"**No new backup.** {plain(problem)}", icon=":material/backup:")
