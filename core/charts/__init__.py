"""Plain tables to Plotly figures. What is shown (small frozen tables) is apart from how it is drawn.

Every chart function returns a figure without title and with SVG traces only; the ``..._title`` functions compute the
sentence that stands above it. Show one with ``st.plotly_chart(figure, key=..., theme="streamlit", config=CONFIG)``.
"""

from core.charts.answers import confusion, confusion_title, top_classes
from core.charts.curves import epoch_times, learning_curves, learning_curves_title, live_curve
from core.charts.dataset import class_balance, class_balance_title, image_sizes, image_sizes_title
from core.charts.depth import depth_title, over_depth
from core.charts.look import CONFIG
from core.charts.styles import RunStyle, run_styles
from core.charts.thresholds import accuracy_by_threshold, thresholds_title
from core.charts.tradeoff import accuracy_vs_cost, cost_stages, cost_stages_title

__all__ = [
    "CONFIG",
    "RunStyle",
    "accuracy_by_threshold",
    "accuracy_vs_cost",
    "class_balance",
    "class_balance_title",
    "confusion",
    "confusion_title",
    "cost_stages",
    "cost_stages_title",
    "depth_title",
    "epoch_times",
    "image_sizes",
    "image_sizes_title",
    "learning_curves",
    "learning_curves_title",
    "live_curve",
    "over_depth",
    "run_styles",
    "thresholds_title",
    "top_classes",
]
