"""Suggested models in words; the list is tested in tests/pages/test_add_backbone.py."""

from core.backbones.suggested import suggestions
from core.web.backbones.suggested_panel import lines, spdx


def test_every_suggestion_says_size_licence_and_what_it_was_trained_on():
    for one in suggestions():
        first, trained, *rest = (line.replace("\\", "") for line in lines(one))
        assert first.startswith(one.address) and first.endswith(spdx(one.licence)) and one.trained_on in trained
        assert any("keras-hub" in line for line in rest) == one.needs_keras_hub


def test_licences_are_written_as_in_the_catalogue():
    assert {spdx(one.licence) for one in suggestions()} == {"Apache-2.0", "MIT"} and spdx("other") == "other"


def test_a_published_figure_links_to_its_source():
    figures = {one.name: lines(one)[2].replace("\\", "") for one in suggestions() if one.figure}
    assert figures["deit_small"] == "79.9 % top-1 on ImageNet-1k ([source](https://github.com/facebookresearch/deit))."
    assert figures["vit_base_in21k"].endswith("([source](https://arxiv.org/abs/2010.11929), table 5).")
