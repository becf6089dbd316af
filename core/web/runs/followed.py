"""Which runs the page follows: those of ``?runs=a,b`` (a launch), else all that run or wait."""

from collections.abc import Sequence

import streamlit as st

from core.errors import GraftError
from core.runs.values import Run
from core.web.parts.choice import listed_ids
from core.web.parts.frame import just_entered
from core.workbench import Workbench

_FOLLOWED = "runs.followed"
MOST = 200
"""Runs that are followed without ``?runs=``; of more the first ones."""


def followed_ids(bench: Workbench, active: Sequence[Run]) -> list[str]:
    """The ids of the runs to follow, without those of the URL that are not there.

    Args:
        active: running and waiting runs. Without ``?runs=`` they are followed until the visitor leaves the page, also
            after they have ended.
    """
    linked = listed_ids("runs")
    if linked:
        return _existing(bench, linked)
    kept = [] if just_entered() else st.session_state.get(_FOLLOWED, [])
    ids = list(dict.fromkeys([*kept, *(run.id for run in active)]))[:MOST]
    st.session_state[_FOLLOWED] = ids
    return ids


def is_launch() -> bool:
    """Whether the page was opened for the runs of one launch."""
    return bool(listed_ids("runs"))


def _existing(bench: Workbench, linked: Sequence[str]) -> list[str]:
    found = []
    for run_id in linked:
        try:
            found.append(bench.registry.run(run_id).id)
        except GraftError:
            continue
    return list(dict.fromkeys(found))
