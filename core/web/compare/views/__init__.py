"""What is shown of the chosen runs: one view at a time, each answers one question."""

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
class View:
    """One way to look at the chosen runs.

    Args:
        title, icon: of its button. show: draws it; it says itself what it needs where the chosen runs lack it.
    """

    title: str
    icon: str
    show: Callable[[Selected], None]


VIEWS: Mapping[str, View] = {
    "cost": View(title="Cost", icon=":material/payments:", show=cost.show),
    "curves": View(title="Learning curves", icon=":material/show_chart:", show=curves.show),
    "pairs": View(title="Head to head", icon=":material/compare_arrows:", show=pairs.show),
    "confusion": View(title="Confusion", icon=":material/grid_on:", show=confusion.show),
    "classes": View(title="Classes", icon=":material/bar_chart:", show=classes.show),
    "hyperparameters": View(title="Settings", icon=":material/tune:", show=hyperparameters.show),
    "depths": View(title="Depth", icon=":material/layers:", show=depths.show),
    "calibration": View(title="Calibration", icon=":material/thermostat:", show=calibration.show),
    "coverage": View(title="When sure", icon=":material/verified:", show=coverage.show),
    "thresholds": View(title="Thresholds", icon=":material/call_split:", show=thresholds.show),
    "map": View(title="Map of photos", icon=":material/scatter_plot:", show=embedding.show),
}
"""By the name that stands in the URL (``view=``), in the order of the buttons; the first one is shown first."""
