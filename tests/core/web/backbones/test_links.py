"""Links from runs to the page of their backbone."""

import pytest

from core.recipes.patterns import Cascade, Pattern
from core.recipes.recipe import Recipe
from core.web.backbones import links
from tests.factories import make_run


@pytest.mark.parametrize(
    "recipe, expected",
    [
        (Recipe(backbone="vgg16"), [("Backbone", "vgg16")]),
        (Recipe(backbone="r-1234"), [("Backbone", "r-1234")]),
        (
            Recipe(backbone="r-1234", pattern=Pattern.CASCADE, cascade=Cascade.FUSION, members=("vgg16",)),
            [("Backbone", "vgg16")],
        ),
        (Recipe(backbone="", pattern=Pattern.CASCADE, cascade=Cascade.ENSEMBLE, members=("r-1", "r-2")), []),
    ],
)
def test_a_run_links_to_its_backbone(monkeypatch, recipe, expected):
    drawn = []
    monkeypatch.setattr(links, "page_link", lambda page, label, backbone: drawn.append((label, backbone)))
    links.backbone_link(make_run(recipe=recipe))
    assert drawn == expected
