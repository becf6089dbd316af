"""Which licences must be accepted before a model is added."""

import pytest

from core.backbones.hub.licences import licence_of


@pytest.mark.parametrize("named", ["apache-2.0", "MIT", ["bsd-3-clause"], "cc-by-4.0"])
def test_a_free_licence_needs_no_question(named):
    assert licence_of({"license": named}, gated=False).question() == ""


@pytest.mark.parametrize(
    ("card", "gated", "identifier", "question"),
    [
        ({"license": "cc-by-nc-4.0"}, False, "cc-by-nc-4.0", "does not allow commercial use"),
        ({"license": "other", "license_name": "FAIR-NC"}, False, "FAIR-NC", "does not allow commercial use"),
        ({"license": "other", "license_name": "dinov3-license"}, False, "dinov3-license", "has terms of use"),
        ({}, False, "unknown", "names no licence"),
        ({"license": 7}, False, "unknown", "names no licence"),
        ({"license": []}, False, "unknown", "names no licence"),
        ({"license": "apache-2.0"}, True, "apache-2.0", "is gated"),
    ],
)
def test_every_other_licence_is_a_question(card, gated, identifier, question):
    licence = licence_of(card, gated=gated)
    assert licence.id == identifier and question in licence.question() and not licence.is_free


def test_only_links_are_shown_as_links():
    assert licence_of({"license_link": "https://example.org/l"}, gated=False).link == "https://example.org/l"
    assert licence_of({"license_link": "javascript:alert(1)"}, gated=False).link == ""
