"""The frame that shows TensorBoard inside a page, polling from the first moment."""

from collections.abc import Sequence

import streamlit as st

from core.web.tensorboard import board_path

# TensorBoard polls only where its own setting says so, and has no address for that setting. On the same origin the page
# may write it, once: what people change later stays. A frame whose new address differs in its fragment only would not
# load, hence about:blank between.
_SCRIPT = """
export default function ({ parentElement, data }) {
  const key = '_tb_global_settings';
  let settings = {};
  try { settings = JSON.parse(localStorage.getItem(key)) || {}; } catch { /* somebody else's value */ }
  const wanted = { autoReload: true, timeSeriesSettingsPaneOpened: false, sideBarWidthInPercent: 28 };
  if (settings.autoReload === undefined) {
    localStorage.setItem(key, JSON.stringify({ ...wanted, ...settings }));
  }
  const frame = parentElement.querySelector('iframe');
  frame.style.height = data.height + 'px';
  const address = new URL(data.path, location.origin).href;
  if (frame.dataset.address !== address) {
    frame.dataset.address = address;
    frame.src = 'about:blank';
    setTimeout(() => { frame.src = address; }, 0);
  }
}
"""

_FRAME = '<iframe title="TensorBoard" style="width:100%;border:0;display:block;border-radius:.5rem"></iframe>'


def show_board(run_ids: Sequence[str], *, height: int = 860) -> None:
    """TensorBoard on these runs; ``height`` in CSS pixels."""
    mount = st.components.v2.component("graft_board", html=_FRAME, js=_SCRIPT)
    mount(data={"path": board_path(run_ids), "height": height}, key="board")
