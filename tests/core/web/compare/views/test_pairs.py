"""Head to head: what is said about two runs."""

from dataclasses import replace

from core.comparison.resampling import MetricDifference
from core.web.compare.views.pairs import _metric_row


def test_an_interval_without_spread_is_not_known():
    """Where both runs predict all photos alike, resampling them cannot tell how large the difference may be."""
    alike = MetricDifference(metric="macro_f1", a=1.0, b=1.0, difference=0.0, low=0.0, high=0.0)
    assert _metric_row(alike)["Interval"] == "not known"
    assert _metric_row(replace(alike, low=-0.05, high=0.05))["Interval"] == "−5.0 to +5.0"
