"""The frame that shows TensorBoard inside the page Board."""

from collections.abc import Callable, Sequence
from pathlib import Path

import streamlit as st

from core.web.board.tensorboard import DASHBOARDS, board_path

_SCRIPT = Path(__file__).with_name("frame.js")
_FRAME = """<div style="overflow:hidden;border-radius:.5rem;position:relative">
<p role="status" style="position:absolute;margin:0;padding:2rem;color:var(--st-text-color)">TensorBoard is loading …</p>
<iframe title="TensorBoard" style="border:0;display:block;transform-origin:0 0;visibility:hidden"></iframe></div>"""
_HEIGHT = "max(36rem, 88vh)"


def show_board(
    run_ids: Sequence[str], *, dashboard: str, version: int, key: str, on_dashboard: Callable[[], None]
) -> None:
    """TensorBoard on these runs, light or dark like the page, unless its own menu sets another theme.

    Until it has drawn itself, a line says that it is loading.

    Args:
        dashboard: one of ``DASHBOARDS``; opened when it changes.
        version: the frame is reloaded when it changes.
        on_dashboard: called when another dashboard was opened inside TensorBoard; its name is then in
            ``st.session_state[key]["dashboard"]``.
    """
    mount = st.components.v2.component("graft_board", html=_FRAME, js=_SCRIPT.read_text("utf-8"))
    data = {
        "path": board_path(run_ids),
        "dashboard": dashboard,
        "dashboards": list(DASHBOARDS),
        "version": version,
        "height": _HEIGHT,
    }
    mount(data=data, key=key, on_dashboard_change=on_dashboard)
