"""Every cost of the recommended run, the most accurate one, and the cheapest not distinguishable from it."""

import pytest

from core.comparison.cost_axes import COSTS
from tests.pages.test_compare_views import at_view, table_with
from tests.pattern_home import fill_patterns


@pytest.fixture
def runs(bench):
    """A finished run of every way to use a network, by a short name."""
    return fill_patterns(bench)


def test_the_costs_of_the_recommended_and_the_most_accurate_run_are_compared(bench, runs):
    ids = [run.id for run in runs.values()]
    lines = table_with(at_view("cost", *ids), "Lowest").set_index("Cost")
    found = bench.comparison(ids).verdict
    alike = {one.run_id for one in (found.best, *found.ties)}
    rows = [row for row in bench.comparison(ids).rows if row.run.id in alike]
    least = min(row.value("ms_per_photo") for row in rows if row.value("ms_per_photo") is not None)
    assert lines.loc["Time per photo", "Lowest"] == COSTS["ms_per_photo"].words(least)
