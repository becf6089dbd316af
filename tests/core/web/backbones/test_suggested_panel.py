"""Suggested models in words; the list is tested in tests/pages/test_add_backbone.py."""

from core.backbones.suggested import suggestions
from core.web.backbones.suggested_panel import lines


def test_every_suggestion_says_size_licence_and_what_it_was_trained_on():
    for one in suggestions():
        first, trained, *rest = lines(one)
        assert first.startswith(one.address) and first.endswith(one.licence) and one.trained_on in trained
        assert any("keras-hub" in line for line in rest) == one.needs_keras_hub
