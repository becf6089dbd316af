"""Waiting for a store that is away."""

import pytest

from core.artifacts import patience
from core.artifacts.blobs import StoreAway
from core.artifacts.patience import patiently
from core.errors import Unavailable


def test_an_action_is_tried_until_the_store_answers(monkeypatch):
    monkeypatch.setattr(patience, "RETRY_SECONDS", 0.0)
    answers, waited = [StoreAway("away"), StoreAway("away"), 7], []

    def action():
        answer = answers.pop(0)
        if isinstance(answer, StoreAway):
            raise answer
        return answer

    assert patiently(action, lambda: waited.append(1)) == 7 and len(waited) == 2


def test_what_waiting_does_not_mend_is_raised_at_once():
    def action():
        raise Unavailable("There is no bucket.")

    with pytest.raises(Unavailable):
        patiently(action, lambda: None)


def test_a_stop_ends_the_waiting():
    def stop():
        raise KeyboardInterrupt

    def action():
        raise StoreAway("away")

    with pytest.raises(KeyboardInterrupt):
        patiently(action, stop)
