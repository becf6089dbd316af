"""Plain tables to Plotly figures. What is shown (small frozen tables) is apart from how it is drawn.

Every chart function returns a figure without title and with SVG traces only, of at most ``MOST_POINTS`` points; its
``..._title`` computes the sentence that stands above it, its ``..._caption`` says how to read it and what is not drawn,
its ``..._rows`` are the table of what is drawn. Show one with
``st.plotly_chart(figure, key=..., theme="streamlit", config=config("svg", "name of the file"))``. Charts of several
runs take ``styles=run_styles(ids of all runs of the page)``, so that a run looks the same on each of them.
"""

from core.charts.confusion import confusion, confusion_caption, confusion_rows, confusion_title
from core.charts.confusion_difference import (
    confusion_difference,
    confusion_difference_caption,
    confusion_difference_rows,
    confusion_difference_title,
)
from core.charts.coverage import coverage_curves, coverage_curves_rows, coverage_curves_title
from core.charts.curves import (
    MOST_RUNS,
    OVER,
    Over,
    learning_curves,
    learning_curves_caption,
    learning_curves_rows,
    learning_curves_title,
)
from core.charts.dataset import class_balance, class_balance_title, image_sizes, image_sizes_title
from core.charts.depth import depth_title, over_depth, over_depth_rows
from core.charts.embedding import photo_map, photo_map_caption, photo_map_rows, photo_map_title
from core.charts.live import live_curve
from core.charts.look import CONFIG, MOST_POINTS, config
from core.charts.parallel import (
    parallel_coordinates,
    parallel_coordinates_caption,
    parallel_coordinates_rows,
    parallel_coordinates_title,
)
from core.charts.per_class import per_class, per_class_caption, per_class_rows, per_class_title
from core.charts.prediction import top_classes
from core.charts.reliability import reliability, reliability_caption, reliability_rows, reliability_title
from core.charts.styles import RunStyle, run_styles
from core.charts.thresholds import accuracy_by_threshold, accuracy_by_threshold_rows, thresholds_title
from core.charts.tradeoff import accuracy_vs_cost, accuracy_vs_cost_rows, accuracy_vs_cost_title

__all__ = [
    "CONFIG",
    "MOST_POINTS",
    "MOST_RUNS",
    "OVER",
    "Over",
    "RunStyle",
    "accuracy_by_threshold",
    "accuracy_by_threshold_rows",
    "accuracy_vs_cost",
    "accuracy_vs_cost_rows",
    "accuracy_vs_cost_title",
    "class_balance",
    "class_balance_title",
    "config",
    "confusion",
    "confusion_caption",
    "confusion_difference",
    "confusion_difference_caption",
    "confusion_difference_rows",
    "confusion_difference_title",
    "confusion_rows",
    "confusion_title",
    "coverage_curves",
    "coverage_curves_rows",
    "coverage_curves_title",
    "depth_title",
    "image_sizes",
    "image_sizes_title",
    "learning_curves",
    "learning_curves_caption",
    "learning_curves_rows",
    "learning_curves_title",
    "live_curve",
    "over_depth",
    "over_depth_rows",
    "parallel_coordinates",
    "parallel_coordinates_caption",
    "parallel_coordinates_rows",
    "parallel_coordinates_title",
    "per_class",
    "per_class_caption",
    "per_class_rows",
    "per_class_title",
    "photo_map",
    "photo_map_caption",
    "photo_map_rows",
    "photo_map_title",
    "reliability",
    "reliability_caption",
    "reliability_rows",
    "reliability_title",
    "run_styles",
    "thresholds_title",
    "top_classes",
]
