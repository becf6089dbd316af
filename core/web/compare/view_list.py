"""The views of the chosen runs: one at a time, each answers one question."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from core.web.compare.selected import Selected
from core.web.compare.views import (
    calibration,
    classes,
    confusion,
    cost,
    coverage,
    curves,
    depths,
    embedding,
    hyperparameters,
    pairs,
    thresholds,
)


@dataclass(frozen=True, kw_only=True)
class CompareView:
    """One way to look at the chosen runs.

    Args:
        title, icon: of its button. show: draws it; it states what it needs where the chosen runs lack it.
    """

    title: str
    icon: str
    show: Callable[[Selected], None]


VIEWS: Mapping[str, CompareView] = {
    "cost": CompareView(title="Cost", icon=":material/payments:", show=cost.show),
    "curves": CompareView(title="Learning curves", icon=":material/show_chart:", show=curves.show),
    "pairs": CompareView(title="Head to head", icon=":material/compare_arrows:", show=pairs.show),
    "confusion": CompareView(title="Confusion", icon=":material/grid_on:", show=confusion.show),
    "classes": CompareView(title="Classes", icon=":material/bar_chart:", show=classes.show),
    "hyperparameters": CompareView(title="Hyperparameters", icon=":material/tune:", show=hyperparameters.show),
    "depths": CompareView(title="Depth", icon=":material/layers:", show=depths.show),
    "calibration": CompareView(title="Calibration", icon=":material/thermostat:", show=calibration.show),
    "coverage": CompareView(title="Accuracy vs. coverage", icon=":material/verified:", show=coverage.show),
    "thresholds": CompareView(title="Cascade threshold", icon=":material/call_split:", show=thresholds.show),
    "map": CompareView(title="Embedding map", icon=":material/scatter_plot:", show=embedding.show),
}
"""By the value of ``view=`` in the URL, in the order of the buttons; the first one is the default."""
