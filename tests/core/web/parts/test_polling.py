"""Many open pages that show progress redraw less often than a few, so that what trains keeps its processors."""

from types import SimpleNamespace

import pytest

from core.web.parts import polling
from core.web.parts.polling import Watchers, poll


@pytest.fixture
def visited(monkeypatch):
    """Opens a page with a panel as a session, and returns every how many seconds the panel redraws itself."""
    watchers, session, every = Watchers(), SimpleNamespace(session_id=""), []

    def fragment(panel, run_every=None):
        every.append(run_every)
        return panel

    monkeypatch.setattr(polling, "process_singleton", lambda name, factory: watchers)
    monkeypatch.setattr(polling, "get_script_run_ctx", lambda suppress_warning: session)
    monkeypatch.setattr(polling.st, "fragment", fragment)
    monkeypatch.setattr(polling, "MOST_A_SECOND", 5.0)

    def visit(name: str, *, active: bool = True, seconds: float = 1.0):
        session.session_id = name
        assert poll(lambda text: text, active, "drawn", seconds=seconds) == "drawn"
        return every[-1]

    return visit


def test_a_few_pages_redraw_every_second_and_many_share_what_there_is(visited):
    assert [visited(f"session {number}") for number in range(5)] == [1.0] * 5
    assert [visited(f"session {number}") for number in range(5, 20)][-1] == 4.0
    assert visited("session 0") == 4.0, "a session counts once"


def test_however_many_are_open_a_page_redraws_before_it_is_taken_for_closed(visited):
    assert [visited(f"session {number}") for number in range(300)][-1] == polling.LONGEST < polling.FORGET_SECONDS


def test_a_page_that_asks_for_a_longer_time_keeps_it(visited):
    assert visited("one", seconds=2.0) == 2.0


def test_a_page_on_which_nothing_is_active_neither_redraws_nor_counts(visited):
    assert visited("at rest", active=False) is None
    for number in range(5):
        found = visited(f"session {number}")
    assert found == 1.0


def test_a_session_that_has_not_redrawn_for_a_while_does_not_count():
    watchers = Watchers()
    assert [watchers.seen("gone", 0.0), watchers.seen("here", 1.0)] == [1, 2]
    assert watchers.seen("here", polling.FORGET_SECONDS) == 1


def test_every_redrawing_says_that_the_session_is_still_there(monkeypatch):
    seen, panels = [], []
    monkeypatch.setattr(polling, "_watching", lambda: seen.append(True) or 1)
    monkeypatch.setattr(polling.st, "fragment", lambda panel, run_every=None: panels.append(panel) or panel)
    poll(lambda: None, True)
    before = len(seen)
    panels[0]()
    assert len(seen) == before + 1
