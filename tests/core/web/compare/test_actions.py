"""The menu of Compare: report, link, hourly cost."""

from tests.pages.conftest import text_of, visit


def test_rare_actions_are_in_a_menu(bench, filled):
    at = visit("compare")
    at.menu_button(key="compare.menu").click("Copy link").run()
    assert not at.exception and "The link shows the same" in text_of(at)
    at.menu_button(key="compare.menu").click("Report").run()
    assert "Download the report" in [button.proto.label for button in at.get("download_button")]
    at.menu_button(key="compare.menu").click("Hourly cost").run()
    at.number_input(key="compare.price").set_value(3.6)
    at.text_input(key="compare.currency").input("CHF")
    at.button(key="compare.rate_save").click().run()
    assert not at.exception and bench.rate() == (3.6, "CHF")
