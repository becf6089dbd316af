"""The choice of the confidence of prediction sets."""

import streamlit as st

from core.web.predict.confidence import CONFIDENCES, chosen_confidence, in_percent


def test_every_choice_is_found_again_in_the_address_and_anything_else_is_95_percent(monkeypatch):
    for asked, confidence in {
        **{in_percent(one): one for one in CONFIDENCES},
        "": 0.95,
        "12": 0.95,
        "0.9": 0.95,
    }.items():
        monkeypatch.setattr(st, "query_params", {"confidence": asked})
        assert chosen_confidence() == confidence
