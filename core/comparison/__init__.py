"""Several runs of one dataset side by side: plain frozen tables, and what may honestly be said about them.

``leaderboard`` puts runs in order with what they cost; ``paired`` says whether a difference is real, from the answers
per test photo; ``photos`` finds the photos behind a figure; ``claims`` puts the outcome into one sentence.
"""

from core.comparison.claims import claim, verdict
from core.comparison.curves import METRICS, Curve, MetricKind, curves
from core.comparison.depths import DepthPoint, DepthSeries, depth_series
from core.comparison.kinds import COSTS, CostKind
from core.comparison.leaderboard import Row, best, best_per_dataset, labels, leaderboard, pareto_front
from core.comparison.names import without_family, without_shared
from core.comparison.paired import Paired, against_best, holm, mcnemar, newcombe, paired
from core.comparison.photos import Cell, PhotoResults, confusion_cells, load_results, most_confused
from core.comparison.seeds import SeedGroup, seed_groups
from core.comparison.thresholds import ThresholdPoint, threshold_points

__all__ = [
    "COSTS",
    "METRICS",
    "Cell",
    "CostKind",
    "Curve",
    "DepthPoint",
    "DepthSeries",
    "MetricKind",
    "Paired",
    "PhotoResults",
    "Row",
    "SeedGroup",
    "ThresholdPoint",
    "against_best",
    "best",
    "best_per_dataset",
    "claim",
    "confusion_cells",
    "curves",
    "depth_series",
    "holm",
    "labels",
    "leaderboard",
    "load_results",
    "mcnemar",
    "most_confused",
    "newcombe",
    "paired",
    "pareto_front",
    "seed_groups",
    "threshold_points",
    "verdict",
    "without_family",
    "without_shared",
]
