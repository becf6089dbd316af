"""Accuracy against a cost, beside the leaderboard."""

import pytest

from tests.pages.test_compare_views import all_figures, at_view
from tests.pattern_home import fill_patterns


@pytest.fixture
def runs(bench):
    """A finished run of every way to use a network, by a short name."""
    return fill_patterns(bench)


def test_the_cost_axis_is_chosen_and_stands_in_the_url(runs):
    at = at_view("cost", runs["top 3"].id, runs["features"].id, cost="peak_rss_bytes")
    assert at.selectbox(key="compare.cost").value == "peak_rss_bytes"
    at.selectbox(key="compare.cost").select("ms_per_photo").run()
    assert "ms_per_photo" in at.query_params["cost"]
    assert "time per photo" in all_figures(at)[0]["layout"]["xaxis"]["title"]["text"]


def test_money_is_an_axis_once_an_hour_has_a_price(bench, runs):
    at = at_view("cost", runs["top 3"].id, runs["features"].id)
    assert not any("price" in option.lower() for option in at.selectbox(key="compare.cost").options)
    bench.set_rate(3.6, "CHF")
    at.run()
    at.selectbox(key="compare.cost").select("alone_money").run()
    assert not at.exception and "(CHF)" in all_figures(at)[0]["layout"]["xaxis"]["title"]["text"]


def test_from_a_marker_of_the_cost_chart_one_goes_on_with_its_run(runs):
    best, other = runs["top 3"].id, runs["from scratch"].id
    at = at_view("cost", best, other, a=other)
    assert any(link.proto.label == "Open this run" for link in at.get("page_link"))
    at.button(key="compare.clicked.pairs").click().run()
    assert [at.query_params[name] for name in ("view", "a", "b")] == ["pairs", other, best]
    links = at_view("cost", best, other).get("page_link")
    assert not any(link.proto.label == "Open this run" for link in links), "nothing was clicked"
