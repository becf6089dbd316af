"""The frame around every page."""

import streamlit as st

from core.web.parts import frame as module


class Page:
    def __init__(self, steps: list[str]):
        self._steps = steps
        self.url_path = "runs"

    def run(self) -> None:
        self._steps.append("page")


def test_the_page_of_the_url_is_known_before_the_width_can_rerun_the_script(monkeypatch):
    """On a phone the width reruns the script at once; without the navigation that rerun opens the default page."""
    steps: list[str] = []
    monkeypatch.setattr(st, "navigation", lambda pages, **options: steps.append("navigation") or Page(steps))
    monkeypatch.setattr(module, "watch_device", lambda: steps.append("width"))
    module.frame()
    assert steps == ["navigation", "width", "page"]
