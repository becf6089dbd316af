"""What every chart function returns."""

from core.charts import Chart
from core.charts.look import figure


def test_the_table_is_computed_when_it_is_asked_for():
    asked = []
    chart = Chart(figure=figure([], revision="x"), title="t", rows=lambda: asked.append(1) or [{"a": 1}])
    assert not asked and chart.caption == ""
    assert chart.rows() == [{"a": 1}] and asked == [1]
