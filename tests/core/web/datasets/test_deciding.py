"""Which item is shown first; what the buttons do: tests/pages/test_check_photos.py."""

from types import SimpleNamespace

import pytest

from core.curation.decisions import PhotoAction, PhotoDecision
from core.web.datasets import deciding
from core.web.datasets.check_items import CheckItem


def item(digest):
    return CheckItem(digests=(digest,), files=("a.jpg",), classes=("rose",), splits=("test",), reason="")


@pytest.fixture
def session(monkeypatch):
    kept = {}
    monkeypatch.setattr(deciding, "st", SimpleNamespace(session_state=kept))
    return kept


def test_the_first_item_without_a_decision_is_shown_then_what_was_chosen(session):
    items = [item("a"), item("b"), item("c")]
    decided = {"a": PhotoDecision(digest="a", action=PhotoAction.KEEP)}
    assert deciding.position(items, decided, "at") == 1
    session["at"] = 0
    assert deciding.position(items, decided, "at") == 0
    session["at"] = 9
    assert deciding.position(items, decided, "at") == 2, "the last one, where there are fewer than before"
