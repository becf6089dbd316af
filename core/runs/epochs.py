"""Which epoch of a run is the best one, whose weights its model has."""

from collections.abc import Iterable
from math import inf, isfinite

from core.recipes.hyperparameters import BestEpoch
from core.recipes.patterns import TRAINS_TOP_BLOCKS
from core.runs.values import Epoch, Run


def best_of(epochs: Iterable[Epoch], best_by: BestEpoch = BestEpoch.LOSS) -> Epoch:
    """The best epoch on the validation photos, the earlier one of equals.

    The loss grows with the confidence in wrong predictions, which fine-tuning raises: it can rise while the accuracy
    does too. The calibrated loss is free of that. Accuracies of few photos are often equal; then the loss decides.

    Args:
        epochs: at least one. best_by: of the recipe.
    """
    return min(epochs, key=lambda epoch: (*_KEYS[best_by](epoch), epoch.number))


def _or_inf(value: float | None) -> float:
    return value if value is not None and isfinite(value) else inf


_KEYS = {
    BestEpoch.LOSS: lambda epoch: (_or_inf(epoch.val_loss),),
    BestEpoch.CALIBRATED: lambda epoch: (_or_inf(epoch.val_calibrated_loss), _or_inf(epoch.val_loss)),
    BestEpoch.ACCURACY: lambda epoch: (_or_inf(-epoch.val_accuracy), _or_inf(epoch.val_loss)),
}


def keeps_head(run: Run) -> bool:
    """Whether fine-tuning of any kind changed nothing: its best epoch is one of those in which only the head was
    trained, so the model has the pretrained weights below it."""
    hp, best = run.recipe.hyperparameters, run.best_epoch
    return run.recipe.pattern in TRAINS_TOP_BLOCKS and best is not None and best <= hp.head_epochs
