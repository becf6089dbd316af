"""The smaller models that were made of a run's model, beside it: what each saves, and what it loses."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.comparison.non_inferiority import NonInferiority, Replacement
from core.recipes.labels import PRECISIONS
from core.recipes.patterns import Pattern
from core.runs.values import Run


@dataclass(frozen=True, kw_only=True)
class SmallerModel:
    """A smaller model beside the one it was made of: quantized, or a small backbone that learned what it predicts.

    Args:
        backbone: title of the backbone that learned; "" of a quantization.
        bytes, bytes_before: of the files that a prediction reads, and of those of the source; None where they are gone.
        milliseconds, milliseconds_before: a photo; None where not measured. Both were measured when the run ended.
        test: against the source; None where predictions are missing.
    """

    run: Run
    backbone: str = ""
    bytes: int
    bytes_before: int | None
    milliseconds: float | None
    milliseconds_before: float | None
    test: NonInferiority | None


def recommended(models: Sequence[SmallerModel]) -> SmallerModel | None:
    """The one with the fewest bytes among those that are smaller and not worse; None where there is none."""
    good = [
        one
        for one in models
        if one.test is not None
        and one.test.outcome is Replacement.NOT_WORSE
        and (one.bytes_before is None or one.bytes < one.bytes_before)
    ]
    return min(good, key=lambda one: one.bytes, default=None)


def kind(one: SmallerModel) -> str:
    """How it was made: ``int8``, or ``EfficientNet-Lite0, distilled``."""
    recipe = one.run.recipe
    if recipe.pattern is Pattern.QUANTIZATION:
        return PRECISIONS[recipe.hyperparameters.precision]
    return f"{one.backbone}, distilled"
