"""The views of the chosen runs; the page shows one at a time."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from core.web.compare.selected import Selected
from core.web.compare.views import (
    calibration,
    classes,
    confusion,
    costs,
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
        title, icon: of its button. question: what it answers; explanation: how to read it, in one line of markdown.
        show: draws it, or a sentence on what the chosen runs lack.
    """

    title: str
    icon: str
    question: str
    explanation: str
    show: Callable[[Selected], None]


# fmt: off
VIEWS: Mapping[str, CompareView] = {
    "cost": CompareView(
        title="All costs", icon=":material/payments:", show=costs.show,
        question="What does each choice cost?",
        explanation="Every cost that was measured, for the runs in which it was. *Lowest*: of the most accurate run "
        "and those not distinguishable from it; *lowest of all*: also of the less accurate ones.",
    ),
    "curves": CompareView(
        title="Learning curves", icon=":material/show_chart:", show=curves.show,
        question="How did training converge?",
        explanation="Solid lines: validation photos. A run overfits where training accuracy keeps rising and "
        "validation accuracy does not.",
    ),
    "pairs": CompareView(
        title="Head to head", icon=":material/compare_arrows:", show=pairs.show,
        question="Is the difference between two runs significant?",
        explanation="Both predicted the same test photos; the test uses those that only one of them predicted "
        "correctly.",
    ),
    "confusion": CompareView(
        title="Confusion", icon=":material/grid_on:", show=confusion.show,
        question="Which classes are confused?",
        explanation="Rows: true class. Columns: predicted class. Click a cell to see its photos.",
    ),
    "classes": CompareView(
        title="Classes", icon=":material/bar_chart:", show=classes.show,
        question="Which classes are hard?",
        explanation="Recall: the fraction of the test photos of a class predicted correctly. Hardest class first.",
    ),
    "hyperparameters": CompareView(
        title="Hyperparameters", icon=":material/tune:", show=hyperparameters.show,
        question="Which settings lead to a high accuracy?",
        explanation="The axes are the settings that differ, then training time and accuracy.",
    ),
    "depths": CompareView(
        title="Depth", icon=":material/layers:", show=depths.show,
        question="Which depth is best?",
        explanation="All finished runs of this dataset that differ only in depth (and seed), selected or not.",
    ),
    "calibration": CompareView(
        title="Calibration", icon=":material/thermostat:", show=calibration.show,
        question="Does the confidence match the accuracy?",
        explanation="On the diagonal it does; below it the run is overconfident. Each marker is a bin of photos with "
        "similar confidence.",
    ),
    "coverage": CompareView(
        title="Accuracy vs. coverage", icon=":material/verified:", show=coverage.show,
        question="How accurate are the confident predictions, and how many classes are left at 95 % confidence?",
        explanation="Towards the left only the most confident predictions are kept; the other photos are left to a "
        "person. A prediction set names so many classes that the true one is among them as often as promised.",
    ),
    "thresholds": CompareView(
        title="Cascade threshold", icon=":material/call_split:", show=thresholds.show,
        question="When should a cascade use its second model?",
        explanation="A confidence cascade predicts with a cheap model, and with a costlier one where the confidence of "
        "the first is below the threshold.",
    ),
    "map": CompareView(
        title="Embedding map", icon=":material/scatter_plot:", show=embedding.show,
        question="Which photos have similar features, and which of them are predicted wrongly?",
        explanation="Each dot is a test photo in the colour of its true class; a cross is a wrong prediction. Click "
        "one to see the photo.",
    ),
}
# fmt: on
"""By the value of ``view=`` in the URL; the first one is the default."""

GROUPS: Mapping[str, tuple[str, ...]] = {
    "Cost": ("cost", "depths", "hyperparameters"),
    "Quality": ("pairs", "confusion", "curves"),
    "Confidence": ("calibration", "coverage", "thresholds"),
    "Data": ("classes", "map"),
}
"""Keys of ``VIEWS`` by group, in the order of the buttons."""


def group_of(view: str) -> str:
    return next(group for group, views in GROUPS.items() if view in views)
