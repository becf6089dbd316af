"""The ways in which a backbone is used."""

from enum import StrEnum


class Pattern(StrEnum):
    """How the pretrained network is used; the names of the literature."""

    CLASSIFIER = "classifier"
    STANDALONE_EXTRACTOR = "standalone_extractor"
    INTEGRATED_EXTRACTOR = "integrated_extractor"
    FINE_TUNING = "fine_tuning"
    WEIGHT_INITIALIZATION = "weight_initialization"
    FROM_SCRATCH = "from_scratch"
    PARAMETER_EFFICIENT = "parameter_efficient"
    MULTI_LAYER_PROBE = "multi_layer_probe"
    CASCADE = "cascade"
    DISTILLATION = "distillation"
    QUANTIZATION = "quantization"


WITH_MEMBERS = (Pattern.CASCADE, Pattern.DISTILLATION, Pattern.QUANTIZATION)
"""Patterns whose recipe names further backbones or runs."""

FROM_A_RUN = (Pattern.DISTILLATION, Pattern.QUANTIZATION)
"""Patterns that make the model of a finished run smaller."""

OF_A_BACKBONE = tuple(pattern for pattern in Pattern if pattern not in WITH_MEMBERS)
"""Patterns that use one backbone and nothing else."""

TRAINS_NO_EPOCHS = (
    Pattern.CLASSIFIER, Pattern.STANDALONE_EXTRACTOR, Pattern.MULTI_LAYER_PROBE, Pattern.QUANTIZATION,
)  # fmt: skip
"""Patterns without gradient descent."""

TRAINS_TOP_BLOCKS = (Pattern.FINE_TUNING, Pattern.PARAMETER_EFFICIENT)
"""Patterns that train the head first, then the top ``depth`` blocks as well, or parts of them."""


class Cascade(StrEnum):
    """How several models are combined."""

    FUSION = "fusion"  # features of several backbones together under one head
    STACKING = "stacking"  # a run's probabilities passed on, with a backbone's features, to a new head
    CONFIDENCE = "confidence"  # a cheap run predicts where it is confident, a costlier one elsewhere
    ENSEMBLE = "ensemble"  # the mean of several runs' probabilities

    @property
    def combines_runs(self) -> bool:
        """Whether nothing is trained: stored probabilities are combined."""
        return self in (Cascade.CONFIDENCE, Cascade.ENSEMBLE)
