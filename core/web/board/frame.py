"""The frame that shows TensorBoard inside a page."""

from collections.abc import Callable, Sequence
from pathlib import Path

import streamlit as st

from core.web.board.tensorboard import DASHBOARDS, board_path

_SCRIPT = Path(__file__).with_name("frame.js")
_FRAME = """<div style="overflow:hidden;border-radius:.5rem">
<iframe title="TensorBoard" style="border:0;display:block;transform-origin:0 0"></iframe></div>"""


def show_board(
    run_ids: Sequence[str],
    *,
    dashboard: str,
    version: int = 0,
    height: str = "max(36rem, 88vh)",
    key: str = "board",
    on_dashboard: Callable[[], None] = lambda: None,
) -> str | None:
    """TensorBoard on these runs, light or dark like the page, unless its own menu sets another theme.

    Args:
        dashboard: one of ``DASHBOARDS``; opened when it changes.
        version: the frame is reloaded when it changes.
        height: a CSS length.
        on_dashboard: called when another dashboard was opened inside TensorBoard.

    Returns:
        The dashboard opened last inside TensorBoard.
    """
    mount = st.components.v2.component("graft_board", html=_FRAME, js=_SCRIPT.read_text("utf-8"))
    data = {
        "path": board_path(run_ids),
        "dashboard": dashboard,
        "dashboards": list(DASHBOARDS),
        "version": version,
        "height": height,
    }
    return mount(data=data, key=key, on_dashboard_change=on_dashboard).get("dashboard")
