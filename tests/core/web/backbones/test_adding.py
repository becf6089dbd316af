"""The page Add a backbone; what it shows is tested in tests/pages/test_add_backbone.py."""

from core.web.backbones import adding


def test_the_address_of_the_page_has_one_parameter_whose_values_are_no_models():
    assert "/" not in adding.HUB + adding.FILE and adding.PARAMETER == "add"
