"""Values of ``comparison`` and ``datasets`` to Plotly figures.

Every chart is one function that returns a ``Chart``: the figure, the sentence above it, the caption below it and the
table of what is drawn. A module first gathers what is shown (small frozen values, tested with ``==``) and then draws
it. Charts of several runs take ``styles=run_styles(all runs of the page)``, so that a run looks the same on
each of them.
"""

from core.charts.chart import Chart
from core.charts.look import CONFIG, config
from core.charts.styles import RunStyle, run_styles

__all__ = ["CONFIG", "Chart", "RunStyle", "config", "run_styles"]
