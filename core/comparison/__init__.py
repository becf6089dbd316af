"""Several runs of one dataset side by side: plain frozen tables, and what may honestly be said about them.

``compare`` says everything about some runs: ``leaderboard`` puts them in order with what they cost, ``paired`` says
whether a difference is real from the answers per test photo, ``differing`` what their recipes do not share. ``board``
lists thousands of runs. ``statistics`` and ``resampling`` hold the tests and intervals, each with its source.
``photos``, ``answered`` and ``classes`` find what is behind a figure; ``reliability`` and ``coverage`` ask how sure a
run may be; ``claims`` puts the outcome into one sentence.
"""

from core.comparison.answered import PhotoAnswer, paired_cells, photo_answers
from core.comparison.board import Board
from core.comparison.board_page import LARGE_FIRST, SORTS, BoardPage, LeaderboardLine, lines_of, page
from core.comparison.classes import ClassDifference, class_differences
from core.comparison.compare import Comparison, compare
from core.comparison.cost_axes import COSTS, CostKind
from core.comparison.coverage import CoveragePoint, coverage, when_sure
from core.comparison.curves import METRICS, TRAINING_OF, Curve, MetricKind, curves
from core.comparison.depths import DepthPoint, DepthSeries, depth_series
from core.comparison.paired import Paired, paired
from core.comparison.photos import Cell, PhotoResults, confusion_cells, load_results
from core.comparison.reliability import Reliability, ReliabilityBin, reliability
from core.comparison.resampling import TEST_METRICS, Metric, MetricDifference, bootstrap_metric, metric_differences
from core.comparison.statistics import SIGNIFICANCE, holm, mcnemar, mcnemar_many, newcombe, paired_bootstrap
from core.comparison.summary import claim, verdict
from core.comparison.table import (
    Row,
    SeveralDatasets,
    best,
    best_per_dataset,
    labels,
    leaderboard,
    pareto_front,
    require_one_dataset,
)
from core.recipes.differences import Difference, differing
from core.recipes.labels import without_family, without_shared
from core.runs.metrics import balanced_accuracy, calibration_error, macro_f1, wilson_interval
from core.runs.metrics import cross_entropy as log_loss

__all__ = [
    "COSTS",
    "LARGE_FIRST",
    "METRICS",
    "SIGNIFICANCE",
    "SORTS",
    "TEST_METRICS",
    "TRAINING_OF",
    "Board",
    "BoardPage",
    "Cell",
    "ClassDifference",
    "Comparison",
    "CostKind",
    "CoveragePoint",
    "Curve",
    "DepthPoint",
    "DepthSeries",
    "Difference",
    "LeaderboardLine",
    "Metric",
    "MetricDifference",
    "MetricKind",
    "Paired",
    "PhotoAnswer",
    "PhotoResults",
    "Reliability",
    "ReliabilityBin",
    "Row",
    "SeveralDatasets",
    "balanced_accuracy",
    "best",
    "best_per_dataset",
    "bootstrap_metric",
    "calibration_error",
    "claim",
    "class_differences",
    "compare",
    "confusion_cells",
    "coverage",
    "curves",
    "depth_series",
    "differing",
    "holm",
    "labels",
    "leaderboard",
    "lines_of",
    "load_results",
    "log_loss",
    "macro_f1",
    "mcnemar",
    "mcnemar_many",
    "metric_differences",
    "newcombe",
    "page",
    "paired",
    "paired_bootstrap",
    "paired_cells",
    "pareto_front",
    "photo_answers",
    "reliability",
    "require_one_dataset",
    "verdict",
    "when_sure",
    "wilson_interval",
    "without_family",
    "without_shared",
]
